// SPDX-License-Identifier: Apache-2.0
// Every language has every word, with the same places to fill; every word that a page says is there.
import { readFileSync, readdirSync } from "node:fs";
import { pathToFileURL } from "node:url";
const root = process.env.BF_SOURCE ? pathToFileURL(`${process.env.BF_SOURCE}/console/`) : new URL("../../console/", import.meta.url);
const en = (await import(new URL("words/en.js", root))).default;
const places = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort().join();
const wrong = [];
for (const file of readdirSync(new URL("words/", root))) {
  const words = (await import(new URL(`words/${file}`, root))).default;
  for (const key of Object.keys(en)) {
    if (words[key] === undefined) wrong.push(`${file} lacks ${key}`);
    else if (places(words[key]) !== places(en[key])) wrong.push(`${file}: ${key} has other places to fill`);
  }
  for (const key of Object.keys(words)) if (en[key] === undefined) wrong.push(`${file}: nobody says ${key}`);
}
for (const file of readdirSync(root, { recursive: true }).filter((f) => f.endsWith(".js"))) {
  const text = readFileSync(new URL(file, root), "utf8");
  for (const [, name, key] of text.matchAll(/\b(t|count)\("([a-z][\w.-]*)"/g))
    if (en[key] === undefined && en[`${key}.other`] === undefined) wrong.push(`${file} says ${key}, which has no word`);
}
console.log(wrong.map((w) => `# ${w}`).join("\n") || "# every word is there");
process.exit(wrong.length ? 1 : 0);
