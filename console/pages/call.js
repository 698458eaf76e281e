// SPDX-License-Identifier: Apache-2.0
// One call: the way of its proof as a chain, every ballot in plain words, the token decoded, the message for engineers.
import { h, s, put, button, tell, field } from "../dom.js";
import { get, post, session } from "../api.js";
import { t, has } from "../language.js";
import { shape, vote, word, who, sentence, named, certain } from "../verdict.js";
import { next } from "./live.js";
import { number, when, day, zone, micros, ago } from "../show.js";
import { failed } from "../app.js";

// Which checks speak of which knot of the chain, and of the way from it to the next one.
const knots = {
  caller: ["form", "parameters", "orig", "dest", "number-shown", "own-number", "number-possible", "do-not-originate", "from-abroad", "person-known", "person-habit", "name-claimed"],
  signer: ["signature", "fresh", "replay", "attestation", "called-number", "all-judged"],
  certificate: ["url", "certificate", "number-listed", "constraints"],
  anchor: ["chain", "revocation", "domain"],
};
const worst = { veto: 3, abstain: 2, pass: 1 };

function state(ballots, checks) {
  let found = null;
  for (const b of ballots) if (checks.includes(b.check) && (worst[b.vote] || 0) > (worst[found?.vote] || 0)) found = b;
  return found;
}

const ring = (kind) => s("svg", { class: `ring ${kind}-c`, viewBox: "0 0 48 24", fill: "none", stroke: "currentColor", "stroke-width": 3, "stroke-linecap": "round", "aria-hidden": "true" },
  kind === "veto" ? [s("path", { d: "M16 6h-6a6 6 0 0 0 0 12h6M32 6h6a6 6 0 0 1 0 12h-6M21 3l1 5M27 3l-1 5M21 21l1-5M27 21l-1-5" })]
    : kind === "pass" ? [s("rect", { x: 4, y: 6, width: 24, height: 12, rx: 6 }), s("rect", { x: 20, y: 6, width: 24, height: 12, rx: 6 })]
      : [s("path", { d: "M4 12h40", "stroke-dasharray": "4 5" })]);

function knot(name, title, lines, ballots, last) {
  const b = state(ballots, knots[name] || []);
  const kind = b ? b.vote : "none";
  return h("li", null, h("div", { class: `knot ${kind}` }, h("h3", null, b && h("span", { class: `${kind}-c` }, vote(kind)), t(`chain.${name}`)), h("strong", null, title || t("chain.missing")),
    lines.filter(Boolean).map((text) => h("p", null, text)), b && b.vote !== "pass" && b.why && h("p", { class: `${kind}-c`, lang: "en" }, b.why),
    b && h("span", { class: "unseen" }, t(`vote.${kind}`))), !last && ring(kind));
}

function chain(call) {
  const { record } = call, ballots = record.ballots || [], certificates = call.chain || [];
  const leaf = certificates.find((c) => c.role === "leaf"), anchor = certificates.find((c) => c.role === "anchor");
  const tokens = call.identities || [];
  const signed = tokens.length > 0 || record.attest || record.x5u || ballots.some((b) => b.identity >= 0);
  const diverted = tokens.filter((i) => i.header?.ppt === "div").map((i) => i.claims?.div?.tn).filter(Boolean);
  const out = [knot("caller", number(record.caller), [call.sure, record.claimed_name && `${t("says")} “${record.claimed_name}”`], ballots, !signed)];
  if (signed) {
    out.push(...diverted.map((tn) => h("li", null, h("div", { class: "knot pass" }, h("h3", null, t("chain.div")), h("strong", null, number(tn))), ring("pass"))));
    out.push(knot("signer", record.signer_name || leaf?.spc || record.spc ? t("chain.spc", { spc: leaf?.spc || record.spc || "?" }) : "", [record.attest && t(`attest.${record.attest}`), record.iat && t("chain.signed", { when: when(record.iat) })], ballots));
    out.push(knot("certificate", leaf?.subject || record.subject, [leaf?.not_after && t("chain.until", { day: day(leaf.not_after) }), leaf?.issuer && t("chain.issuer", { issuer: leaf.issuer })], ballots));
    out.push(knot("anchor", anchor?.subject || record.trust_domain, [record.trust_domain && t("chain.domain", { domain: record.trust_domain }), record.lab && t("lab")], ballots, true));
  }
  return h("section", { class: "sheet" }, h("h2", null, t("call.chain")), h("p", { class: "soft" }, t(signed ? "call.chain.text" : "call.chain.none")), h("br"), h("ol", { class: "chain" }, out));
}

const ballot = (b) => h("li", null, h("span", { class: `${b.vote}-c` }, vote(b.vote)), h("div", null, h("strong", null, has(`check.${b.check}`) ? t(`check.${b.check}`) : b.check), " ", h("span", { class: `${b.vote}-c` }, t(`vote.${b.vote}`))),
  h("small", null, h("span", { lang: "en" }, b.why || ""), " ", h("span", { class: "code soft" }, `[${b.check}${b.identity >= 0 && b.identity !== null ? ` ${b.identity + 1}` : ""}]`)));

