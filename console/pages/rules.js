// SPDX-License-Identifier: Apache-2.0
// What is done with which call: the first rule that fits counts; each only watches until it is switched on.
import { h, put, field, select, button, tell } from "../dom.js";
import { get, post, set, session } from "../api.js";
import { t, count } from "../language.js";
import { badge, verdicts, word, who } from "../verdict.js";
import { short, local, rfc3339 } from "../show.js";
import { failed } from "../app.js";

const texts = ["person", "tag", "claims", "claims_tag", "caller", "called", "domain"];
const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const actions = [["pass", ""], ["label", ""], ["to", "sip:"], ["voicemail", "sip:"], ["reject", "486"], ["ring", "<urn:alert:priority:high>"]];
const split = (text) => text.split(",").map((w) => w.trim()).filter(Boolean);

function boxes(name, all, chosen, label, changed) {
  const marks = all.map((v) => [v, h("input", { type: "checkbox", checked: chosen.includes(v), onchange: changed, name })]);
  return [h("fieldset", null, h("legend", { class: "legend" }, t(`rule.${name}`)), h("div", { class: "chips" }, marks.map(([v, m]) => h("label", { class: "check" }, m, label(v))))), () => marks.filter(([, m]) => m.checked).map(([v]) => v)];
}

// What a rule says, in a sentence.
function said(rule) {
  const parts = [];
  if (rule.verdict?.length) parts.push(rule.verdict.map(word).join(" / "));
  for (const name of texts) if (rule[name]?.length) parts.push(`${t(`rule.${name}`)}: ${rule[name].join(", ")}`);
  if (rule.attest?.length) parts.push(`${t("rule.attest")}: ${rule.attest.join(", ")}`);
  if (rule.time) parts.push(`${rule.time} ${rule.zone || "UTC"}`);
  if (rule.days?.length) parts.push(rule.days.map((d) => t(`day.${d}`)).join(" "));
  const [what, ...rest] = rule.action.split(":");
  return `${parts.join("; ") || t("rule.every")} → ${t(`action.${what}`)} ${rest.join(":")}`;
}

