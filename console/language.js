// SPDX-License-Identifier: Apache-2.0
// Words by language. One more language: a table of the same keys in words/, and a row here.
import en from "./words/en.js";
import it from "./words/it.js";

export const languages = { en: { name: "English", words: en }, it: { name: "Italiano", words: it } };

const kept = (() => {
  try {
    return localStorage.getItem("bonafide.language");
  } catch {
    return null;
  }
})();

export let language = languages[kept] ? kept
  : (navigator.languages || []).map((l) => l.slice(0, 2)).find((l) => languages[l]) || "en";

export function speak(which) {
  if (!languages[which]) return;
  language = which;
  document.documentElement.lang = which;
  try {
    localStorage.setItem("bonafide.language", which);
  } catch { /* a page that may not keep anything still speaks */ }
}

// `{name}` in a text is replaced; a key that the language lacks is said in English, one that nobody has stands as it is.
export function t(key, values) {
  const text = languages[language].words[key] ?? en[key] ?? key;
  return values ? text.replace(/\{(\w+)\}/g, (whole, name) => (values[name] === undefined ? whole : values[name])) : text;
}

export const has = (key) => en[key] !== undefined;

// The words for one, for more: "days.one", "days.other", by the language's own rule of plurals.
export function count(key, n, values) {
  const form = new Intl.PluralRules(language).select(n);
  const name = en[`${key}.${form}`] === undefined ? `${key}.other` : `${key}.${form}`;
  return t(name, { n: new Intl.NumberFormat(language).format(n), ...values });
}
