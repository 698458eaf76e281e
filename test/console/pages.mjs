// SPDX-License-Identifier: Apache-2.0
// Every page of the desk in a real Chromium, looked at by axe: dark and light, narrow and wide, English and Italian.
//   node pages.mjs URL NAME PASSWORD [PICTURES]
import { chromium } from "playwright-core";
import { execFile } from "node:child_process";
import { readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";

const [,, base, user, password, pictures] = process.argv;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: process.getuid() === 0 ? ["--no-sandbox"] : [] });
const api = (path) => fetch(new URL(`api/${path}`, base)).then((r) => r.text());
const all = ["live", "records", "people", "people/1", "people/new", "expected", "rules", "certificates", "overview", "settings"];
const troubles = [];

function check(truth, ...what) {
  if (!truth) throw new Error(what.join(" "));
}

async function visitor({ hash, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", timezoneId: "Europe/Rome", reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20000);
  page.on("pageerror", (e) => troubles.push(`${page.url()}: ${e.message}`));
  page.on("console", (m) => { if (m.type() === "error" && !/401/.test(m.text())) troubles.push(`${page.url()}: ${m.text()}`); });
  page.on("request", (r) => { if (new URL(r.url()).origin !== new URL(base).origin && !r.url().startsWith("blob:")) troubles.push(`asks elsewhere: ${r.url()}`); });
  await page.goto(base + (hash || ""));
  await page.waitForSelector("main");
  if (await page.$(".door")) {
    await page.fill("[name=user]", user);
    await page.fill("[name=password]", password);
    await page.keyboard.press("Enter");
  }
  await page.waitForSelector("main[data-ready]");
  return page;
}

async function visit(page, hash) {
  await page.evaluate(() => { delete document.querySelector("main").dataset.ready; });
  await page.evaluate((to) => { if (location.hash === to) dispatchEvent(new HashChangeEvent("hashchange")); else location.hash = to; }, `#/${hash}`);
  await page.waitForSelector("main[data-ready]");
  check(!(await page.$("main > .warn")), hash, "failed:", await page.textContent("main"));
}

async function judged(page, where) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  const serious = found.violations.filter((v) => ["serious", "critical"].includes(v.impact));
  check(!serious.length, where, serious.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.html.slice(0, 160)} ${n.failureSummary}`).join(" | ")}`).join("\n"));
}

const first = async (page) => JSON.parse(await page.evaluate(() => fetch("api/calls?limit=1&verdict=impostor").then((r) => r.text()))).calls[0];

