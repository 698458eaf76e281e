// SPDX-License-Identifier: Apache-2.0
// Calls as they come: the newest so large that it is read from two metres, the others below it.
import { h, put, button } from "../dom.js";
import { get, hear, session } from "../api.js";
import { t, count } from "../language.js";
import { shape, sign, badge, word, who, sentence, advice, named, certain } from "../verdict.js";
import { number, short, clock, day, ago } from "../show.js";
import { keep, failed } from "../app.js";
import { callBack } from "./callback.js";

const KEPT = 60;

// Two notes that differ by verdict, so that one hears without looking.
const tunes = { genuine: [660, 880], unproven: [520, 520], broken: [440, 330], impostor: [300, 200] };
let audio = null;
function sound(verdict) {
  audio ||= new AudioContext();
  (tunes[verdict] || tunes.unproven).forEach((pitch, i) => {
    const note = audio.createOscillator(), loud = audio.createGain(), at = audio.currentTime + i * 0.18;
    note.frequency.value = pitch;
    loud.gain.setValueAtTime(0.0001, at);
    loud.gain.exponentialRampToValueAtTime(0.2, at + 0.02);
    loud.gain.exponentialRampToValueAtTime(0.0001, at + 0.16);
    note.connect(loud).connect(audio.destination);
    note.start(at);
    note.stop(at + 0.17);
  });
}

function notify(call) {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const note = new Notification(`${word(call.verdict)}: ${who(call)}`, { body: sentence(call), tag: call.id });
  note.onclick = () => { focus(); location.hash = `#/call/${call.id}`; note.close(); };
}

// What we knew before this call: since when, and how often proven.
async function known(call, place) {
  const person = certain(call) ? call.person : call.claimed_person;
  if (!person?.id) return;
  try {
    const p = await get(`people/${person.id}`);
    const habit = (p.habits || []).filter((b) => b.since).sort((a, b) => b.calls - a.calls)[0];
    const parts = [];
    if (p.organisation) parts.push(p.organisation);
    if (certain(call) && habit) parts.push(count("known.habit", habit.calls, { since: day(habit.since) }));
    else if (certain(call) && p.seen?.calls) parts.push(count("known.seen", p.seen.calls, { since: day(p.seen.since) }));
    else if (call.claimed_person && p.seen?.last) parts.push(t("known.last", { name: p.name, when: ago(p.seen.last) }));
    put(place, parts.map((text) => h("span", null, text)));
  } catch { /* the call itself has been shown */ }
}

export function next(call, why = true) {
  const [first, ...others] = advice(call);
  const values = { claimed: named(call.claimed_person) || call.claimed_name || "", person: certain(call) || "" };
  const can = named(call.claimed_person) && session.me.role !== "read" && !["genuine"].includes(call.verdict);
  return h("div", { class: "next" },
    h("span", { class: "do" }, sign(first[0]), t(first[1], values)),
    others.map(([which, key]) => h("span", { class: "or" }, sign(which), t("or", { what: t(key, values) }))),
    can && button(t("callback.button", values), () => callBack(call), { class: "main callback" }),
    why && h("a", { class: "button", href: `#/call/${call.id}` }, t("why.button")));
}

function hero(call, isNew) {
  const more = h("p", { class: "more soft" });
  known(call, more);
  return h("section", { class: `hero v-${call.verdict}${isNew ? " new" : ""}`, "aria-label": t("live.newest"), "data-id": call.id },
    shape(call.verdict),
    h("div", null, h("p", { class: "word" }, word(call.verdict)), h("h1", { class: "name" }, who(call)),
      call.claimed_name && certain(call) !== call.claimed_name && h("p", { class: "says" }, t("says"), " ", h("q", null, call.claimed_name)),
      h("p", { class: "sentence" }, sentence(call)),
      h("p", { class: "more" }, h("span", { class: "num" }, t("live.from", { number: number(call.caller) })), h("span", { class: "num" }, t("live.to", { number: number(call.called) })),
        h("time", { class: "num", datetime: call.at }, clock(call.at)), call.attest && h("span", null, t(`attest.${call.attest}`)), call.lab && h("span", { class: "tag" }, t("lab"))),
      more),
    next(call));
}

const row = (call) => h("li", null, h("a", { class: `v-${call.verdict}`, href: `#/call/${call.id}` }, badge(call.verdict),
  h("strong", null, who(call)), h("span", null, sentence(call)), h("time", { class: "num soft", datetime: call.at }, short(call.at))));

function toggle(name, label, ask) {
  const b = button(label, async () => {
    const on = b.getAttribute("aria-pressed") !== "true";
    if (on && ask && !(await ask())) return;
    b.setAttribute("aria-pressed", String(on));
    keep.set(name, on ? "yes" : "no");
  }, { "aria-pressed": String(keep.get(name) === "yes"), id: `toggle-${name}` });
  return b;
}

export async function show(place) {
  const top = h("div"), list = h("ul", { class: "calls" }), said = h("p", { class: "unseen", role: "status", "aria-live": "assertive" });
  const expected = h("p", { class: "soft" });
  let calls = [];
  put(place, h("div", { class: "head" }, h("h1", null, t("page.live")),
    h("div", { class: "actions" }, toggle("sound", t("live.sound"), async () => { sound("genuine"); return true; }),
      toggle("notify", t("live.notify"), async () => {
        if (!("Notification" in window)) return false;
        const yes = (await Notification.requestPermission()) === "granted";
        if (!yes) failed(new Error(t("live.notify.no")));
        return yes;
      }))), said, top, h("h2", { class: "unseen" }, t("live.before")), list, expected);

  const draw = (isNew) => {
    if (!calls.length) {
      put(top, h("section", { class: "hero waiting" }, h("div", null, h("h2", { class: "word" }, t("live.none")), h("p", { class: "sentence soft" }, t("live.none.text")))));
      return;
    }
    put(top, hero(calls[0], isNew));
    put(list, calls.slice(1).map(row));
  };
  const stop = [
    hear("call", (call) => {
      const is = calls.findIndex((c) => c.id === call.id);
      if (is >= 0) {
        calls[is] = call;
        draw(false);
        return;
      }
      calls = [call, ...calls].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, KEPT);
      draw(calls[0].id === call.id);
      if (calls[0].id === call.id) said.textContent = `${word(call.verdict)}. ${who(call)}. ${sentence(call)}`;
      if (keep.get("sound") === "yes") sound(call.verdict);
      if (keep.get("notify") === "yes") notify(call);
    }),
    hear("expected", (e) => { expected.textContent = t(`expected.told.${e.state}`, { name: e.person?.name, from: clock(e.from), until: clock(e.until) }); }),
  ];
  const before = await get("calls", { limit: KEPT });
  const seen = new Set(calls.map((c) => c.id));
  calls = [...calls, ...before.calls.filter((c) => !seen.has(c.id))].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, KEPT);
  draw(false);
  return () => stop.forEach((f) => f());
}