function ballots(record) {
  const all = record.ballots || [];
  const against = all.filter((b) => b.vote === "veto"), open = all.filter((b) => b.vote === "abstain"), good = all.filter((b) => b.vote === "pass");
  return h("section", { class: "sheet" }, h("h2", null, t("call.ballots")), h("p", { class: "soft" }, t("call.ballots.text", { good: good.length, open: open.length, against: against.length })),
    h("ul", { class: "ballots" }, [...against, ...open].map(ballot)),
    good.length > 0 && h("details", { open: !against.length && !open.length }, h("summary", null, t("call.ballots.good", { n: good.length })), h("ul", { class: "ballots" }, good.map(ballot))));
}

// What the claims of a token mean, where there is something to say.
function claim(name, value) {
  if (name === "iat") return `${when(value)} (${ago(value)})`;
  if (name === "attest") return has(`attest.${value}`) ? `${value} – ${t(`attest.${value}`)}` : String(value);
  if (value && typeof value === "object" && value.tn) return [].concat(value.tn).map(number).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function token(identity, i) {
  const rows = { ...identity.header, ...identity.claims };
  return h("div", { class: "stack" }, h("h3", null, t("call.token.n", { n: i + 1, ppt: identity.header?.ppt || "–" }), identity.status && [" ", h("span", { class: "tag" }, identity.status)]),
    h("dl", { class: "facts" }, Object.entries(rows).map(([name, value]) => [h("dt", null, has(`claim.${name}`) ? t(`claim.${name}`) : h("code", null, name)), h("dd", null, claim(name, value))])),
    h("details", null, h("summary", null, "JSON"), h("pre", { tabindex: "0" }, JSON.stringify({ header: identity.header, claims: identity.claims }, null, 2))));
}

function feedback(call, id) {
  const given = call.feedback;
  const said = h("p", { role: "status" }, given ? t(given.right ? "feedback.was.right" : "feedback.was.wrong", { by: given.by || given.user || "", note: given.note || "" }) : "");
  const note = h("input", { maxlength: 500, autocomplete: "off" });
  const give = async (right) => {
    try {
      await post(`calls/${id}/feedback`, { right, note: note.value.trim() });
      said.textContent = t(right ? "feedback.was.right" : "feedback.was.wrong", { by: session.me.user, note: note.value.trim() });
      tell(t("feedback.thanks"));
    } catch (e) {
      failed(e);
    }
  };
  return h("section", { class: "sheet stack", id: "feedback" }, h("h2", null, t("feedback.title")), h("p", { class: "soft" }, t("feedback.text")), said,
    session.me.role !== "read" && [field(t("feedback.note"), note), h("div", { class: "actions" }, button(t("feedback.right"), () => give(true), { id: "right" }), button(t("feedback.wrong"), () => give(false), { id: "wrong" }))]);
}

function facts(record) {
  const rows = [["called", number(record.called)], ["at", `${when(record.at)} (${zone()})`], ["verstat", record.verstat], ["status", record.status], ["latency", micros(record.latency_us)], ["peer", record.source_peer],
    ["rule", record.rule], ["call_id", record.call_id], ["origid", record.origid], ["id", record.id]];
  return h("section", { class: "sheet" }, h("h2", null, t("call.facts")), h("dl", { class: "facts" }, rows.filter((r) => r[1] !== undefined && r[1] !== null && r[1] !== "").map(([name, value]) => [h("dt", null, t(`fact.${name}`)), h("dd", null, String(value))])));
}

export async function show(place, [id]) {
  const call = await get(`calls/${encodeURIComponent(id)}`);
  const { record } = call;
  const row = { ...record, verdict: record.verdict || record.outcome || record.kind, person: call.person || named(record.person) && record.person || null };
  if (typeof row.person === "string") row.person = { id: record.person_id, name: record.person };
  if (typeof row.claimed_person === "string") row.claimed_person = { id: record.claimed_person_id, name: record.claimed_person };
  row.claimed_name ??= record.display ?? record.display_name ?? null;
  record.claimed_name ??= row.claimed_name;
  call.sure = certain(row);
  put(place, h("div", { class: "head" }, h("h1", null, t("call.title", { when: when(record.at) })), h("div", { class: "actions" }, h("a", { class: "button", href: "#/records" }, t("page.records")))),
    h("section", { class: `sheet v-${row.verdict}` }, h("div", { class: "side-by-side verdict-line" }, h("span", { class: "badge big-badge" }, shape(row.verdict)),
      h("div", null, h("p", { class: "word" }, word(row.verdict)), h("p", { class: "name" }, who(row)))),
    h("p", null, sentence(row)), row.why && h("p", { class: "soft", lang: "en" }, row.why), next(row, false)),
    chain(call), h("div", { class: "grid" }, ballots(record), h("div", null, feedback(call, id), facts(record))),
    h("section", { class: "sheet stack" }, h("h2", null, t("call.token")), (call.identities || []).length ? call.identities.map(token) : h("p", { class: "soft" }, t("call.token.none"))),
    h("section", { class: "sheet" }, h("details", { id: "raw" }, h("summary", null, t("call.raw")), call.message ? h("pre", { tabindex: "0", "aria-label": t("call.raw") }, call.message) : h("p", { class: "soft" }, t("call.raw.none")),
      call.answer && [h("h3", null, t("call.answer")), h("pre", { tabindex: "0", "aria-label": t("call.answer") }, typeof call.answer === "string" ? call.answer : JSON.stringify(call.answer, null, 2))])));
}