const tests = {
  async "the first log-in is made with what the server printed, and no trace of it stays in the address"() {
    const page = await visitor({ hash: "#first=once" });
    const said = JSON.parse(await api("mock/said"));
    check(said.some((w) => w.what === "POST login/first" && JSON.parse(w.text).token === "once"), JSON.stringify(said));
    check(!page.url().includes("once"), page.url());
    await page.click("#logout");
    await page.waitForSelector(".door");
    check(!(await page.$("[name=token]")), "it is asked for again");
    await page.context().close();
  },
  async "the door opens with name and password, and by the keyboard alone"() {
    const page = await visitor();
    check(await page.textContent("#logout").then((t) => t.includes(user)), "nobody is logged in");
    await page.keyboard.press("Tab");
    await page.context().close();
  },
  async "a call appears by itself, with its verdict in words, colour and shape"() {
    const page = await visitor();
    await visit(page, "live");
    const before = await page.getAttribute(".hero", "data-id");
    await page.waitForSelector(".line.open");
    await api("mock/ring?kind=1");
    await page.waitForFunction((id) => document.querySelector(".hero")?.dataset.id !== id, before);
    check(await page.$(".hero.v-impostor svg.shape"), "no mask");
    check((await page.textContent(".hero")).includes("This is not Ada Miller"), await page.textContent(".hero"));
    check((await page.textContent(".hero .name")) === "+1 202 555 0177", "names somebody who is not proven:", await page.textContent(".hero .name"));
    const size = await page.$eval(".hero .name", (e) => parseFloat(getComputedStyle(e).fontSize));
    check(size >= 48, "too small to be read from two metres:", size);
    check((await page.textContent("[aria-live=assertive]")).includes("Impostor"), "a screen reader hears nothing");
    if (pictures) await page.screenshot({ path: `${pictures}/desk-live.png` });
    await page.click(".callback");
    const offered = await page.$$eval("dialog option", (o) => o.map((e) => e.value));
    check(offered.includes("+12155550121") && !offered.some((n) => n.includes("2025550177")), "what is offered:", offered);
    await page.fill("dialog [name=desk]", "200");
    await page.click("dialog [type=submit]");
    await page.waitForFunction(() => document.querySelector("dialog [role=status]").textContent.includes("Ada Miller"));
    const said = JSON.parse(await api("mock/said")).find((w) => w.what === "POST callbacks");
    check(said.csrf === "x" && JSON.parse(said.text).number === "+12155550121", JSON.stringify(said));
    await page.context().close();
  },
  async "one call shows its chain, its ballots, its token and its message, and takes feedback"() {
    const page = await visitor();
    const call = await first(page);
    await visit(page, `call/${call.id}`);
    check((await page.$$(".chain > li")).length === 4, "the chain has other knots");
    check((await page.$$(".ballots li")).length > 3, "too few ballots");
    await page.click("#raw summary");
    check((await page.textContent("#raw pre")).startsWith("INVITE "), "no message");
    await page.click("#right");
    await page.waitForSelector("#told .note");
    check(JSON.parse(await api("mock/said")).some((w) => w.what.endsWith("/feedback") && JSON.parse(w.text).right === true), "feedback went nowhere");
    await page.context().close();
  },
  async "fifty thousand records are listed with a few rows only, and reached by the keyboard"() {
    const page = await visitor();
    await visit(page, "records");
    await page.waitForSelector(".rows .row:nth-child(2)");
    await page.focus(".rows");
    while (Number(await page.getAttribute(".rows", "data-loaded")) < 50000) {
      const had = await page.getAttribute(".rows", "data-loaded");
      await page.keyboard.press("End");
      await page.waitForFunction((n) => document.querySelector(".rows").dataset.loaded !== n, had);
      check((await page.$$(".rows .row")).length < 120, "too many rows are elements");
    }
    await page.keyboard.press("End");
    await page.waitForSelector('.rows .row[data-i="49999"]:focus');
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => location.hash.startsWith("#/call/"));
    await page.context().close();
  },
  async "records are filtered by verdict, and what is exported is what is seen"() {
    const page = await visitor();
    await visit(page, "records");
    await page.click('[data-v="impostor"]');
    await page.waitForFunction(() => [...document.querySelectorAll(".rows .row .badge")].every((b) => b.className.includes("impostor")) && document.querySelector(".rows .row"));
    check((await page.getAttribute('a[download="calls.csv"]', "href")).includes("verdict=impostor"), "the export is another");
    await page.context().close();
  },
  async "a rule is written, tried on past calls and saved"() {
    const page = await visitor();
    await visit(page, "rules");
    await page.click("#add");
    await page.fill(".rule:last-child .field input", "journalists");
    await page.click("#run");
    await page.waitForSelector("#dry:not([hidden])");
    await page.click("#save");
    await page.waitForSelector("#told .note");
    const sent = JSON.parse(JSON.parse(await api("mock/said")).filter((w) => w.what === "PUT rules").at(-1).text).rules.at(-1);
    check(sent.name === "journalists" && sent.mode === "observe", JSON.stringify(sent));
    await page.context().close();
  },
  async "plots are pointed at, selected on, and their figures taken"() {
    const page = await visitor();
    await visit(page, "overview");
    const box = await (await page.$(".plot")).boundingBox();
    await page.mouse.move(box.x + box.width * 0.3, box.y + 60);
    check(/\d/.test(await page.textContent(".tip")), "pointing says nothing");
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 60);
    await page.mouse.up();
    await page.waitForSelector("#back");
    const [file] = await Promise.all([page.waitForEvent("download"), page.click(".plot-box button")]);
    check(file.suggestedFilename() === "calls-by-verdict.csv", file.suggestedFilename());
    await page.context().close();
  },
  async "the language and the colours are chosen, and kept"() {
    const page = await visitor();
    await visit(page, "settings");
    await page.selectOption("#theme", "dark");
    await page.selectOption("#language", "it");
    await page.waitForFunction(() => document.documentElement.lang === "it" && document.querySelector("nav").textContent.includes("Persone"));
    await page.reload();
    await page.waitForSelector("main[data-ready]");
    check(await page.evaluate(() => document.documentElement.dataset.theme === "dark" && document.documentElement.lang === "it"), "forgotten");
    await page.context().close();
  },
};
for (const [what, options] of [["dark", { colorScheme: "dark" }], ["light, in Italian", { colorScheme: "light", locale: "it-IT" }], ["360 pixels wide", { viewport: { width: 360, height: 740 } }], ["on a 4K screen", { viewport: { width: 3840, height: 2160 } }]])
  tests[`every page, ${what}: axe finds nothing serious, and nothing hangs over`] = async () => {
    const page = await visitor(options);
    const call = await first(page);
    for (const where of [...all, `call/${call.id}`]) {
      await visit(page, where);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      check(over <= 0, where, "is too wide by", over);
      await judged(page, where);
      const name = where.split("/")[0];
      if (pictures && what === "dark" && ["call", "overview"].includes(name)) await page.screenshot({ path: `${pictures}/desk-${name}.png` });
      if (pictures && what.startsWith("light") && where === "people/1") await page.screenshot({ path: `${pictures}/desk-people-it.png` });
    }
    await page.context().close();
  };
tests["no page had an error, broke its policy or asked anything elsewhere"] = async () => check(!troubles.length, troubles.join("\n"));

