// SPDX-License-Identifier: Apache-2.0
// Names that claim to be nobody of the book, one a line: kind, tab, name. Every draw is seeded.
//   node innocent.mjs SEED PACKAGE (standard input: words of protected names, for namesakes: "given" or "family", tab, word)
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [seed, where] = process.argv.slice(2);
const { allFakers } = await import(pathToFileURL(where));
const latin = ["en", "en_GB", "en_US", "en_AU", "en_IN", "en_NG", "en_ZA", "en_GH", "en_IE", "de", "de_AT", "de_CH", "fr", "fr_BE",
  "fr_CA", "fr_SN", "it", "es", "es_MX", "pt_BR", "pt_PT", "nl", "nl_BE", "sv", "da", "nb_NO", "fi", "pl", "cs_CZ", "sk", "hu",
  "ro", "hr", "tr", "vi", "id_ID", "lv", "af_ZA", "az", "eo", "yo_NG", "zu_ZA", "xh_ZA", "sr_RS_latin", "uz_UZ_latin", "cy"];
const other = ["ru", "uk", "mk", "el", "ar", "fa", "he", "ur", "zh_CN", "zh_TW", "ja", "ko", "ne", "bn_BD", "ta_IN", "th", "hy",
  "ka_GE", "dv", "hi"];
const words = readFileSync(new URL("words.txt", import.meta.url), "utf8").split("\n").filter((x) => x && !x.startsWith("#"));
const protectedWords = readFileSync(0, "utf8").split("\n").filter(Boolean).map((x) => x.split("\t"));

const seen = new Set();
const put = (kind, name) => {
  const one = name?.replace(/\s+/g, " ").trim();
  if (!one || seen.has(one)) return 0;
  seen.add(one);
  process.stdout.write(`${kind}\t${one}\n`);
  return 1;
};
// A draw that finds nothing new a hundred times running has found all there is.
const draw = (kind, most, make) => {
  for (let n = 0, dry = 0; n < most && dry < 100;) {
    let got = 0;
    try { got = put(kind, make()); } catch { return; }  // this language has no such table
    n += got;
    dry = got ? 0 : dry + 1;
  }
};
const family = (f) => f.person.lastName();
const given = (f) => f.person.firstName();
const languages = (list) => list.map((l) => allFakers[l]).filter(Boolean);
const familyFirst = new Set(["zh_CN", "zh_TW", "ja", "ko"].map((l) => allFakers[l]));

[...languages(latin), ...languages(other)].forEach((f, i) => f.seed(Number(seed) + i));
languages(latin).forEach((f) => draw("people, Latin", 1100, () => `${given(f)} ${family(f)}`));
languages(other).forEach((f) => draw("people, other scripts", 600, () =>
  familyFirst.has(f) ? `${family(f)}${f === allFakers.ko ? "" : " "}${given(f)}` : `${given(f)} ${family(f)}`));
languages([...latin, ...other]).forEach((f) => {
  draw("people, as phones write them", 20, () => `${family(f)}, ${given(f)}`);
  draw("people, as phones write them", 20, () => `${family(f)} ${given(f)}`.toUpperCase());
  draw("people, as phones write them", 15, () => `${given(f)[0]}. ${family(f)}`);
  draw("people, as phones write them", 15, () => f.person.fullName());
  draw("people, as phones write them", 10, () => `Dr. ${given(f)} ${family(f)}`);
  draw("people, as phones write them", 10, () => `${given(f)} ${family(f)} ☎`);
  draw("one word", 25, () => given(f));
  draw("one word", 25, () => family(f));
  draw("companies, places", 45, () => f.company.name());
  draw("companies, places", 15, () => f.location.city());
});
const f = allFakers.en;
const pick = (kind) => f.helpers.arrayElement(protectedWords.filter((x) => x[0] === kind))[1];
draw("namesakes", 2000, () => `${given(f.helpers.arrayElement(languages(latin)))} ${pick("family")}`);
draw("namesakes", 1000, () => `${pick("given")} ${family(f.helpers.arrayElement(languages(latin)))}`);
words.forEach((w) => put("words", w));
draw("numbers, accounts", 500, () => f.phone.number());
draw("numbers, accounts", 300, () => f.phone.number({ style: "international" }));
draw("numbers, accounts", 300, () => f.internet.email());
draw("numbers, accounts", 300, () => f.internet.username());
draw("numbers, accounts", 200, () => `Ext. ${f.string.numeric(4)}`);
