// Charts. Each is a figure with a title, and shows the same as a table or as CSV.

import { h, svg } from "./dom.js";
import { downloadCsv, table } from "./table.js";
import { brief, day, hour, moment, t } from "./words.js";

/** @import { Column } from "./table.js" */

/**
 * A chart in its card, beside its table.
 * @template Row
 * @param {object} options
 * @param {string} options.title
 * @param {string} [options.hint]
 * @param {string} options.file the name of its CSV
 * @param {Column<Row>[]} options.columns
 * @param {Row[]} options.rows
 * @param {(place: HTMLElement) => void} options.draw
 * @param {"" | "wide" | "third"} [options.size] of the card
 */
export function chart({ title, hint, file, columns, rows, draw, size = "" }) {
  const drawing = h("div", { class: "drawing" });
  const data = h("div", { hidden: true });
  const toggle = h("button", { class: "quiet", "aria-pressed": "false", onclick: turn }, t("figures.table"));
  function turn() {
    data.hidden = !data.hidden;
    drawing.hidden = !data.hidden;
    toggle.setAttribute("aria-pressed", String(drawing.hidden));
    if (!data.hasChildNodes()) data.append(table(title, columns, rows).element);
  }
  const save = h("button", { class: "quiet", "aria-label": `${t("figures.csv")}: ${title}`, onclick: () => downloadCsv(file, columns, rows) }, t("figures.csv"));
  const head = h("header", {}, h("h2", {}, title), h("div", { class: "tools" }, toggle, save));
  const card = h("section", { class: `card chart ${size}` }, head, hint && h("p", { class: "hint" }, hint), drawing, data);
  if (rows.length) draw(drawing);
  else drawing.append(h("p", { class: "empty" }, t("figures.none")));
  return card;
}

/**
 * A line of a time series.
 * @template Row
 * @typedef {object} Line
 * @property {string} title
 * @property {(row: Row) => number} value
 * @property {string} color the name of a property in the style
 * @property {boolean} [area]
 */

/** Steps between ticks: a part of a message is never counted. */
const WHOLE = [...Array(9).keys()].flatMap((power) => [1, 2, 5].map((step) => step * 10 ** power));

/**
 * Draws lines over time, as wide as `place` for as long as it is there.
 * @template {{at: string}} Row
 * @param {HTMLElement} place
 * @param {{label: string, unit: "hour" | "day", rows: Row[], lines: Line<Row>[], format?: (value: number) => string, signal: AbortSignal}} options
 */
export function lines(place, { label, unit, rows, lines, format = brief, signal }) {
  const style = getComputedStyle(document.documentElement);
  // Asked for at each drawing, since it may turn dark meanwhile.
  const color = (/** @type {string} */ name) => () => style.getPropertyValue(`--${name}`);
  const axis = { stroke: color("muted"), grid: { stroke: color("line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const when = unit === "hour" ? hour : day;
  const height = 220;
  /** @type {import("uplot").Options} */
  const options = {
    width: place.clientWidth || 600, height,
    cursor: { points: { size: 7 }, y: false },
    padding: [8, 12, 0, 0],
    hooks: { setCursor: [(plot) => (plot.cursor.left ?? -1) < 0 && tellLatest(plot)] },
    axes: [
      { ...axis, values: (_, ticks) => ticks.map((tick) => when(tick * 1000)), space: unit === "hour" ? 90 : 64, size: 30 },
      { ...axis, values: (_, ticks) => ticks.map(format), size: 52, incrs: WHOLE },
    ],
    scales: { y: { range: (_, _low, high) => [0, Math.max(high * 1.08, 4)] } },
    series: [
      { label: t("figures.when"), value: (_, at) => (at == null ? "" : unit === "hour" ? moment(at * 1000) : day(at * 1000)) },
      ...lines.map(({ title, color: name, area }) => ({
        label: title, stroke: color(name), width: 1.75, points: { show: rows.length < 2 }, fill: area ? color(`${name}-soft`) : undefined,
        value: (/** @type {unknown} */ _, /** @type {number | null} */ value) => (value == null ? "" : format(value)),
      })),
    ],
  };
  /** Where no pointer is, the legend tells of the latest point. @param {import("uplot")} plot */
  const tellLatest = (plot) => plot.setLegend({ idx: rows.length - 1 });
  const data = [rows.map(({ at }) => Date.parse(at) / 1000), ...lines.map(({ value }) => rows.map(value))];
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", label);
  const plot = new uPlot(options, /** @type {import("uplot").AlignedData} */ (data), place);
  tellLatest(plot);
  const watch = new ResizeObserver(() => place.clientWidth && plot.setSize({ width: place.clientWidth, height }));
  watch.observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw(), { signal });
  signal.addEventListener("abort", () => {
    watch.disconnect();
    plot.destroy();
  });
}

/**
 * Bars, one below another: what they are of, how long, and what is said at their end.
 * @param {{of: string | Node, value: number, told: string, note?: string}[]} rows
 */
export function bars(rows) {
  const most = Math.max(...rows.map(({ value }) => value), Number.MIN_VALUE);
  return h("ul", { class: "bars" }, ...rows.map(({ of, value, told, note }) => {
    const bar = h("div", { class: "bar" });
    bar.style.inlineSize = `${(value / most) * 100}%`;
    return h("li", {}, h("span", { class: "of" }, of), h("div", { class: "track", "aria-hidden": "true" }, bar), h("span", { class: "told" }, told), h("small", {}, note));
  }));
}

/**
 * Columns, one beside another, each with what it is of below and its value above.
 * @param {{of: string, value: number, told: string}[]} rows
 */
export function columns(rows) {
  const most = Math.max(...rows.map(({ value }) => value), Number.MIN_VALUE);
  return h("ul", { class: "columns" }, ...rows.map(({ of, value, told }) => {
    const bar = h("div", { class: "bar", "aria-hidden": "true" });
    bar.style.blockSize = `${(value / most) * 100}%`;
    return h("li", {}, h("div", { class: "stand" }, h("span", { class: "told" }, told), bar), h("span", { class: "of" }, of));
  }));
}

/** A line without axes, beside a number. @param {number[]} values */
export function sparkline(values) {
  const [width, height, most] = [120, 32, Math.max(...values, 1)];
  const points = values.map((value, at) => `${((at / Math.max(values.length - 1, 1)) * width).toFixed(1)},${(height - 2 - (value / most) * (height - 4)).toFixed(1)}`);
  const area = `0,${height} ${points.join(" ")} ${width},${height}`;
  return svg("svg", { class: "sparkline", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("polygon", { points: area }), svg("polyline", { points: points.join(" ") }));
}
