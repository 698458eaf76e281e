// SPDX-License-Identifier: Apache-2.0
// How it stands: calls by verdict over time, the share that is proven, whose signatures break, attestation, latency.
import { h, put, button } from "../dom.js";
import { get } from "../api.js";
import { t, count } from "../language.js";
import { verdicts, word } from "../verdict.js";
import { figure, share, tick, moment, micros } from "../show.js";
import { plot, framed } from "../plot.js";
import { failed, go } from "../app.js";

const spans = [["hour", 3600, 60], ["day", 86400, 1800], ["week", 604800, 10800], ["month", 2592000, 43200]];
const rfc = (s) => new Date(s * 1000).toISOString().replace(/\.\d+Z/, "Z");
const seconds = (at) => (typeof at === "number" ? at : Date.parse(at) / 1000);

export async function show(place) {
  const body = h("div"), kinds = [...verdicts, "shed"];
  let chosen = "day";
  const chips = h("div", { class: "chips", role: "group", "aria-label": t("overview.span") }, spans.map(([name]) => button(t(`span.${name}`), () => { chosen = name; draw().catch(failed); }, { "data-span": name })));

  async function draw(range) {
    const [, length, wide] = spans.find(([n]) => n === chosen), now = Math.ceil(Date.now() / 1000);
    const [since, until] = range || [now - length, now + 1];
    const step = range ? Math.max(1, Math.round((until - since) / 60)) : wide;
    const o = await get("overview", { since: rfc(since), until: rfc(until), step });
    for (const c of chips.children) c.setAttribute("aria-pressed", String(!range && c.dataset.span === chosen));
    const all = (b) => kinds.reduce((n, k) => n + (b[k] || 0), 0);
    const total = o.buckets.reduce((n, b) => n + all(b), 0), sums = Object.fromEntries(kinds.map((k) => [k, o.buckets.reduce((n, b) => n + (b[k] || 0), 0)]));
    const label = (b) => tick(seconds(b.at), until - since > 2 * 86400 ? 86400 : step);
    const calls = plot({ wide: true, label: t("overview.calls"), series: kinds, points: o.buckets.map((b) => ({ x: label(b), values: b, said: `${moment(b.at)}: ${kinds.filter((k) => b[k]).map((k) => `${word(k)} ${figure(b[k])}`).join(", ") || t("none")}` })),
      onselect: (a, z) => draw([seconds(o.buckets[a].at), seconds(o.buckets[z].at) + o.step]).catch(failed) });
    const proven = plot({ label: t("overview.proven"), trace: "share", most: 1, axis: (v) => share(v, 1), points: o.buckets.map((b) => ({ x: label(b), values: { share: all(b) ? b.genuine / all(b) : null }, said: `${moment(b.at)}: ${share(b.genuine, all(b))}` })), onselect: (a, z) => draw([seconds(o.buckets[a].at), seconds(o.buckets[z].at) + o.step]).catch(failed) });
    const attest = ["A", "B", "C", "none"], mix = plot({ label: t("overview.attest"), series: ["main"], points: attest.map((a) => ({ x: a === "none" ? t("none") : a, values: { main: o.attest[a] || 0 }, said: `${a === "none" ? t("attest.none") : t(`attest.${a}`)}: ${figure(o.attest[a] || 0)}` })) });
    const broken = (o.signers_broken || []).slice(0, 10), worst = plot({ label: t("overview.broken"), series: ["broken"], points: broken.map((b) => ({ x: b.spc || b.subject, values: { broken: b.broken }, said: `${b.subject || b.spc}: ${figure(b.broken)} / ${figure(b.calls)}` })) });
    const slow = (o.latency_buckets || []).map((b) => (typeof b === "object" ? { us: b.us ?? b.le ?? b.until, n: b.n ?? b.calls ?? b.count } : { us: null, n: b })), late = plot({ label: t("overview.latency"), series: ["main"], points: slow.map((b) => ({ x: b.us ? micros(b.us) : "", values: { main: b.n }, said: `≤ ${b.us ? micros(b.us) : "∞"}: ${figure(b.n)}` })) });
    const tile = (what, value) => h("section", { class: "sheet" }, h("p", { class: "soft" }, what), h("p", { class: "big" }, value));
    put(body, range && h("div", { class: "actions" }, button(t("overview.back"), () => draw().catch(failed), { id: "back" }), h("a", { class: "button", href: `#/records/all/${encodeURIComponent(rfc(since))}/${encodeURIComponent(rfc(until))}` }, t("overview.list"))), range && h("br"),
      h("div", { class: "tiles" }, tile(t("overview.total"), figure(total)), tile(t("overview.proven"), share(sums.genuine, total)), tile(word("impostor"), figure(sums.impostor)), tile(t("overview.p99"), micros(o.latency_us?.p99)), tile(t("overview.lag"), `${figure(o.lag_ms ?? 0)} ms`)),
      framed({ title: t("overview.calls"), keys: kinds.map((k) => [k, word(k)]), ...calls, file: "calls-by-verdict", columns: ["at", ...kinds], rows: o.buckets.map((b) => [b.at, ...kinds.map((k) => b[k] || 0)]) }),
      h("div", { class: "grid" }, framed({ title: t("overview.proven"), ...proven, file: "share-proven", columns: ["at", "genuine", "calls"], rows: o.buckets.map((b) => [b.at, b.genuine || 0, all(b)]) }),
        framed({ title: t("overview.attest"), ...mix, file: "attestation", columns: ["attestation", "calls"], rows: attest.map((a) => [a, o.attest[a] || 0]) }),
        framed({ title: t("overview.broken"), text: broken.length ? null : t("overview.broken.none"), ...worst, file: "broken-signers", columns: ["signer", "broken", "calls"], rows: broken.map((b) => [b.subject || b.spc, b.broken, b.calls]) }),
        framed({ title: t("overview.latency"), text: `p50 ${micros(o.latency_us?.p50)} · p90 ${micros(o.latency_us?.p90)} · p99 ${micros(o.latency_us?.p99)}`, ...late, file: "latency", columns: ["up_to_us", "calls"], rows: slow.map((b) => [b.us ?? "", b.n]) })));
  }
  put(place, h("div", { class: "head" }, h("h1", null, t("page.overview")), chips), body);
  await draw();
}
