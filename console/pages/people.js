// SPDX-License-Identifier: Apache-2.0
// The address book: whose number it is, who is worth pretending to be, what was learned and waits for a yes.
import { h, put, field, select, button, ask, tell } from "../dom.js";
import { get, post, set, remove, send, session, address } from "../api.js";
import { t, count } from "../language.js";
import { number, day, ago, share } from "../show.js";
import { go, failed } from "../app.js";

const lists = ["aliases", "numbers", "signers", "tags"];
const initials = (name) => (name || "?").split(/\s+/).slice(0, 2).map((w) => [...w][0]).join("").toUpperCase();
const face = (p, size) => (p.photo ? h("img", { class: `face ${size || ""}`, src: address(`people/${p.id}/photo`), alt: "" }) : h("span", { class: `face ${size || ""}`, "aria-hidden": "true" }, initials(p.name)));
const may = () => session.me.role !== "read";
const isAdmin = () => session.me.role === "admin";
const lines = (text) => text.split("\n").map((l) => l.trim()).filter(Boolean);

function habits(person, again) {
  const decide = async (id, confirm) => {
    try {
      await post(`habits/${id}`, { confirm });
      again();
    } catch (e) {
      failed(e);
    }
  };
  return h("section", { class: "sheet stack" }, h("h2", null, t("habits")), h("p", { class: "soft" }, t("habits.text")),
    (person.habits || []).length ? h("ul", { class: "ballots" }, person.habits.map((b) => h("li", null, h("span", { class: "tag" }, t(`habit.${b.state}`)),
      h("div", null, h("strong", null, number(b.number)), " ", count("habit.says", b.calls, { days: b.days, signer: b.signer?.spc || b.signer?.issuer || b.signer?.trust_domain || "?", since: day(b.since) }),
        may() && b.state !== "learning" && h("div", { class: "actions" }, b.state !== "confirmed" && button(t("habit.yes"), () => decide(b.id, true), { class: "small" }), b.state !== "refused" && button(t("habit.no"), () => decide(b.id, false), { class: "small" })))))) : h("p", null, t("habits.none")));
}

function editor(person, again) {
  const isNew = !person.id;
  const input = (name, properties) => h("input", { name, value: person[name] ?? "", autocomplete: "off", disabled: !may(), ...properties });
  const area = (name, rows = 2) => h("textarea", { name, rows, disabled: !may(), value: (person[name] || []).join("\n") });
  const fields = { name: input("name", { required: true }), organisation: input("organisation"), aliases: area("aliases"), numbers: area("numbers"), signers: area("signers"), tags: area("tags"),
    language: input("language", { maxlength: 35 }), note: h("textarea", { name: "note", disabled: !may(), value: person.note || "" }),
    least_attestation: select([["", t("any")], ["A", t("attest.A")], ["B", t("attest.B")], ["C", t("attest.C")]], person.least_attestation || "", { name: "least_attestation", disabled: !may() }),
    require_proof: select(["usual", "required", "waived"].map((v) => [v, t(`proof.${v}`)]), person.require_proof || "usual", { name: "require_proof", disabled: !may() }) };
  const guarded = h("input", { type: "checkbox", name: "protected", checked: Boolean(person.protected) || isNew, disabled: !may(), id: "protected" });
  const save = async (event) => {
    event.preventDefault();
    const body = { ...person };
    for (const made of ["habits", "seen", "photo", "changed", "etag"]) delete body[made];
    for (const [name, f] of Object.entries(fields)) body[name] = lists.includes(name) ? lines(f.value) : f.value.trim();
    body.protected = guarded.checked;
    try {
      const said = isNew ? await post("people", body) : await set(`people/${person.id}`, body);
      tell(t("saved"));
      go(`people/${said?.id ?? person.id}`);
      if (!isNew) again();
    } catch (e) {
      failed(e);
    }
  };
  const shown = { numbers: t("numbers.hint"), aliases: t("aliases.hint"), signers: t("signers.hint"), require_proof: t("proof.hint") };
  return h("form", { class: "sheet stack", onsubmit: save }, h("div", { class: "side-by-side" }, face(person, "large"), h("div", null, h("h2", null, person.name || t("people.new")), person.seen?.calls ? h("p", { class: "soft" }, count("known.seen", person.seen.calls, { since: day(person.seen.since) })) : null)),
    h("div", { class: "fields" }, Object.entries(fields).map(([name, f]) => field(t(`person.${name}`), f, shown[name]))),
    h("div", null, h("label", { class: "check" }, guarded, t("person.protected")), h("small", null, t("protected.hint"))),
    may() && h("div", { class: "actions" }, h("button", { class: "main", type: "submit" }, t("save")), !isNew && photo(person, again)),
    !isNew && isAdmin() && h("details", null, h("summary", null, t("person.more")), more(person, again)));
}

function photo(person, again) {
  const file = h("input", { type: "file", accept: "image/jpeg,image/png", hidden: true, onchange: async () => {
    try {
      await send(`people/${person.id}/photo`, file.files[0], file.files[0].type, "PUT");
      again();
    } catch (e) {
      failed(e);
    }
  } });
  return [file, button(t("photo"), () => file.click(), { class: "quiet" })];
}

