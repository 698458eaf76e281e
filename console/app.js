// SPDX-License-Identifier: Apache-2.0
// The frame around every page: who is logged in, where one can go, and which page the address names.
import { h, s, put, select, button, tell } from "./dom.js";
import { get, post, session, hear, deafen, line, Refused } from "./api.js";
import { t, language, languages, speak } from "./language.js";
import { login } from "./pages/login.js";

const icons = {
  live: "M4 14h4l3-8 4 14 3-9 2 3h2", records: "M5 6h14M5 12h14M5 18h9", people: "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM2 21c0-4 3-7 7-7s7 3 7 7M16 4a4 4 0 0 1 0 7M18 14c3 1 4 4 4 7",
  expected: "M4 6h16v15H4zM4 10h16M8 3v5M16 3v5M9 15l2 2 4-4", rules: "M6 3v6a3 3 0 0 0 3 3h9M6 12v9M15 8l4 4-4 4", certificates: "M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6z",
  overview: "M4 20V4M4 20h16M8 16v-5M12 16V7M16 16v-3", settings: "M4 7h10M18 7h2M4 17h2M10 17h10M16 4v6M8 14v6",
};
// Order is the order shown. A page is a module with `show(place, arguments)`; it may return how to leave it.
const pages = [
  ["live", () => import("./pages/live.js")], ["records", () => import("./pages/records.js")], ["people", () => import("./pages/people.js")],
  ["expected", () => import("./pages/expected.js")], ["rules", () => import("./pages/rules.js")],
  ["certificates", () => import("./pages/certificates.js")], ["overview", () => import("./pages/overview.js")],
  ["settings", () => import("./pages/settings.js")],
];
const hidden = [["call", () => import("./pages/call.js"), "live"]];

const desk = document.getElementById("desk");
let leave = null, main = null, nav = null, turn = 0;

// Kept by this browser only; a private window keeps nothing.
export const keep = {
  get: (name) => { try { return localStorage.getItem(`bonafide.${name}`); } catch { return null; } },
  set: (name, value) => { try { localStorage.setItem(`bonafide.${name}`, value); } catch { /* as above */ } },
};

function paint() {
  const theme = keep.get("theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  document.documentElement.lang = language;
}

const places = () => location.hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decodeURIComponent);
export const go = (path) => { location.hash = `#/${path}`; };

function icon(which) {
  return s("svg", { viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linecap": "round",
    "stroke-linejoin": "round", "aria-hidden": "true" }, s("path", { d: icons[which] }));
}

export function chooseLanguage(chosen) {
  speak(chosen);
  frame();
  turnTo();
}

export function chooseTheme(chosen) {
  keep.set("theme", chosen);
  paint();
}

async function logOut() {
  try {
    await post("logout");
  } catch { /* a session that has ended is as good */ }
  session.me = null;
  deafen();
  start();
}

function frame() {
  paint();
  nav = h("nav", { "aria-label": t("nav") }, pages.map(([name]) => h("a", { href: `#/${name}`, "data-page": name }, icon(name), t(`page.${name}`))));
  main = h("main", { id: "main", tabindex: "-1" });
  const lamp = h("span", { class: "line" });
  const light = (state) => {
    lamp.className = `line ${state}`;
    lamp.textContent = t(state === "open" ? "line.open" : state === "lost" ? "line.lost" : "line.closed");
  };
  light(line());
  frame.deaf?.();
  frame.deaf = hear("line", light);
  put(desk, h("a", { class: "skip", href: "#main", onclick: (e) => { e.preventDefault(); main.focus(); } }, t("skip")),
    h("div", { class: "frame" },
      h("header", { class: "side" }, h("a", { class: "mark", href: "#/live" }, h("img", { src: "icon.svg", alt: "" }), "bonafide"), nav,
        h("div", { class: "foot" }, lamp,
          select(Object.entries(languages).map(([key, l]) => [key, l.name]), language, { "aria-label": t("language"), id: "language", onchange: (e) => chooseLanguage(e.target.value) }),
          button(t("logout", { user: session.me.user }), logOut, { class: "small quiet", id: "logout" }))),
      main));
}

async function turnTo() {
  const [name = "live", ...rest] = places();
  const page = pages.find(([n]) => n === name) || hidden.find(([n]) => n === name) || pages[0];
  const mine = ++turn;
  leave?.();
  leave = null;
  for (const a of nav.children) {
    const here = a.dataset.page === (page[2] || page[0]);
    here ? a.setAttribute("aria-current", "page") : a.removeAttribute("aria-current");
  }
  document.title = `${t(`page.${page[0]}`)} – bonafide`;
  const place = h("div", { class: `page-${page[0]}` });
  try {
    const module = await page[1]();
    if (mine !== turn) return;
    put(main, place);
    const left = await module.show(place, rest);
    if (mine === turn) leave = left || null;
    else left?.();
    if (mine === turn) main.dataset.ready = page[0];
  } catch (e) {
    if (mine !== turn) return;
    put(main, h("div", { class: "warn", role: "alert" }, e instanceof Refused ? e.message : t("failed", { why: e.message })));
    main.dataset.ready = page[0];
  }
}

export const failed = (e) => tell(e instanceof Refused ? e.message : t("failed", { why: e.message }), "bad");

function enter(me) {
  session.me = me;
  frame();
  turnTo();
}

async function start() {
  paint();
  leave?.();
  leave = null;
  try {
    enter(await get("me"));
  } catch (e) {
    login(desk, e instanceof Refused && e.answer && e.answer.first, enter, () => start());
  }
}

session.onleave = () => { deafen(); session.me = null; start(); };
addEventListener("hashchange", () => {
  if (!session.me) return;
  turnTo().then(() => main.focus({ preventScroll: true }));
  scrollTo(0, 0);
});
start();
