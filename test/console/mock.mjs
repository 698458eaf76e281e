// SPDX-License-Identifier: Apache-2.0
// The routes of the desk with invented calls: to look at the pages without a server, and to list more records than a test
// may place.  node mock.mjs PORT
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";
import { readFileSync } from "node:fs";

const root = process.env.BF_SOURCE ? pathToFileURL(`${process.env.BF_SOURCE}/console/`) : new URL("../../console/", import.meta.url);
const kinds = { js: "text/javascript", css: "text/css", svg: "image/svg+xml", html: "text/html; charset=utf-8" };
const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const RECORDS = 50000, now = Date.now();

const ada = { id: 1, name: "Ada Miller", uid: "urn:uuid:1", aliases: ["A. Miller", "Ада Миллер"], organisation: "Ministry of Weather", numbers: ["+12155550121", "+39066982001"], signers: ["spc:1234"], least_attestation: "A", protected: true, require_proof: "usual", language: "en", note: "Rings on Mondays.", tags: ["press"],
  habits: [{ id: 1, number: "12155550121", signer: { spc: "1234", issuer: "Lab CA", trust_domain: "lab" }, state: "proposed", calls: 14, days: 9, since: (now - 40 * 864e5) / 1000, last: (now - 864e5) / 1000 }], seen: { calls: 14, last: (now - 864e5) / 1000, since: (now - 40 * 864e5) / 1000 } };
const jun = { id: 2, name: "Jun'ichirō Tanaka", aliases: ["田中純一郎"], organisation: "Harbour Bank", numbers: ["+81312345678"], signers: [], protected: true, tags: [], habits: [], seen: { calls: 0 } };
const people = [ada, jun];
const shapes = [
  { verdict: "genuine", attest: "A", caller: "12155550121", person: { id: 1, name: "Ada Miller" }, claimed_name: "Ada Miller", why: "a trusted signature with full attestation" },
  { verdict: "impostor", attest: "A", caller: "12025550177", claimed_person: { id: 1, name: "Ada Miller" }, claimed_name: "Adа Мiller", why: "name-claimed: resembles Ada Miller, with characters that look like others (0.98), from a number that is not hers" },
  { verdict: "unproven", attest: null, caller: "12155550121", claimed_person: { id: 1, name: "Ada Miller" }, claimed_name: "Ada Miller", why: "no signature" },
  { verdict: "broken", attest: null, caller: "390669812345", claimed_name: "Lab", why: "signature: it does not hold" },
  { verdict: "genuine", attest: "A", caller: "442079460018", claimed_name: null, why: "a trusted signature with full attestation" },
];
const id = (i) => String(1e9 - i).padStart(26, "0");
const invented = (i) => ({ id: id(i), at: new Date(now - i * 37e3).toISOString(), called: "12155550131", claimed_person: null, person: null, trust_domain: "lab", spc: "1234", latency_us: 80 + (i * 7919) % 900, lab: true, verstat: "TN-Validation-Passed", ...shapes[i % shapes.length] });
const row = invented;
const ballots = [{ check: "form", identity: 0, vote: "pass", why: "full form" }, { check: "signature", identity: 0, vote: "pass", why: "holds" }, { check: "chain", identity: 0, vote: "pass", why: "to Lab Root" }, { check: "revocation", identity: 0, vote: "abstain", why: "the list is three days old" }, { check: "certificate", identity: 0, vote: "pass", why: "sound" }];
const stream = new Set();
const rules = { rules: [{ name: "press to reception", mode: "observe", verdict: ["unproven", "broken"], claims: ["*"], action: "to:sip:200@192.0.2.7" }, { name: "after hours", mode: "enforce", time: "18:00-08:00", zone: "Europe/Rome", action: "voicemail:sip:vm@192.0.2.7" }], etag: '"1"' };
const signer = { subject: "SHAKEN 1234", spc: "1234", issuer: "Lab CA", trust_domain: "lab", calls: 2310, broken: 14, last: now / 1000 };