export async function show(place) {
  // Who may change them, and who may only try them.
  const may = session.me.role === "admin", mayTry = session.me.role !== "read";
  let stored = await get("rules"), rules = structuredClone(stored.rules), opened = -1;
  const list = h("ol", { class: "rules" }), out = h("section", { class: "sheet", id: "dry", hidden: true });
  const saver = h("button", { type: "button", class: "main", id: "save", onclick: async () => {
    try {
      await set("rules", { rules }, stored.etag ? { "If-Match": stored.etag } : {});
      stored = await get("rules");
      rules = structuredClone(stored.rules);
      tell(t("saved"));
      draw();
    } catch (e) {
      failed(e.status === 412 ? new Error(t("rules.meanwhile")) : e);
    }
  } }, t("save"));
  const changed = () => { saver.disabled = JSON.stringify(rules) === JSON.stringify(stored.rules); };
  const move = (i, by) => { [rules[i], rules[i + by]] = [rules[i + by], rules[i]]; opened = -1; draw(); };

  function one(rule, i) {
    const [what, ...rest] = rule.action.split(":"), mark = h("span", { class: "soft" }, said(rule));
    const fields = { name: h("input", { value: rule.name, maxlength: 64 }), mode: select([["observe", t("mode.observe")], ["enforce", t("mode.enforce")]], rule.mode || "observe"), what: select(actions.map(([a]) => [a, t(`action.${a}`)]), what), value: h("input", { value: rest.join(":") }),
      time: h("input", { value: rule.time || "", placeholder: "18:00-08:00" }), zone: h("input", { value: rule.zone || "", placeholder: "Europe/Rome" }) };
    const words = Object.fromEntries(texts.map((n) => [n, h("input", { value: (rule[n] || []).join(", ") })]));
    const take = () => {
      const next = { name: fields.name.value.trim(), mode: fields.mode.value, action: ["pass", "label"].includes(fields.what.value) ? fields.what.value : `${fields.what.value}:${fields.value.value.trim()}` };
      for (const n of texts) if (split(words[n].value).length) next[n] = split(words[n].value);
      for (const [n, get2] of [["verdict", chosenV], ["attest", chosenA], ["days", chosenD]]) if (get2().length) next[n] = get2();
      for (const n of ["time", "zone"]) if (fields[n].value.trim()) next[n] = fields[n].value.trim();
      rules[i] = next;
      mark.textContent = said(next);
      title.textContent = next.name;
      item.className = `rule ${next.mode}`;
      changed();
    };
    fields.what.addEventListener("change", () => { fields.value.value = actions.find(([a]) => a === fields.what.value)[1]; });
    const [boxV, chosenV] = boxes("verdict", verdicts, rule.verdict || [], word, take), [boxA, chosenA] = boxes("attest", ["A", "B", "C", "none"], rule.attest || [], (a) => (a === "none" ? t("none") : a), take), [boxD, chosenD] = boxes("days", days, rule.days || [], (d) => t(`day.${d}`), take);
    const title = h("strong", null, rule.name);
    const form = h("div", { class: "stack", oninput: take, onchange: take }, h("br"), h("div", { class: "fields" }, field(t("rule.name"), fields.name), field(t("rule.mode"), fields.mode, t("mode.hint")), field(t("rule.action"), fields.what), field(t("rule.value"), fields.value, t("rule.value.hint"))), boxV,
      h("div", { class: "fields" }, texts.map((n) => field(t(`rule.${n}`), words[n], ["person", "caller", "claims"].includes(n) ? t(`rule.${n}.hint`) : null)), field(t("rule.time"), fields.time), field(t("zone"), fields.zone)), boxA, boxD);
    const item = h("li", { class: `rule ${rule.mode || "observe"}` }, h("details", { open: i === opened, ontoggle: (e) => { if (e.target.open) opened = i; } }, h("summary", null, h("span", { class: "num" }, `${i + 1}.`), title, h("span", { class: "tag" }, t(`mode.${rule.mode || "observe"}`)), mark), may ? h("fieldset", null, form) : h("fieldset", { disabled: true }, form)),
      may && h("div", { class: "actions" }, button("↑", () => move(i, -1), { class: "small", disabled: i === 0, "aria-label": t("rule.up", { name: rule.name }) }), button("↓", () => move(i, 1), { class: "small", disabled: i === rules.length - 1, "aria-label": t("rule.down", { name: rule.name }) }),
        button(t("remove"), () => { rules.splice(i, 1); opened = -1; draw(); }, { class: "small", "aria-label": t("rule.remove", { name: rule.name }) })));
    return item;
  }
  function draw() {
    put(list, rules.length ? rules.map(one) : h("li", { class: "sheet empty" }, t("rules.none")));
    changed();
  }
  const since = h("input", { type: "datetime-local", id: "since", value: local(new Date(Date.now() - 7 * 864e5)) });
  const dry = async () => {
    try {
      const found = await post("rules/dry-run", { rules, since: rfc3339(since.value), until: new Date().toISOString().replace(/\.\d+Z/, "Z") });
      out.hidden = false;
      put(out, h("h2", null, count("dry.calls", found.calls)), found.by_rule.map((b) => h("details", { open: b.matched > 0 && b.matched <= 50 }, h("summary", null, t("dry.rule", { name: rules[b.rule]?.name ?? b.rule, n: b.matched, calls: found.calls })),
        h("div", { class: "scroll", tabindex: "0" }, h("table", null, h("tbody", null, (b.calls || []).map((c) => h("tr", null, h("td", null, badge(c.verdict)), h("td", null, h("a", { href: `#/call/${c.id}` }, who(c))), h("td", { class: "num" }, short(c.at))))))))));
      out.scrollIntoView({ block: "nearest" });
    } catch (e) {
      failed(e);
    }
  };
  put(place, h("div", { class: "head" }, h("h1", null, t("page.rules")), h("div", { class: "actions" }, may && button(t("rule.add"), () => { rules.push({ name: t("rule.new"), mode: "observe", action: "pass" }); opened = rules.length - 1; draw(); }, { id: "add" }), may && saver), h("p", null, t("rules.text"), !may && ` ${t("rules.admin")}`)), list, h("br"),
    mayTry && h("section", { class: "sheet" }, h("h2", null, t("dry")), h("p", { class: "soft" }, t("dry.text")), h("br"), h("div", { class: "bar" }, field(t("since"), since), button(t("dry.run"), dry, { id: "run" }))), out);
  draw();
}
