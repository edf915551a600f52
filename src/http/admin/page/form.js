// What operators fill in, and what the API says to it.

import { Problem } from "./api.js";
import { h } from "./dom.js";
import { named, span, t } from "./words.js";

/** What is told of a failure. @param {unknown} error */
export function told(error) {
  if (!(error instanceof Problem)) throw error;
  const { attempts_left: n, retry_after: seconds, errors } = error.body;
  const known = named("problem", error.code);
  if (known === error.code) return errors?.length ? errors.map(({ detail }) => detail).join(" ") : error.message;
  return t(/** @type {import("./words.js").Word} */ (`problem.${error.code}`), { n: n ?? 0, span: span(seconds ?? 1) });
}

/** What is told of a failure, where something would have been. @param {unknown} error @param {() => void} [retry] */
export function failure(error, retry) {
  return h("div", { class: "notice bad", role: "alert" }, h("p", {}, told(error)), retry && h("button", { onclick: retry }, t("retry")));
}

let fields = 0;

/**
 * A control with its label.
 * @template {HTMLElement} T
 * @param {string} label
 * @param {T} control
 * @param {string} [hint]
 */
export function field(label, control, hint) {
  control.id ||= `field-${++fields}`;
  if (hint) control.setAttribute("aria-describedby", `${control.id}-hint`);
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control, hint && h("p", { class: "hint", id: `${control.id}-hint` }, hint));
}

/** Why, in the operator's words. @param {string} [value] */
export function reasonInput(value = "") {
  return h("input", { name: "reason", required: true, maxlength: 300, autocomplete: "off", value });
}

/**
 * A form whose `send` runs once at a time; what it fails with is told in it.
 * @param {string} button
 * @param {(values: Record<string, string>, form: HTMLFormElement) => Promise<unknown>} send
 * @param {(Node | string | null | undefined | false)[]} content
 * @param {{danger?: boolean, beside?: Node | null}} [options]
 */
export function form(button, send, content, { danger, beside } = {}) {
  const alert = h("p", { class: "alert", role: "alert" });
  const submit = h("button", { class: danger ? "danger" : "primary" }, button);
  const element = h("form", { onsubmit: start }, ...content, alert, h("div", { class: "buttons" }, submit, beside));
  /** @param {Event} event */
  async function start(event) {
    event.preventDefault();
    if (submit.disabled) return;
    submit.disabled = true;
    alert.textContent = "";
    try {
      const values = [...new FormData(element)].map(([name, value]) => [name, String(value).trim()]);
      await send(Object.fromEntries(values), element);
    } catch (error) {
      alert.textContent = told(error);
    } finally {
      submit.disabled = false;
    }
  }
  return element;
}

/**
 * Asks in a dialog, and does `send` with the answers. It closes when that is done.
 * @param {object} options
 * @param {string} options.title
 * @param {string} options.text
 * @param {string} options.button
 * @param {(Node | null | false)[]} [options.content]
 * @param {boolean} [options.danger]
 * @param {(values: Record<string, string>, form: HTMLFormElement) => Promise<unknown>} options.send
 */
export function ask({ title, text, button, content = [], danger, send }) {
  const no = h("button", { type: "button", onclick: () => dialog.close() }, t("cancel"));
  const inside = form(button, async (values, form) => {
    await send(values, form);
    dialog.close();
  }, content, { danger, beside: no });
  const dialog = show(title, h("p", {}, text), inside);
}

/**
 * Shows something above all else, until it is closed.
 * @param {string} title
 * @param {...Node} content
 */
export function show(title, ...content) {
  const dialog = h("dialog", { "aria-labelledby": "dialog-title", onclose: () => dialog.remove() }, h("h2", { id: "dialog-title" }, title), ...content);
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Tells of something that is done, for a while. @param {string} text */
export function tell(text) {
  const place = /** @type {HTMLElement} */ (document.getElementById("told"));
  place.textContent = text;
  setTimeout(() => place.textContent === text && (place.textContent = ""), 5000);
}