function more(person, again) {
  const other = h("input", { list: "everybody", autocomplete: "off" });
  const all = h("datalist", { id: "everybody" });
  get("people").then((said) => put(all, said.people.filter((p) => p.id !== person.id).map((p) => h("option", { value: `${p.name} #${p.id}` })))).catch(() => {});
  const sure = async (key, work, danger) => {
    if (!(await ask({ title: t(`${key}.title`, { name: person.name }), text: t(`${key}.text`), yes: t(key), no: t("cancel"), danger }))) return;
    try {
      await work();
    } catch (e) {
      failed(e);
    }
  };
  return h("div", { class: "stack" }, h("div", { class: "bar" }, field(t("merge.from"), other, t("merge.hint")), all, button(t("merge"), () => sure("merge", async () => {
    await post(`people/${person.id}/merge`, { from: Number((other.value.match(/#(\d+)$/) || [])[1]) });
    again();
  }))), h("div", { class: "actions" }, button(t("remove"), () => sure("remove", async () => { await remove(`people/${person.id}`); go("people"); }, true), { class: "danger" }),
    button(t("erase"), () => sure("erase", async () => { await post(`people/${person.id}/erase`); tell(t("erased")); go("people"); }, true), { class: "danger" })));
}

function tryName() {
  const name = h("input", { name: "claimed", autocomplete: "off" }), out = h("p", { role: "status" });
  return h("form", { class: "sheet stack", onsubmit: async (event) => {
    event.preventDefault();
    try {
      const said = await get("names", { name: name.value });
      const found = (said.names || [said])[0];
      out.textContent = found.match ? t("name.match", { person: found.person?.name || found.person, score: share(found.score, 1), rule: found.sentence || t(`rule.${found.rule}`) }) : t("name.nobody");
    } catch (e) {
      failed(e);
    }
  } }, h("h2", null, t("name.try")), h("p", { class: "soft" }, t("name.try.text")), h("div", { class: "bar" }, field(t("name.claimed"), name), h("button", { type: "submit" }, t("name.ask"))), out);
}

async function exceptions() {
  const place = h("section", { class: "sheet stack" });
  const again = async () => {
    const said = await get("exceptions");
    const rows = said.exceptions || said;
    const n = h("input", { placeholder: "+1…", autocomplete: "off" }), name = h("input", { autocomplete: "off" });
    put(place, h("h2", null, t("exceptions")), h("p", { class: "soft" }, t("exceptions.text")), h("ul", { class: "ballots" }, rows.map((x) => h("li", null, h("span", { class: "num" }, number(x.number)), h("div", null, `“${x.name}” `, may() && button(t("remove"), async () => { await remove(`exceptions/${x.id}`).catch(failed); again(); }, { class: "small" }))))),
      may() && h("form", { class: "bar", onsubmit: async (e) => { e.preventDefault(); try { await post("exceptions", { number: n.value.trim(), name: name.value.trim() }); await again(); } catch (x) { failed(x); } } }, field(t("col.number"), n), field(t("exceptions.name"), name), h("button", { type: "submit" }, t("add"))));
  };
  await again().catch(() => put(place));
  return place.children.length ? place : null;
}

function bring(again) {
  const file = h("input", { type: "file", accept: ".vcf,.csv,text/vcard,text/csv", hidden: true, onchange: async () => {
    const chosen = file.files[0];
    try {
      const said = await send("people/import", await chosen.text(), /\.csv$/i.test(chosen.name) ? "text/csv" : "text/vcard");
      tell(t("imported", { added: said?.added ?? said?.people ?? said?.count ?? "" }));
      again();
    } catch (e) {
      failed(e);
    }
  } });
  return [file, button(t("import"), () => file.click())];
}

export async function show(place, [id]) {
  const book = h("ul", { class: "book" }), right = h("div");
  const list = async (q) => {
    const said = await get("people", { q });
    put(book, said.people.length ? said.people.map((p) => h("li", null, h("a", { href: `#/people/${p.id}`, "aria-current": String(p.id) === id ? "page" : null }, face(p), h("div", null, h("strong", null, p.name), h("div", { class: "soft" }, [p.organisation, p.protected && t("protected.short")].filter(Boolean).join(" · ") || (p.numbers || []).slice(0, 1).map(number)))))) : h("li", { class: "empty" }, t(q ? "people.notfound" : "people.none")));
  };
  const one = async () => {
    if (id === "new") put(right, editor({ numbers: [], aliases: [] }, one));
    else if (id) {
      const p = await get(`people/${encodeURIComponent(id)}`);
      put(right, editor(p, () => { one().catch(failed); list(search.value).catch(failed); }), habits(p, () => one().catch(failed)));
    } else put(right, h("div", { class: "sheet empty" }, h("h2", null, t("people.choose")), h("p", null, t("people.choose.text"))), tryName(), await exceptions());
  };
  let late;
  const search = h("input", { type: "search", oninput: () => { clearTimeout(late); late = setTimeout(() => list(search.value.trim()).catch(failed), 150); } });
  put(place, h("div", { class: "head" }, h("h1", null, t("page.people")), h("div", { class: "actions" }, may() && h("a", { class: "button", href: "#/people/new" }, t("people.add")), isAdmin() && bring(() => list("").catch(failed)),
    may() && h("a", { class: "button", href: address("people.vcf"), download: "people.vcf" }, "vCard"), may() && h("a", { class: "button", href: address("people.csv"), download: "people.csv" }, "CSV"))),
  h("div", { class: "two" }, h("section", { class: "sheet stack" }, field(t("people.search"), search), book), right));
  await Promise.all([list(""), one()]);
}
