// SPDX-License-Identifier: Apache-2.0
// All calls: searched by anything, as many as there are. Only the rows that are seen are elements.
import { h, put, field, button } from "../dom.js";
import { get, address } from "../api.js";
import { t, count } from "../language.js";
import { verdicts, badge, shape, word, named, certain } from "../verdict.js";
import { number, short, rfc3339, local } from "../show.js";
import { go, failed } from "../app.js";

const PAGE = 1000, SPARE = 8;

export async function show(place, [word0, since0, until0]) {
  const wish = { verdict: verdicts.includes(word0) ? word0 : "", since: since0 || "", until: until0 || "", q: "" };
  let calls = [], more = false, loading = null, active = 0, asked = 0, before = "";

  const body = h("div", { role: "rowgroup" });
  const top = h("div", { role: "rowgroup" }, h("div", { class: "top", role: "row" }, ["at", "verdict", "who", "number", "called", "why"].map((c) => h("span", { role: "columnheader" }, t(`col.${c}`)))));
  const grid = h("div", { class: "rows", role: "grid", "aria-label": t("page.records"), tabindex: "0" }, top, body);
  const found = h("p", { class: "soft", role: "status" });
  const height = () => (matchMedia("(max-width: 48rem)").matches ? 68 : matchMedia("(min-width: 3200px)").matches ? 76 : matchMedia("(min-width: 2200px)").matches ? 60 : 44);

  const line = (call, i, tall, offset) => h("div", { class: "row", role: "row", "aria-rowindex": i + 2, "data-i": i, "data-id": call.id, tabindex: i === active ? "0" : "-1", style: { top: `${offset + i * tall}px` } },
    h("span", { role: "gridcell", class: "num" }, short(call.at)), h("span", { role: "gridcell" }, badge(call.verdict)),
    h("span", { role: "gridcell" }, certain(call) || (named(call.claimed_person) ? `${t("says")} ${named(call.claimed_person)}` : call.claimed_name ? `${t("says")} ${call.claimed_name}` : number(call.caller))),
    h("span", { role: "gridcell", class: "num" }, number(call.caller)), h("span", { role: "gridcell", class: "num" }, number(call.called)), h("span", { role: "gridcell", lang: "en" }, call.why || ""));

  let drawn = "";
  function draw(anew) {
    const tall = height(), offset = tall === 68 ? 0 : tall;
    const first = Math.max(0, Math.floor(grid.scrollTop / tall) - SPARE), last = Math.min(calls.length, Math.ceil((grid.scrollTop + grid.clientHeight) / tall) + SPARE);
    if (!anew && drawn === `${first}-${last}`) return;
    drawn = `${first}-${last}`;
    body.style.height = `${calls.length * tall}px`;
    const held = grid.contains(document.activeElement) && document.activeElement !== grid;
    put(body, calls.slice(first, last).map((c, i) => line(c, first + i, tall, offset)));
    if (held) body.querySelector(`[data-i="${active}"]`)?.focus({ preventScroll: true });
    if (more && last + PAGE / 2 > calls.length) load();
  }

  async function load() {
    if (loading || !more) return loading;
    const mine = asked;
    loading = get("calls", { ...wish, limit: PAGE, before });
    try {
      const said = await loading;
      if (mine !== asked) return;
      calls = calls.concat(said.calls);
      more = said.more;
      before = said.before || calls.at(-1)?.id; // a search may have looked further than what it found
      tellCount();
    } catch (e) {
      more = false;
      failed(e);
    } finally {
      if (mine === asked) {
        loading = null;
        draw(true);
      }
    }
  }

  function tellCount() {
    found.textContent = calls.length ? count(more ? "records.more" : "records.found", calls.length) : t("records.none");
    grid.setAttribute("aria-rowcount", more ? -1 : calls.length + 1);
    grid.dataset.loaded = calls.length;
    for (const [kind, a] of Object.entries(exports)) a.href = address(`calls.${kind}`, wish);
  }
  const exports = { csv: h("a", { class: "button", download: "calls.csv" }, "CSV"), jsonl: h("a", { class: "button", download: "calls.jsonl" }, "JSON") };

  async function search() {
    asked++;
    loading = null;
    calls = [];
    before = "";
    more = true;
    active = 0;
    grid.scrollTop = 0;
    draw(true);
    await load();
  }

  function move(to) {
    active = Math.max(0, Math.min(calls.length - 1, to));
    const tall = height(), y = active * tall;
    if (y < grid.scrollTop) grid.scrollTop = y;
    if (y + 2 * tall > grid.scrollTop + grid.clientHeight) grid.scrollTop = y + 2 * tall - grid.clientHeight;
    draw(true);
    body.querySelector(`[data-i="${active}"]`)?.focus({ preventScroll: true });
  }
  grid.addEventListener("scroll", () => requestAnimationFrame(() => draw(false)), { passive: true });
  grid.addEventListener("click", (e) => { const row = e.target.closest(".row"); if (row) go(`call/${row.dataset.id}`); });
  grid.addEventListener("keydown", (e) => {
    const page = Math.max(1, Math.floor(grid.clientHeight / height()) - 2);
    const to = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: calls.length - 1 }[e.key];
    if (to !== undefined) {
      e.preventDefault();
      move(e.target === grid && e.key === "ArrowDown" ? active : to);
    } else if (e.key === "Enter" && calls[active]) go(`call/${calls[active].id}`);
  });

  let late = null;
  const soon = () => { clearTimeout(late); late = setTimeout(() => search().catch(failed), 200); };
  const text = h("input", { type: "search", id: "q", placeholder: t("records.q.hint"), oninput: (e) => { wish.q = e.target.value.trim(); soon(); } });
  const since = h("input", { type: "datetime-local", id: "since", value: wish.since ? local(wish.since) : "", onchange: (e) => { wish.since = rfc3339(e.target.value); soon(); } });
  const until = h("input", { type: "datetime-local", id: "until", value: wish.until ? local(wish.until) : "", onchange: (e) => { wish.until = rfc3339(e.target.value); soon(); } });
  const chips = h("div", { class: "chips", role: "group", "aria-label": t("col.verdict") }, verdicts.map((v) => {
    const b = button([shape(v), word(v)], () => {
      wish.verdict = wish.verdict === v ? "" : v;
      for (const c of chips.children) c.setAttribute("aria-pressed", String(c.dataset.v === wish.verdict));
      search().catch(failed);
    }, { "aria-pressed": String(wish.verdict === v), "data-v": v });
    return b;
  }));
  put(place, h("div", { class: "head" }, h("h1", null, t("page.records")), h("div", { class: "actions" }, h("span", { class: "soft" }, t("export")), exports.csv, exports.jsonl)),
    h("form", { class: "bar", role: "search", onsubmit: (e) => { e.preventDefault(); search().catch(failed); } },
      (() => { const f = field(t("records.q"), text); f.classList.add("grow"); return f; })(), field(t("since"), since), field(t("until"), until), chips), found, grid);
  const watch = new ResizeObserver(() => draw(true));
  watch.observe(grid);
  await search();
  return () => watch.disconnect();
}
