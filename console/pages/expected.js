// SPDX-License-Identifier: Apache-2.0
// Calls that were agreed: who, when, from which number, and perhaps a word to be said.
import { h, put, field, select, button, ask, tell } from "../dom.js";
import { get, post, remove, hear, session } from "../api.js";
import { t } from "../language.js";
import { number, moment, local, zone } from "../show.js";
import { failed } from "../app.js";

export async function show(place) {
  const may = session.me.role !== "read", list = h("div", { class: "scroll" });
  const { people } = await get("people");
  const again = async () => {
    const said = await get("expected", { since: new Date(Date.now() - 7 * 864e5).toISOString().replace(/\.\d+Z/, "Z") });
    put(list, said.expected.length ? h("table", null, h("thead", null, h("tr", null, ["who", "from", "until", "number", "word", "state", ""].map((c) => h("th", { scope: "col" }, c ? t(`col.${c}`) : h("span", { class: "unseen" }, t("col.do")))))),
      h("tbody", null, said.expected.map((e) => h("tr", null, h("td", null, h("a", { href: `#/people/${e.person?.id}` }, e.person?.name)), h("td", { class: "num" }, moment(e.from)), h("td", { class: "num" }, moment(e.until)),
        h("td", { class: "num" }, e.number ? number(e.number) : t("number.any")), h("td", null, e.word || "–"), h("td", null, h("span", { class: "tag" }, t(`expected.${e.state}`)), " ", e.call && h("a", { href: `#/call/${e.call}` }, t("expected.see"))),
        h("td", null, may && e.state === "open" && button(t("cancel.it"), async () => {
          if (await ask({ title: t("expected.cancel", { name: e.person?.name }), text: moment(e.from), yes: t("cancel.it"), no: t("cancel.not"), danger: true })) remove(`expected/${e.id}`).then(again, failed);
        }, { class: "small" })))))) : h("p", { class: "empty" }, t("expected.none")));
  };
  const soon = new Date(Math.ceil(Date.now() / 9e5) * 9e5);
  const numbers = select([["", t("number.any")]], "", { name: "number" });
  const person = select([["", t("choose")], ...people.map((p) => [String(p.id), p.name])], "", { name: "person", required: true, onchange: () => {
    const p = people.find((x) => String(x.id) === person.value);
    put(numbers, h("option", { value: "" }, t("number.any")), (p?.numbers || []).map((n) => h("option", { value: n }, number(n))));
  } });
  const from = h("input", { type: "datetime-local", name: "from", required: true, value: local(soon) }), until = h("input", { type: "datetime-local", name: "until", required: true, value: local(new Date(+soon + 36e5)) });
  const zones = h("input", { name: "zone", list: "zones", required: true, value: zone(), autocomplete: "off" }), word = h("input", { name: "word", autocomplete: "off" });
  put(place, h("div", { class: "head" }, h("h1", null, t("page.expected")), h("p", null, t("expected.text"))),
    may && h("form", { class: "sheet stack", onsubmit: async (event) => {
      event.preventDefault();
      try {
        await post("expected", { person: Number(person.value), from: from.value.replace("T", " "), until: until.value.replace("T", " "), zone: zones.value, number: numbers.value || "", word: word.value.trim() });
        tell(t("saved"));
        await again();
      } catch (e) {
        failed(e);
      }
    } }, h("h2", null, t("expected.add")), h("div", { class: "fields" }, field(t("col.who"), person), field(t("col.from"), from), field(t("col.until"), until), field(t("zone"), zones), h("datalist", { id: "zones" }, (Intl.supportedValuesOf?.("timeZone") || []).map((z) => h("option", { value: z }))), field(t("col.number"), numbers), field(t("word.said"), word, t("word.hint"))),
    h("div", { class: "actions" }, h("button", { class: "main", type: "submit" }, t("expected.add")))),
    h("section", { class: "sheet" }, h("h2", null, t("expected.list")), list));
  await again();
  return hear("expected", () => again().catch(failed));
}
