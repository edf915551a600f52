// Elements and text. Whatever comes from people is set as text, never as markup.

/**
 * What an element may be given: listeners by `onclick` and the like, attributes
 * by their names; `false`, `null` and `undefined` leave one out.
 * @typedef {Record<string, unknown>} Attributes
 * @typedef {Node | string | number | null | undefined | false} Child
 */

/**
 * An element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/**
 * An element of a drawing.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/**
 * @template {Element} T
 * @param {T} element
 * @param {Attributes} attributes
 * @param {Child[]} children
 */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, String(value));
  }
  element.append(...present(children));
  return element;
}

/**
 * Those children that are there.
 * @param {Child[]} children
 * @returns {(Node | string)[]}
 */
export function present(children) {
  return children.flatMap((child) => (child == null || child === false ? [] : [child instanceof Node ? child : String(child)]));
}

/**
 * Text that people wrote: whatever direction it has, it stays in its place.
 * @param {string} text
 */
export function said(text) {
  return h("bdi", { class: "said", title: text.length > 40 ? text : null }, text);
}

/**
 * Something that a person may be called by.
 * @param {{first_name?: string, last_name?: string}} person
 */
export function nameOf(person) {
  return [person.first_name, person.last_name].filter(Boolean).join(" ");
}

const ICONS = {
  overview: "M3 12h4l3-8 4 16 3-8h4",
  figures: "M4 20V10m5 10V4m5 16v-7m5 7V8",
  people: "M16 19v-1a4 4 0 0 0-8 0v1m4-8a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7m7.5 8v-1a3.4 3.4 0 0 0-2.3-3.2M4.500 19v-1a3.400 3.400 0 0 1 2.300-3.200",
  tree: "M5 12h5m0 0V6h4m-4 6v6h4M5 12a1.500 1.500 0 1 1-3 0 1.500 1.500 0 0 1 3 0m12-6a1.500 1.500 0 1 1-3 0 1.500 1.500 0 0 1 3 0m0 12a1.500 1.500 0 1 1-3 0 1.500 1.500 0 0 1 3 0m-7-6h8",
  gateways: "M12 20v-7m0 0a2 2 0 1 0 0-4 2 2 0 0 0 0 4M7.700 15.300a6 6 0 0 1 0-8.600m8.600 0a6 6 0 0 1 0 8.600M5 18A10 10 0 0 1 5 4m14 0a10 10 0 0 1 0 14",
  audit: "M8 4h8l3 3v13H5V4h3m1 7h6m-6 4h6",
  operators: "M12 3l7 3v5c0 4.500-3 8-7 10-4-2-7-5.500-7-10V6zm-3 9l2 2 4-4",
  keys: "M14.500 9.500a4 4 0 1 0-3.900 3.900L13 16h2v2h2v2h3v-3l-5.500-5.500M9 8h.01",
};

/**
 * A small picture beside a word, which says the same.
 * @param {keyof typeof ICONS} name
 */
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));
}

/**
 * Offers a file for download.
 * @param {string} name
 * @param {string} text
 * @param {string} kind
 */
export function download(name, text, kind) {
  const url = URL.createObjectURL(new Blob([text], { type: kind }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
