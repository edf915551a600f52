// Tables, and the same as CSV.

import { h, download } from "./dom.js";
import { t } from "./words.js";

/**
 * A column. `text` is what is written to CSV and, without `cell`, what is shown.
 * @template Row
 * @typedef {object} Column
 * @property {string} title
 * @property {(row: Row) => string | number} text
 * @property {(row: Row) => Node | string | number} [cell]
 * @property {boolean} [numeric]
 */

/**
 * A table that scrolls inside of itself where the window is narrow.
 * @template Row
 * @param {string} caption
 * @param {Column<Row>[]} columns
 * @param {Row[]} rows
 */
export function table(caption, columns, rows) {
  const body = h("tbody");
  const head = columns.map(({ title, numeric }) => h("th", { scope: "col", class: numeric ? "numeric" : null }, title || h("span", { class: "unseen" }, t("person.actions"))));
  const element = h("table", {}, h("caption", { class: "unseen" }, caption), h("thead", {}, h("tr", {}, ...head)), body);
  addRows(body, columns, rows);
  return { element: h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption }, element), body };
}

/**
 * Adds rows to a table.
 * @template Row
 * @param {HTMLElement} body
 * @param {Column<Row>[]} columns
 * @param {Row[]} rows
 */
export function addRows(body, columns, rows) {
  const cells = (/** @type {Row} */ row) => columns.map(({ cell, text, numeric }) => h("td", { class: numeric ? "numeric" : null }, (cell ?? text)(row)));
  body.append(...rows.map((row) => h("tr", {}, ...cells(row))));
}

/**
 * Rows as CSV (RFC 4180). Spreadsheets take text that begins like a formula for
 * one, so such text gets an apostrophe in front.
 * @template Row
 * @param {Column<Row>[]} columns
 * @param {Row[]} rows
 */
export function csv(columns, rows) {
  const cell = (/** @type {string | number} */ value) => {
    const text = typeof value === "string" && /^[\s]*[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ text }) => text(row)))];
  return lines.map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
}

/**
 * Offers rows for download.
 * @template Row
 * @param {string} name
 * @param {Column<Row>[]} columns
 * @param {Row[]} rows
 */
export function downloadCsv(name, columns, rows) {
  // The mark tells spreadsheets that it is UTF-8.
  download(`${name}.csv`, "\uFEFF" + csv(columns, rows), "text/csv;charset=utf-8");
}
