// SPDX-License-Identifier: Apache-2.0
// Plots in SVG, that one can point at, select on, and take the figures of.
import { h, s, put, button } from "./dom.js";
import { t } from "./language.js";
import { figure, csv, download } from "./show.js";

const H = 220, L = 46, B = 24, T = 8;

const round = (most) => {
  const unit = 10 ** Math.floor(Math.log10(Math.max(1, most)));
  return [1, 2, 5, 10].map((f) => f * unit).find((v) => v >= most);
};

// The frame of all plots: title, keys, the drawing, the line that says what one points at, the figures as a table and as a file.
export function framed({ title, text, keys, drawing, tip, columns, rows, file }) {
  const table = h("details", null, h("summary", null, t("plot.table")), h("div", { class: "scroll", tabindex: "0" }, h("table", null, h("thead", null, h("tr", null, columns.map((c) => h("th", { scope: "col" }, c)))), h("tbody", null, rows.slice(0, 500).map((r) => h("tr", null, r.map((c) => h("td", { class: "num" }, typeof c === "number" ? figure(c) : c))))))));
  return h("section", { class: "sheet plot-box" }, h("div", { class: "head" }, h("h2", null, title), button(t("plot.download"), () => download(`${file}.csv`, "text/csv", csv([columns, ...rows])), { class: "small", "aria-label": `${t("plot.download")}: ${title}` })), text && h("p", { class: "soft" }, text),
    keys && h("div", { class: "keys" }, keys.map(([name, label]) => h("span", null, h("i", { class: `k-${name}` }), label))), drawing, tip, table);
}

// Bars over x, stacked; or a trace. points: [{x: label, values: {name: n}, said: text}]. onselect(first, last) after a selection.
export function plot({ points, series, label, trace, most, onselect, wide = false, axis = (v) => figure(v, { notation: "compact" }) }) {
  const W = wide ? 960 : 460;
  const tip = h("p", { class: "tip soft", role: "status" }, onselect ? t("plot.hint") : t("plot.hover"));
  const top = trace ? most : round(Math.max(1, ...points.map((p) => series.reduce((n, k) => n + (p.values[k] || 0), 0))));
  const n = Math.max(1, points.length), step = (W - L) / n, y = (v) => T + (H - T - B) * (1 - v / top), x = (i) => L + i * step;
  const svg = s("svg", { class: "plot", viewBox: `0 0 ${W} ${H}`, role: "group", "aria-label": label, tabindex: "0" });
  for (const v of [0, top / 2, top]) svg.append(s("path", { class: "axis", d: `M${L} ${y(v)}H${W}` }), s("text", { x: L - 6, y: y(v) + 4, "text-anchor": "end" }, axis(v)));
  const every = Math.ceil(n / (wide ? 10 : 5)), thick = Math.min(step * 0.8, 64);
  points.forEach((p, i) => { if (i % every === 0 && p.x) svg.append(s("text", { x: x(i) + step / 2, y: H - 6, "text-anchor": "middle" }, p.x)); });
  if (trace) {
    let d = "";
    points.forEach((p, i) => { const v = p.values[trace]; if (v === null || v === undefined) return; d += `${d ? "L" : "M"}${(x(i) + step / 2).toFixed(1)} ${y(v).toFixed(1)}`; svg.append(s("circle", { cx: x(i) + step / 2, cy: y(v), r: 2.5, class: "genuine" })); });
    svg.append(s("path", { class: "trace", d: d || "M0 0" }));
  } else points.forEach((p, i) => {
    let sum = 0;
    for (const k of series) {
      const v = p.values[k] || 0;
      if (v) svg.append(s("rect", { class: k, x: x(i) + (step - thick) / 2, width: Math.max(0.5, thick), y: y(sum + v), height: Math.max(0, y(sum) - y(sum + v)) }));
      sum += v;
    }
  });
  const brush = s("rect", { class: "brush", y: T, height: H - T - B, width: 0 }), cursor = s("path", { class: "cursor", d: "M0 0" }), hit = s("rect", { class: "hit", x: L, y: 0, width: W - L, height: H });
  svg.append(brush, cursor, hit);
  let from = null, here = -1;
  const at = (e) => { const box = svg.getBoundingClientRect(); return Math.max(0, Math.min(n - 1, Math.floor((((e.clientX - box.left) / box.width) * W - L) / step))); };
  const point = (i) => {
    here = i;
    if (!points[i]) return;
    cursor.setAttribute("d", `M${x(i) + step / 2} ${T}V${H - B}`);
    tip.textContent = points[i].said;
    if (from === null) return;
    const a = Math.min(from, i), b = Math.max(from, i);
    brush.setAttribute("x", x(a));
    brush.setAttribute("width", (b - a + 1) * step);
  };
  const done = () => { if (from === null) return; const a = Math.min(from, here), b = Math.max(from, here); from = null; if (onselect && points.length) onselect(a, b); };
  svg.addEventListener("pointermove", (e) => point(at(e)));
  svg.addEventListener("pointerdown", (e) => { if (!onselect) return; from = at(e); svg.setPointerCapture(e.pointerId); point(from); });
  svg.addEventListener("pointerup", done);
  svg.addEventListener("keydown", (e) => {
    const to = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: n - 1 }[e.key];
    if (to !== undefined) {
      e.preventDefault();
      if (e.shiftKey && onselect && from === null) from = Math.max(0, here);
      if (!e.shiftKey) from = null;
      point(Math.max(0, Math.min(n - 1, to)));
    } else if (e.key === "Enter" && onselect && here >= 0) { from ??= here; done(); }
  });
  return { drawing: svg, tip };
}
