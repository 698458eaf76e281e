// SPDX-License-Identifier: Apache-2.0
// A verdict as people meet it: a word, a colour and a shape that say the same, and what to do next.
import { h, s } from "./dom.js";
import { t, has } from "./language.js";
import { number } from "./show.js";

// Drawn in a square of 48, stroked with the colour of the text.
const shapes = {
  genuine: () => [s("circle", { cx: 24, cy: 24, r: 20 }), s("path", { d: "M14.5 24.5l7 7 12.5-15" })],
  unproven: () => [s("circle", { cx: 24, cy: 24, r: 20, "stroke-dasharray": "6.3 4.17" }), s("path", { d: "M15 24h18" })],
  broken: () => [s("path", { d: "M20 15l5-5a8.5 8.5 0 0 1 12 12l-5 5M28 33l-5 5a8.5 8.5 0 0 1-12-12l5-5" }),
    s("path", { d: "M14 9l3 5M9 14l5 3M34 39l-3-5M39 34l-5-3", "stroke-width": 3 })],
  impostor: () => [s("path", { d: "M5 15c6 3.5 12.5-2 19-2s13 5.5 19 2c1.5 10.5-3 20-11 20-4.5 0-6-4-8-4s-3.5 4-8 4C8 35 3.5 25.5 5 15z" }),
    s("path", { d: "M12 22c2.5-2.5 6-2.5 8 .5-2.5 2.5-6 2.5-8-.5zM28 22.5c2-3 5.5-3 8-.5-2 3-5.5 3-8 .5z", fill: "currentColor", "stroke-width": 2 })],
  other: () => [s("circle", { cx: 24, cy: 24, r: 20 }), s("path", { d: "M24 14v12M24 32v2" })],
};
const votes = {
  pass: () => [s("circle", { cx: 24, cy: 24, r: 20 }), s("path", { d: "M14.5 24.5l7 7 12.5-15" })],
  abstain: () => [s("circle", { cx: 24, cy: 24, r: 20, "stroke-dasharray": "6.3 4.17" }), s("path", { d: "M15 24h18" })],
  veto: () => [s("path", { d: "M16 4h16l12 12v16L32 44H16L4 32V16z" }), s("path", { d: "M17 17l14 14M31 17L17 31" })],
};
const signs = {
  answer: () => [s("path", { d: "M13 7l7 1 2 9-5 4c2 5 5 8 10 10l4-5 9 2 1 7c0 4-3 6-6 6C18 41 7 30 7 13c0-3 2-6 6-6z" })],
  reception: () => [s("path", { d: "M6 38h36M10 38a14 14 0 0 1 28 0M24 24v-6M19 17h10" })],
  back: () => [s("path", { d: "M13 19l7 1 2 7-4 3c2 4 4 6 8 8l3-4 7 2 1 5c0 3-3 5-5 5C18 46 8 36 8 24c0-3 2-5 5-5zM40 6v9H29M40 15C36 9 31 7 25 7" })],
  refuse: () => [s("circle", { cx: 24, cy: 24, r: 20 }), s("path", { d: "M10 38L38 10" })],
};

const drawn = (parts, properties) => s("svg", { viewBox: "0 0 48 48", fill: "none", stroke: "currentColor", "stroke-width": 4,
  "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true", focusable: "false", ...properties }, parts);

export const verdicts = ["genuine", "unproven", "broken", "impostor"];
export const shape = (verdict, properties) => drawn((shapes[verdict] || shapes.other)(), { class: "shape", ...properties });
export const vote = (which) => drawn((votes[which] || shapes.other)(), { class: "vote" });
export const sign = (which) => drawn(signs[which](), { class: "sign" });

export const word = (verdict) => (has(`verdict.${verdict}`) ? t(`verdict.${verdict}`) : verdict);

// The word with its shape, small: for rows of lists.
export const badge = (verdict) => h("span", { class: `badge v-${verdict}` }, shape(verdict), h("span", null, word(verdict)));

// How a person is named by a row of calls: {id, name}, or nothing.
export const named = (who) => (who && who.name ? who.name : null);

// Whom the call is proven to come from: nobody, unless it is genuine, whatever else the server may have sent.
export const certain = (call) => (call.verdict === "genuine" ? named(call.person) : null);

// Who it is, as large as it goes: the book's name only where it is proven, else the number.
export const who = (call) => certain(call) || number(call.caller);

// One sentence in plain words.
export function sentence(call) {
  const person = certain(call), claimed = named(call.claimed_person), name = call.claimed_name;
  const values = { person, claimed: claimed || name, number: number(call.caller), name, attest: call.attest || "" };
  if (call.verdict === "genuine") return t(person ? "say.genuine.person" : "say.genuine", values);
  if (call.verdict === "impostor") return t(claimed ? "say.impostor.person" : name ? "say.impostor.name" : "say.impostor", values);
  if (call.verdict === "broken") return t(claimed ? "say.broken.person" : "say.broken", values);
  if (call.verdict === "unproven") {
    if (claimed) return t("say.unproven.person", values);
    if (call.attest === "B") return t("say.unproven.b", values);
    if (call.attest === "C") return t("say.unproven.c", values);
    return t("say.unproven", values);
  }
  return t(has(`say.${call.verdict}`) ? `say.${call.verdict}` : "say.other", values);
}

// What to do next: [sign, key of its words]; the first is the advice, the others are possible.
export function advice(call) {
  switch (call.verdict) {
    case "genuine": return [["answer", certain(call) ? "do.answer.person" : "do.answer"]];
    case "impostor": return named(call.claimed_person) ? [["refuse", "do.refuse"], ["back", "do.back"]] : [["refuse", "do.refuse"], ["reception", "do.reception"]];
    case "broken": return named(call.claimed_person) ? [["reception", "do.reception"], ["back", "do.back"]] : [["reception", "do.reception"]];
    case "unproven": return named(call.claimed_person) ? [["back", "do.back"], ["reception", "do.reception"]] : [["answer", "do.careful"], ["reception", "do.reception"]];
    default: return [["answer", "do.careful"]];
  }
}
