// SPDX-License-Identifier: Apache-2.0
// The door: name and password; while nobody has one, the one-time log-in that the server printed.
import { h, put, field, button, select } from "../dom.js";
import { post, Refused } from "../api.js";
import { t, language, languages, speak } from "../language.js";

export function login(desk, first, enter, again) {
  document.title = `${t("login.title")} – bonafide`;
  const user = h("input", { name: "user", autocomplete: "username", required: true, autocapitalize: "none", spellcheck: "false" });
  const password = h("input", { name: "password", type: "password", autocomplete: first ? "new-password" : "current-password", required: true });
  const token = first && h("input", { name: "token", autocomplete: "off", required: true, spellcheck: "false", class: "code",
    value: new URLSearchParams(location.hash.slice(1)).get("first") || "" });
  const wrong = h("p", { role: "alert" });
  const form = h("form", { class: "sheet", onsubmit: async (event) => {
    event.preventDefault();
    go.disabled = true;
    wrong.className = "";
    wrong.textContent = "";
    try {
      const body = { user: user.value.trim(), password: password.value };
      const me = first ? await post("login/first", { token: token.value.trim(), ...body }) : await post("login", body);
      if (location.hash.includes("first=")) history.replaceState(null, "", "#/live");
      enter(me);
    } catch (e) {
      wrong.className = "warn";
      wrong.textContent = e instanceof Refused ? t(e.status === 429 ? "login.slow" : e.status === 401 ? "login.wrong" : "login.refused", { why: e.message }) : t("failed", { why: e.message });
      go.disabled = false;
      password.select();
    }
  } });
  const go = h("button", { class: "main", type: "submit" }, t(first ? "login.create" : "login.enter"));
  form.append(h("div", { class: "side-by-side" }, h("img", { src: "icon.svg", alt: "", width: 44, height: 44 }), h("h1", null, t(first ? "login.first" : "login.title"))),
    h("p", { class: "soft" }, t(first ? "login.first.text" : "login.text")));
  if (first) form.append(field(t("login.token"), token, t("login.token.hint")));
  form.append(field(t("login.user"), user), field(t("login.password"), password, first ? t("login.password.hint") : null), wrong, go,
    select(Object.entries(languages).map(([key, l]) => [key, l.name]), language, { "aria-label": t("language"), onchange: (e) => { speak(e.target.value); again(); } }));
  put(desk, h("main", { class: "door" }, form));
  (first && !token.value ? token : user).focus();
}
