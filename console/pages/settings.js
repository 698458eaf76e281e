// SPDX-License-Identifier: Apache-2.0
// This browser's looks, one's own password; for administrators users and the log of who changed what.
import { h, put, field, select, button, ask, tell } from "../dom.js";
import { get, post, set, remove, session } from "../api.js";
import { t, language, languages } from "../language.js";
import { moment } from "../show.js";
import { keep, chooseLanguage, chooseTheme, failed } from "../app.js";

const roles = ["desk", "admin", "read"];
const secret = (name, kind) => h("input", { type: "password", name, autocomplete: kind, required: true });

async function users(place) {
  const said = await get("users"), again = () => users(place).catch(failed);
  const name = h("input", { name: "newuser", required: true, autocomplete: "off", autocapitalize: "none" }), role = select(roles.map((r) => [r, t(`role.${r}`)]), "desk", { name: "newrole" }), password = secret("newpassword", "new-password");
  put(place, h("h2", null, t("users")), h("div", { class: "scroll", tabindex: "0" }, h("table", null, h("thead", null, h("tr", null, h("th", { scope: "col" }, t("login.user")), h("th", { scope: "col" }, t("role")), h("th", { scope: "col" }, h("span", { class: "unseen" }, t("col.do"))))),
    h("tbody", null, (said.users || said).map((u) => h("tr", null, h("td", null, u.user ?? u.name), h("td", null, select(roles.map((r) => [r, t(`role.${r}`)]), u.role, { "aria-label": `${t("role")}: ${u.user ?? u.name}`, onchange: (e) => set(`users/${encodeURIComponent(u.user ?? u.name)}`, { role: e.target.value }).then(() => tell(t("saved")), (x) => { failed(x); again(); }) })),
      h("td", null, (u.user ?? u.name) !== session.me.user && button(t("remove"), async () => { if (await ask({ title: t("users.remove", { name: u.user ?? u.name }), text: "", yes: t("remove"), no: t("cancel"), danger: true })) remove(`users/${encodeURIComponent(u.user ?? u.name)}`).then(again, failed); }, { class: "small" }))))))),
  h("form", { class: "bar", onsubmit: (e) => { e.preventDefault(); post("users", { user: name.value.trim(), role: role.value, password: password.value }).then(again, failed); } }, field(t("login.user"), name), field(t("role"), role), field(t("login.password"), password), h("button", { type: "submit" }, t("add"))));
}

async function audit(place) {
  const said = await get("audit", { limit: 100 });
  put(place, h("h2", null, t("audit")), h("p", { class: "soft" }, t("audit.text")), h("div", { class: "scroll", tabindex: "0" }, h("table", null, h("thead", null, h("tr", null, ["at", "who", "what", "object", "detail"].map((c) => h("th", { scope: "col" }, t(`col.${c}`))))), h("tbody", null, said.entries.map((e) => h("tr", null, h("td", { class: "num" }, moment(e.at)), h("td", null, e.user || "–"), h("td", null, e.what), h("td", null, e.object || ""), h("td", null, typeof e.detail === "object" ? JSON.stringify(e.detail) : e.detail || "")))))));
}

export async function show(place) {
  const old = secret("old", "current-password"), next = secret("new", "new-password"), u = h("section", { class: "sheet stack" }), a = h("section", { class: "sheet stack" });
  put(place, h("div", { class: "head" }, h("h1", null, t("page.settings"))), h("div", { class: "grid" },
    h("section", { class: "sheet stack" }, h("h2", null, t("looks")), field(t("language"), select(Object.entries(languages).map(([k, l]) => [k, l.name]), language, { onchange: (e) => chooseLanguage(e.target.value) })),
      field(t("theme"), select(["system", "light", "dark"].map((v) => [v, t(`theme.${v}`)]), keep.get("theme") || "system", { id: "theme", onchange: (e) => chooseTheme(e.target.value) }))),
    h("form", { class: "sheet stack", onsubmit: async (e) => { e.preventDefault(); try { await post("me/password", { old: old.value, new: next.value }); old.value = next.value = ""; tell(t("saved")); } catch (x) { failed(x); } } }, h("h2", null, t("password.title")), h("p", { class: "soft" }, t("password.text", { user: session.me.user, role: t(`role.${session.me.role}`) })), h("input", { type: "text", value: session.me.user, autocomplete: "username", hidden: true, readonly: true }), field(t("password.old"), old), field(t("password.new"), next, t("login.password.hint")), h("div", null, h("button", { type: "submit" }, t("save"))))),
  session.me.role === "admin" && [u, a], h("p", { class: "soft" }, `bonafide ${session.me.version || ""}`));
  if (session.me.role === "admin") await Promise.all([users(u), audit(a)]);
}