const routes = {
  "GET me": () => ({ user: "ada", role: "admin", csrf: "x", masked: false, version: "0.1.0", first: false, features: { callback: true } }),
  "GET calls": (q) => {
    let from = q.get("before") ? 1e9 - Number(q.get("before")) + 1 : 0;
    const calls = [], most = Number(q.get("limit") || 100);
    for (; from < RECORDS && calls.length < most; from++) { const r = row(from); if (!q.get("verdict") || r.verdict === q.get("verdict")) calls.push(r); }
    return { calls, more: from < RECORDS };
  },
  "GET people": () => ({ people }), "GET exceptions": () => ({ exceptions: [{ id: 1, number: "12025550188", name: "Ada Miller Junior" }] }), "GET names": () => ({ claimed: "x", match: true, person: { id: 1, name: "Ada Miller" }, score: 0.97, rule: "lookalike" }),
  "GET expected": () => ({ expected: ["open", "met", "missed"].map((state, i) => ({ id: i + 1, person: { id: 1, name: "Ada Miller" }, from: new Date(now + i * 36e5).toISOString(), until: new Date(now + i * 36e5 + 36e5).toISOString(), zone: "Europe/Rome", number: "", word: "harbour", state, source: "desk", call: state === "met" ? id(0) : "", by: "ada" })) }),
  "GET rules": () => rules, "POST rules/dry-run": () => ({ calls: 2310, by_rule: [{ rule: 0, matched: 14, calls: [0, 1, 2, 3].map(row) }, { rule: 1, matched: 0, calls: [] }] }),
  "GET certificates": () => ({ own: [{ subject: "SHAKEN 9999", spc: "9999", x5u: "https://cr.example/9999.pem", not_after: (now + 9 * 864e5) / 1000, days_left: 9, state: "soon" }], signers: [signer] }),
  "GET overview": (q) => { const step = Number(q.get("step")) || 1800, from = Date.parse(q.get("since")) / 1000, n = Math.ceil((Date.parse(q.get("until")) / 1000 - from) / step);
    return { step, buckets: Array.from({ length: n }, (_, i) => ({ at: new Date((from + i * step) * 1000).toISOString(), genuine: 40 + (i * 37) % 25, unproven: 20 + (i * 17) % 11, broken: i % 5, impostor: i % 7 === 3 ? 2 : 0, shed: 0 })), attest: { A: 1200, B: 400, C: 120, none: 590 }, signers_broken: [signer], latency_us: { p50: 90, p90: 210, p99: 800 }, latency_buckets: [50, 100, 200, 500, 1000, 2000].map((us, i) => ({ us, n: [200, 900, 700, 300, 100, 20][i] })), lag_ms: 3 }; },
  "GET users": () => ({ users: [{ user: "ada", role: "admin" }, { user: "front", role: "desk" }] }), "GET audit": () => ({ entries: [{ at: new Date(now).toISOString(), user: "ada", what: "log-in", object: "", detail: "" }] }),
  "POST login": () => routes["GET me"](), "POST login/first": () => routes["GET me"](), "POST callbacks": () => ({ id: "1" }), "GET callbacks/1": () => ({ id: "1", state: "calling-person", why: "", reached: null }),
};

let inside = false, named = false, rung = 0;
const writes = [];

createServer((q, a) => {
  const url = new URL(q.url, "http://x"), path = url.pathname.replace(/^\/desk\//, "");
  a.setHeader("Content-Security-Policy", csp);
  if (!path.startsWith("api/")) {
    try {
      const name = path || "index.html";
      a.setHeader("Content-Type", kinds[name.split(".").at(-1)] || "text/plain");
      a.end(readFileSync(new URL(name, root)));
    } catch { a.writeHead(404).end(); }
    return;
  }
  const what = path.slice(4);
  // With a person beside every verdict: the page must know better.
  if (what === "mock/ring") { const r = { ...row(0), ...shapes[Number(url.searchParams.get("kind"))], id: id(-(++rung)), at: new Date().toISOString() }; for (const l of stream) l.write(`id: ${r.id}\nevent: call\ndata: ${JSON.stringify(r)}\n\n`); a.end(); return; }
  if (what === "mock/said") { a.end(JSON.stringify(writes)); return; }
  if (what.startsWith("login") && q.method === "POST") [inside, named] = [true, true];
  if (what === "logout") inside = false;
  if (!inside) { a.writeHead(401, { "Content-Type": "application/json" }).end(JSON.stringify({ error: "log in first", first: !named })); return; }
  if (q.method !== "GET") { let text = ""; q.on("data", (d) => { text += d; }); q.on("end", () => writes.push({ what: `${q.method} ${what}`, csrf: q.headers["x-csrf"], text })); }
  if (what === "events") { a.writeHead(200, { "Content-Type": "text/event-stream" }); a.write(": ping\n\n"); stream.add(a); q.on("close", () => stream.delete(a)); return; }
  let said = routes[`${q.method} ${what}`]?.(url.searchParams);
  if (what.startsWith("calls/") && q.method === "GET") { const r = row(1e9 - Number(what.slice(6)));
    said = { record: { ...r, ballots: r.verdict === "impostor" ? [...ballots, { check: "name-claimed", identity: -1, vote: "veto", why: "resembles Ada Miller, with characters that look like others" }] : ballots, iat: now / 1000 | 0, call_id: "x@y", origid: "123e4567", status: 302, subject: "SHAKEN 1234" }, person: r.person, identities: [{ header: { alg: "ES256", typ: "passport", ppt: "shaken", x5u: "https://lab.example/1234.pem" }, claims: { attest: "A", dest: { tn: ["12155550131"] }, iat: now / 1000 | 0, orig: { tn: r.caller }, origid: "123e4567" }, info: "https://lab.example/1234.pem", status: "valid" }],
      chain: [{ role: "leaf", subject: "SHAKEN 1234", issuer: "Lab Intermediate", not_before: now / 1000, not_after: now / 1000 + 864e3, serial: "01", spc: "1234" }, { role: "anchor", subject: "Lab Root", issuer: "Lab Root" }], message: "INVITE sip:+12155550131@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1\r\n\r\n", answer: "SIP/2.0 302 Moved\r\n", feedback: null }; }
  const person = what.match(/^people\/(\d+)$/);
  if (person && q.method === "GET") said = people.find((p) => p.id === Number(person[1]));
  said ??= {};
  a.writeHead(200, { "Content-Type": "application/json" });
  a.end(JSON.stringify(said));
}).listen(Number(process.argv[2] || 0), "127.0.0.1", function () { console.log(this.address().port); });
