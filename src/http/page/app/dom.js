/** Elements, and what screen readers are told. */

/**
 * An element. What begins with `on` listens; `true` is an attribute without a
 * value, and neither `false` nor `undefined` is one. Texts become text nodes:
 * nothing that was typed is ever read as HTML.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Node | string | false | null | undefined)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else if (value !== false && value !== undefined && value !== null) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.filter((child) => child instanceof Node || typeof child === "string"));
  return element;
}

/**
 * A button that cannot be pressed again before it is done.
 *
 * @param {string} label
 * @param {() => unknown} act
 * @param {Record<string, unknown>} [attributes]
 */
export function button(label, act, attributes = {}) {
  const element = h("button", { type: "button", ...attributes, onclick: () => busy(element, act) }, label);
  return element;
}

/**
 * A form that is sent by `act`, and cannot be sent again before that is done.
 *
 * @param {(form: HTMLFormElement) => unknown} act
 * @param {...(Node | string | false | null | undefined)} children
 */
export function form(act, ...children) {
  const element = h("form", { novalidate: true, onsubmit: submit }, ...children);
  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    void busy(element.querySelector("button:not([type=button])"), () => act(element));
  }
  return element;
}

/**
 * @param {HTMLButtonElement | null} pressed
 * @param {() => unknown} act
 */
async function busy(pressed, act) {
  if (pressed?.getAttribute("aria-disabled") === "true") return;
  pressed?.setAttribute("aria-disabled", "true");
  try {
    await act();
  } finally {
    pressed?.removeAttribute("aria-disabled");
  }
}

let fields = 0;

/**
 * A labelled input with a place below it for what is wrong with it.
 *
 * @param {string} label
 * @param {Record<string, unknown>} attributes
 */
export function field(label, attributes) {
  const id = `field-${++fields}`;
  const input = h("input", { id, "aria-describedby": `${id}-error`, ...attributes });
  const error = h("p", { id: `${id}-error`, class: "error", role: "alert" });
  /** @param {string} text */
  function refuse(text) {
    error.textContent = text;
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
  input.addEventListener("input", () => refuse(""));
  return { element: h("div", { class: "field" }, h("label", { for: id }, label), input, error), input, refuse };
}

const polite = h("div", { class: "visually-hidden", role: "status" });

/**
 * Has a screen reader say something when it has a moment.
 *
 * @param {string} text
 */
export function announce(text) {
  if (!polite.isConnected) document.body.append(polite);
  polite.textContent = text;
}

/**
 * Shows a message for a while, and has it read.
 *
 * @param {string} text
 */
export function toast(text) {
  document.querySelector(".toast")?.remove();
  const element = h("div", { class: "toast", "aria-hidden": "true" }, text);
  document.body.append(element);
  announce(text);
  setTimeout(() => element.remove(), 6000);
}

/**
 * Copies a text, where the browser lets us.
 *
 * @param {string} text
 * @param {string} done
 */
export async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without TLS there is no clipboard: the old way, by a selection.
    const area = h("textarea", { class: "visually-hidden" }, text);
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast(done);
}
