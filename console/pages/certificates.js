// SPDX-License-Identifier: Apache-2.0
// Our own certificates and the days they have left; whose signatures came, how many of them broke.
import { h, put } from "../dom.js";
import { get } from "../api.js";
import { t, count } from "../language.js";
import { day, ago, figure, share } from "../show.js";

const table = (columns, rows) => h("div", { class: "scroll", tabindex: "0" }, h("table", null, h("thead", null, h("tr", null, columns.map(([name, n]) => h("th", { scope: "col", class: n && "n" }, t(`col.${name}`))))), h("tbody", null, rows.map((r) => h("tr", null, r.map((c, i) => h("td", { class: columns[i][1] && "n" }, c)))))));

export async function show(place) {
  const said = await get("certificates");
  put(place, h("div", { class: "head" }, h("h1", null, t("page.certificates"))),
    h("section", { class: "sheet" }, h("h2", null, t("certificates.own")), h("p", { class: "soft" }, t("certificates.own.text")), said.own.length ? table([["subject"], ["spc"], ["until"], ["left", true], ["url"]], said.own.map((c) => [c.subject, c.spc || "–", c.not_after ? day(c.not_after) : "–", c.not_after ? h("span", { class: c.days_left < 14 ? "veto-c" : "pass-c" }, count("days", c.days_left)) : "–", h("code", null, c.x5u || "–")])) : h("p", { class: "empty" }, t("certificates.own.none"))),
    h("section", { class: "sheet" }, h("h2", null, t("certificates.seen")), h("p", { class: "soft" }, t("certificates.seen.text")), said.signers.length ? table([["subject"], ["spc"], ["issuer"], ["domain"], ["calls", true], ["broken", true], ["last"]], said.signers.map((c) => [c.subject || "–", c.spc || "–", c.issuer || "–", c.trust_domain || "–", figure(c.calls), h("span", { class: c.broken ? "veto-c" : "" }, `${figure(c.broken)} (${share(c.broken, c.calls)})`), ago(c.last)])) : h("p", { class: "empty" }, t("certificates.seen.none"))));
}
