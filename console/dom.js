// SPDX-License-Identifier: Apache-2.0
// Elements, made by functions. Text is always text: nothing that a caller wrote is ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";

// `on…` are listeners, `style` an object (set through CSSOM: the policy of the page allows no style attribute), a property
// that is null, undefined or false is left out, true is an empty attribute.
function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, part] of Object.entries(value)) element.style.setProperty(key, part);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

export function h(tag, properties, ...children) {
  return fill(document.createElement(tag), properties, children);
}

export function s(tag, properties, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

export function put(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

let numbered = 0;
export const fresh = (word) => `${word}-${++numbered}`;

// A label and its field, as a pair; `hint` is read with the field.
export function field(label, input, hint) {
  const id = input.id || fresh("field");
  input.id = id;
  const told = hint && h("small", { id: `${id}-hint` }, hint);
  if (told) input.setAttribute("aria-describedby", told.id);
  return h("div", { class: "field" }, h("label", { for: id }, label), input, told);
}

export function select(choices, chosen, properties) {
  return h("select", properties, choices.map(([value, text]) => h("option", { value, selected: value === chosen }, text)));
}

export const button = (text, onclick, properties) => h("button", { type: "button", onclick, ...properties }, text);

// Asks before something that cannot be taken back. Resolves to true or false.
export function ask({ title, text, yes, no, danger }) {
  return new Promise((answer) => {
    const heading = fresh("ask");
    const box = h("dialog", { class: "ask", "aria-labelledby": heading, onclose: () => { answer(box.returnValue === "yes"); box.remove(); } },
      h("form", { method: "dialog" }, h("h2", { id: heading }, title), h("p", null, text),
        h("div", { class: "actions" }, h("button", { value: "no", class: "quiet" }, no),
          h("button", { value: "yes", class: danger ? "danger" : "main" }, yes))));
    document.body.append(box);
    box.showModal();
  });
}

// A sentence that goes away by itself; screen readers hear it.
export function tell(text, kind = "good") {
  let board = document.getElementById("told");
  if (!board) document.body.append(board = h("div", { id: "told", role: "status", "aria-live": "polite" }));
  const note = h("p", { class: `note ${kind}` }, text);
  board.append(note);
  setTimeout(() => note.remove(), kind === "bad" ? 12000 : 5000);
}
