// SPDX-License-Identifier: Apache-2.0
// Calling back: always the number of the book, never the one that called.
import { h, put, field, select, button, tell } from "../dom.js";
import { get, post, remove, hear, session } from "../api.js";
import { t } from "../language.js";
import { number } from "../show.js";
import { keep, failed } from "../app.js";

const full = (n) => (String(n).startsWith("+") ? String(n) : `+${n}`);
// A range, or a number with a star, is nobody's to be rung.
const callable = (numbers) => (numbers || []).filter((n) => /^\+?\d{3,15}$/.test(n));

export async function callBack(call) {
  let person;
  try {
    person = await get(`people/${call.claimed_person.id}`);
  } catch (e) {
    failed(e);
    return;
  }
  const numbers = callable(person.numbers);
  const which = select(numbers.map((n) => [n, number(n)]), numbers[0], { name: "number" });
  const desk = h("input", { name: "desk", value: keep.get("extension") || "", autocomplete: "off", required: true });
  const state = h("p", { role: "status", "aria-live": "polite" });
  let id = null, deaf = null;
  const told = (c) => {
    if (c.id !== id) return;
    state.textContent = t(`callback.${c.state}`, { name: person.name, why: c.why || "" });
    if (c.state === "ended") finish();
  };
  const box = h("dialog", { "aria-label": t("callback.title", { name: person.name }), onclose: () => { deaf?.(); box.remove(); } });
  const start = h("button", { type: "submit", class: "main" }, t("callback.start"));
  const hang = button(t("callback.stop"), () => remove(`callbacks/${id}`).catch(failed), { class: "danger", hidden: true });
  const finish = () => { hang.hidden = true; start.disabled = false; };
  const can = session.me.features?.callback && numbers.length;
  const form = h("form", { class: "stack", onsubmit: async (event) => {
    event.preventDefault();
    start.disabled = true;
    keep.set("extension", desk.value.trim());
    try {
      deaf ||= hear("callback", told);
      id = (await post("callbacks", { person: person.id, number: which.value, call: call.id, desk: desk.value.trim() })).id;
      state.textContent = t("callback.calling-desk", { name: person.name });
      hang.hidden = false;
      told(await get(`callbacks/${id}`));
    } catch (e) {
      failed(e);
      finish();
    }
  } }, h("h2", null, t("callback.title", { name: person.name })), h("p", null, t("callback.text", { called: number(call.caller) })),
    !numbers.length && h("p", { class: "warn" }, t("callback.nonumber")),
    can && [field(t("callback.number"), which), field(t("callback.desk"), desk, t("callback.desk.hint"))],
    !can && numbers.map((n) => h("p", null, h("a", { class: "button main", href: `tel:${full(n)}` }, number(n)))),
    !can && numbers.length > 0 && h("p", { class: "soft" }, t("callback.byhand")),
    state, h("div", { class: "actions" }, can && start, hang, button(t("close"), () => box.close(), { class: "quiet" })));
  put(box, form);
  document.body.append(box);
  box.showModal();
}
