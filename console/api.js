// SPDX-License-Identifier: Apache-2.0
// The server, asked: JSON in and out, one token against forged requests, one stream of events for the whole page.

const BASE = new URL("api/", document.baseURI);

export const session = { me: null, onleave: null };

export class Refused extends Error {
  constructor(status, text, answer) {
    super(text);
    this.status = status;
    this.answer = answer;
  }
}

// A path below /desk/api/, with what is to be asked of it; empty members are left out.
export function address(path, query) {
  const url = new URL(path, BASE);
  for (const [name, value] of Object.entries(query || {}))
    if (value !== undefined && value !== null && value !== "") url.searchParams.set(name, value);
  return url;
}

async function ask(method, path, { query, body, type, headers } = {}) {
  const wish = { method, credentials: "same-origin", headers: { Accept: "application/json", ...headers } };
  if (method !== "GET") wish.headers["X-CSRF"] = session.me ? session.me.csrf : "";
  if (body !== undefined) {
    wish.headers["Content-Type"] = type || "application/json";
    wish.body = type ? body : JSON.stringify(body);
  }
  const answer = await fetch(address(path, query), wish);
  const text = await answer.text();
  let said = null;
  try {
    said = text ? JSON.parse(text) : null;
  } catch {
    said = { error: text };
  }
  if (answer.ok) return said && typeof said === "object" && answer.headers.get("ETag") && said.etag === undefined
    ? Object.assign(said, { etag: answer.headers.get("ETag") }) : said;
  if (answer.status === 401 && session.me && !path.startsWith("login")) session.onleave?.();
  throw new Refused(answer.status, (said && said.error) || answer.statusText || String(answer.status), said);
}

export const get = (path, query) => ask("GET", path, { query });
export const post = (path, body = {}, query) => ask("POST", path, { body, query });
export const set = (path, body, headers) => ask("PUT", path, { body, headers });
export const remove = (path) => ask("DELETE", path, { body: {} });
export const send = (path, body, type, method = "POST", query) => ask(method, path, { body, type, query });

// ---- events ----

const hearers = new Map();
let stream = null;
let state = "closed";

function open() {
  stream = new EventSource(address("events"));
  stream.onopen = () => spread("line", "open");
  stream.onerror = () => spread("line", "lost");
  for (const kind of ["call", "callback", "expected", "feedback"])
    stream.addEventListener(kind, (event) => {
      let said;
      try {
        said = JSON.parse(event.data);
      } catch {
        return;
      }
      spread(kind, said);
    });
}

function spread(kind, what) {
  if (kind === "line") state = what;
  for (const hearer of hearers.get(kind) || []) hearer(what);
}

export const line = () => state;

// Returns how to stop hearing.
export function hear(kind, hearer) {
  if (!hearers.has(kind)) hearers.set(kind, new Set());
  hearers.get(kind).add(hearer);
  if (!stream) open();
  return () => hearers.get(kind).delete(hearer);
}

export function deafen() {
  stream?.close();
  stream = null;
  state = "closed";
}
