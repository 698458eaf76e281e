// SPDX-License-Identifier: Apache-2.0
// Numbers and times as people read them: in the reader's own zone and language.
import { language, t } from "./language.js";

const TWO = new Set(("20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 " +
  "81 82 84 86 90 91 92 93 94 95 98").split(" "));

// "12155550121" -> "+1 215 555 0121". What is masked or no number stays as it is.
export function number(text) {
  if (!text) return t("number.withheld");
  const digits = String(text).replace(/^\+/, "");
  if (!/^\d{7,15}$/.test(digits)) return String(text);
  const code = /^[17]/.test(digits) ? 1 : TWO.has(digits.slice(0, 2)) ? 2 : 3;
  const rest = digits.slice(code);
  if (code === 1 && rest.length === 10) return `+${digits[0]} ${rest.slice(0, 3)} ${rest.slice(3, 6)} ${rest.slice(6)}`;
  const parts = [];
  let left = rest;
  while (left.length > 4) {
    parts.push(left.slice(0, 3));
    left = left.slice(3);
  }
  return `+${[digits.slice(0, code), ...parts, left].join(" ")}`;
}

const formats = new Map();
function format(options) {
  const key = language + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(language === "en" ? undefinedOr("en") : language, options));
  return formats.get(key);
}
// An English reader's own English, so that a day does not stand where a month is expected.
const undefinedOr = (which) => (navigator.languages || []).find((l) => l.startsWith(which)) || `${which}-GB`;

// Seconds since 1970, RFC 3339 text or a Date.
export const date = (at) => (at instanceof Date ? at : new Date(typeof at === "number" ? at * 1000 : at));
const valid = (at) => at !== null && at !== undefined && at !== "" && at !== 0 && !Number.isNaN(date(at).getTime());

export const when = (at) => (valid(at) ? format({ dateStyle: "medium", timeStyle: "medium" }).format(date(at)) : "–");
export const moment = (at) => (valid(at) ? format({ dateStyle: "medium", timeStyle: "short" }).format(date(at)) : "–");
export const day = (at) => (valid(at) ? format({ dateStyle: "medium" }).format(date(at)) : "–");
export const clock = (at) => (valid(at) ? format({ timeStyle: "medium" }).format(date(at)) : "–");
export const short = (at) => (valid(at)
  ? (Date.now() - date(at) < 72e6 && date(at) <= Date.now() + 6e4 ? clock(at)
    : format({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" }).format(date(at))) : "–");
export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
export const tick = (at, step) => format(step >= 86400 ? { month: "short", day: "numeric" } : { hour: "2-digit", minute: "2-digit" }).format(date(at));

export function ago(at) {
  if (!valid(at)) return "–";
  const s = Math.round((date(at) - Date.now()) / 1000);
  const f = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]])
    if (Math.abs(s) >= size) return f.format(Math.trunc(s / size), unit);
  return f.format(s, "second");
}

export const figure = (n, options) => new Intl.NumberFormat(language, options).format(n);
export const share = (part, whole) => (whole ? figure(part / whole, { style: "percent", maximumFractionDigits: 1 }) : "–");
export const micros = (us) => (us === null || us === undefined ? "–" : us < 1000 ? `${figure(us)} µs` : `${figure(us / 1000, { maximumFractionDigits: 1 })} ms`);

// For <input type=datetime-local>, and back to RFC 3339.
export function local(at) {
  const d = date(at);
  const two = (n) => String(n).padStart(2, "0");
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}`;
}
export const rfc3339 = (text) => (text ? new Date(text).toISOString().replace(/\.\d+Z$/, "Z") : "");

// A file made here, offered for keeping.
export function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const a = document.createElement("a");
  a.href = url;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

// No cell is a formula.
const cell = (value) => {
  const text = value === null || value === undefined ? "" : String(value);
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
};
export const csv = (rows) => rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