// A server that judges: calls that are really placed, a book that is really kept.
const asked = (page, path) => page.evaluate((to) => fetch(`api/${to}`).then((r) => r.json()), path);
const ring = () => new Promise((done, broken) => { const [program, ...words] = JSON.parse(process.env.BF_RING); execFile(program, words, (e) => (e ? broken(e) : done())); });
const really = {
  async "calls that were really placed stand on the pages with the verdicts that the server gave"() {
    const page = await visitor();
    const { calls } = await asked(page, "calls?limit=1000");
    for (const verdict of ["genuine", "unproven", "broken"]) check(calls.some((c) => c.verdict === verdict), "no call is", verdict);
    await visit(page, "live");
    check((await page.$$(".calls li")).length === calls.length - 1, "calls are missing");
    for (const call of calls) {
      const { record, identities } = await asked(page, `calls/${call.id}`);
      await visit(page, `call/${call.id}`);
      check(await page.$(`section.v-${call.verdict} svg.shape`), call.id, "has another verdict");
      check((await page.textContent("main")).includes(call.why || ""), "the reason is missing");
      check((await page.$$(".ballots li")).length === record.ballots.length, "ballots are missing");
      const unnamed = await page.$$eval(".ballots strong", (all) => all.map((e) => e.textContent).filter((t) => !t.endsWith("?")));
      check(!unnamed.length, "checks without plain words:", unnamed.join(", "));
      check((await page.$$(".knot.veto")).length > 0 === (call.verdict === "broken"), call.why, "is not drawn");
      check((await page.textContent("#raw pre")).startsWith("INVITE "), "no message");
      if (identities.length) check((await page.textContent("main")).includes(identities[0].header.x5u), "the token is missing");
      await judged(page, call.verdict);
    }
    await page.context().close();
  },
  async "a call that is placed now appears by itself, and whose name it says is told"() {
    const page = await visitor();
    await visit(page, "live");
    const before = await page.getAttribute(".hero", "data-id");
    await page.waitForSelector(".line.open");
    await ring();
    await page.waitForFunction((id) => document.querySelector(".hero")?.dataset.id !== id, before);
    check(await page.$(".hero.v-impostor svg.shape"), "no mask");
    check((await page.textContent(".hero")).includes("This is not Ada Miller"), await page.textContent(".hero"));
    await page.context().close();
  },
  async "whether a verdict was right is kept by the server"() {
    const page = await visitor();
    const call = await first(page);
    await visit(page, `call/${call.id}`);
    await page.click("#right");
    await page.waitForSelector("#told .note");
    check((await asked(page, `calls/${call.id}`)).feedback.right === true, "feedback went nowhere");
    await page.context().close();
  },
  async "a person is written into the book, and her name is tried"() {
    const page = await visitor();
    await visit(page, "people/new");
    await page.fill("[name=name]", "Grace Hopper");
    await page.fill("[name=numbers]", "+12155550160");
    await page.click("form.sheet [type=submit]");
    await page.waitForFunction(() => /people\/\d+$/.test(location.hash));
    await page.waitForSelector("main[data-ready]");
    check((await asked(page, "people?q=hopper")).people.length === 1, "she is not in the book");
    await visit(page, "people");
    await page.fill("[name=claimed]", "Gr4ce Hopper");
    await page.press("[name=claimed]", "Enter");
    await page.waitForFunction(() => [...document.querySelectorAll("[role=status]")].some((e) => e.textContent.includes("Grace Hopper")));
    await page.context().close();
  },
  async "records of real calls are listed, and chosen by verdict"() {
    const page = await visitor();
    await visit(page, "records");
    await page.waitForSelector(".rows .row .badge.v-broken");
    await page.click('[data-v="genuine"]');
    await page.waitForFunction(() => document.querySelector(".rows .row") && [...document.querySelectorAll(".rows .row .badge")].every((b) => b.className.includes("genuine")));
    await page.context().close();
  },
  async "every page is shown, and axe finds nothing serious"() {
    const page = await visitor();
    for (const where of all) {
      await visit(page, where);
      await judged(page, where);
    }
    await page.context().close();
  },
  "no page had an error, broke its policy or asked anything elsewhere": tests["no page had an error, broke its policy or asked anything elsewhere"],
};
if (process.env.BF_RING) for (const name of Object.keys(tests)) delete tests[name];
if (process.env.BF_RING) Object.assign(tests, really);

if (pictures) mkdirSync(pictures, { recursive: true });
console.log(`1..${Object.keys(tests).length}`);
let n = 0, failed = 0;
for (const [name, test] of Object.entries(tests)) {
  n++;
  try {
    await test();
    console.log(`ok ${n} - ${name}`);
  } catch (e) {
    failed++;
    console.log(`# ${String(e.stack || e).replace(/\n/g, "\n# ")}\nnot ok ${n} - ${name}`);
  }
}
await browser.close();
process.exit(failed ? 1 : 0);
