// Charts of a day, a week, a month or a year.

import { read } from "../api.js";
import { bars, chart, columns, lines } from "../chart.js";
import { h, said } from "../dom.js";
import { FUNNEL, funnel, steps } from "./overview.js";
import { brief, day, moment, money, named, number, percent, span as length, t } from "../words.js";

/** @import { ByGateway, ByPrefix, Cohort, Measure, Point, Series, View } from "../types" */
/** @import { Column } from "../table.js" */
/** @import { Line } from "../chart.js" */

const SPANS = /** @type {const} */ (["day", "week", "month", "year"]);

/** @type {View} */
export async function figures(root, { id }, signal) {
  const span = SPANS.find((span) => span === id) ?? "month";
  const links = SPANS.map((one) => h("a", { href: `#/figures/${one}`, "aria-current": one === span ? "true" : null }, t(`span.${one}`)));
  const grid = h("div", { class: "grid six" }, h("p", { class: "empty" }, t("loading")));
  root.append(h("header", { class: "head" }, h("h1", {}, t("view.figures")), h("nav", { class: "choice", "aria-label": t("span.label") }, ...links)), grid);
  /** @type {[Series, {cohorts: Cohort[]}]} */
  const [series, { cohorts }] = await Promise.all([read("series/", { span }, signal), read("cohorts/", {}, signal)]);
  const file = (/** @type {string} */ of) => `invited-${of}-${span}`;
  grid.replaceChildren();
  // Drawn when in place, since they are as wide as that.
  const cards = [
    () => overTime(series, t("figures.codes"), file("codes"), [count("asked", "line-1"), count("sent", "line-2"), count("delivered", "line-3"), count("confirmed", "line-4", true)], "wide"),
    () => overTime(series, t("figures.growth"), file("growth"), [count("accounts", "line-4", true), count("invitations", "line-2")]),
    () => overTime(series, t("figures.failures"), file("failures"), [count("unsent", "line-2"), count("undelivered", "line-5"), count("wrong", "line-1"), count("limited", "line-4")]),
    () => funnelChart(series.points, file("funnel")),
    () => kFactors(cohorts),
    () => overTime(series, t("measure.cost"), file("cost"), [{ title: t("measure.cost"), value: ({ cost }) => Number(cost), color: "line-4", area: true }]),
    () => costOf(t("figures.by_prefix"), file("prefixes"), series.by_prefix.map(({ prefix, ...rest }) => ({ of: prefix, ...rest })), t("figures.prefix")),
    () => costOf(t("figures.by_gateway"), file("gateways"), series.by_gateway.map(({ gateway, ...rest }) => ({ of: gateway, ...rest })), t("figures.gateway"), "third"),
    () => deliveryTimes(series.by_gateway, file("delivery")),
    () => limits(series.by_limit, file("limits")),
  ];
  for (const card of cards) grid.append(card());

  /**
   * @param {Series} series
   * @param {string} title
   * @param {string} file
   * @param {Line<Point>[]} drawn
   * @param {"" | "wide"} [size]
   */
  function overTime({ unit, points }, title, file, drawn, size) {
    /** @type {Column<Point>[]} */
    const columns = [
      { title: t("figures.when"), text: ({ at }) => at, cell: ({ at }) => (unit === "hour" ? moment(at) : day(at)) },
      ...drawn.map(({ title, value }) => ({ title, text: value, cell: (/** @type {Point} */ point) => number(value(point)), numeric: true })),
    ];
    const draw = (/** @type {HTMLElement} */ place) => lines(place, { label: title, unit, rows: points, lines: drawn, signal });
    return chart({ title, file, columns, rows: points, draw: later(draw), size });
  }
}

/**
 * Draws when the place has its width.
 * @param {(place: HTMLElement) => void} draw
 */
const later = (draw) => (/** @type {HTMLElement} */ place) => queueMicrotask(() => draw(place));

/**
 * @param {Measure} measure
 * @param {string} color
 * @param {boolean} [area]
 * @returns {Line<Point>}
 */
const count = (measure, color, area) => ({ title: named("measure", measure), value: (point) => point[measure], color, area });

/** @param {Point[]} points @param {string} file */
function funnelChart(points, file) {
  const counts = /** @type {Record<Measure, number>} */ ({});
  for (const measure of FUNNEL) counts[measure] = points.reduce((sum, point) => sum + point[measure], 0);
  const rows = steps(counts);
  /** @type {Column<typeof rows[0]>[]} */
  const columns = [
    { title: t("figures.step"), text: ({ measure }) => named("measure", measure) },
    { title: t("figures.count"), text: ({ count }) => count, cell: ({ count }) => number(count), numeric: true },
    { title: t("figures.share"), text: ({ count, before }) => percent(count, before), numeric: true },
    { title: t("figures.whole"), text: ({ count }) => percent(count, counts.asked), numeric: true },
  ];
  return chart({ title: t("figures.funnel"), file, columns, rows: counts.asked ? rows : [], draw: (place) => place.append(funnel(counts)) });
}

/** @param {Cohort[]} cohorts */
function kFactors(cohorts) {
  const k = (/** @type {number} */ value) => value.toFixed(2);
  /** @type {Column<Cohort>[]} */
  const shown = [
    { title: t("figures.week"), text: ({ week }) => week, cell: ({ week }) => day(week) },
    { title: t("measure.accounts"), text: ({ accounts }) => accounts, cell: ({ accounts }) => number(accounts), numeric: true },
    { title: t("measure.invitations"), text: ({ invited }) => invited, cell: ({ invited }) => number(invited), numeric: true },
    { title: t("figures.k_factor"), text: (row) => row.k, cell: (row) => k(row.k), numeric: true },
  ];
  const draw = (/** @type {HTMLElement} */ place) => place.append(columns(cohorts.slice(-12).map((row) => ({ of: day(row.week), value: row.k, told: k(row.k) }))));
  return chart({ title: t("figures.k"), hint: t("figures.k_hint"), file: "invited-cohorts", columns: shown, rows: cohorts, draw });
}

/**
 * @typedef {{of: string, sent: number, delivered: number, cost: string, confirmed?: number}} Costly
 * @param {string} title
 * @param {string} file
 * @param {Costly[]} rows
 * @param {string} of what they are of
 * @param {"" | "third"} [size]
 */
function costOf(title, file, rows, of, size) {
  /** @type {Column<Costly>[]} */
  const columns = [
    { title: of, text: (row) => row.of, cell: (row) => said(row.of) },
    ...["sent", "delivered", "confirmed"].filter((name) => rows.some((row) => name in row)).map((name) => ({
      title: named("measure", name), text: (/** @type {any} */ row) => row[name], cell: (/** @type {any} */ row) => number(row[name]), numeric: true,
    })),
    { title: t("measure.cost"), text: (row) => Number(row.cost), cell: (row) => money(row.cost), numeric: true },
  ];
  const sorted = [...rows].sort((one, other) => Number(other.cost) - Number(one.cost) || other.sent - one.sent);
  const shown = sorted.slice(0, 8).map((row) => ({ of: said(row.of), value: Number(row.cost), told: money(row.cost), note: brief(row.sent) }));
  return chart({ title, file, columns, rows: sorted, draw: (place) => place.append(bars(shown)), size });
}

/** @param {ByGateway[]} gateways @param {string} file */
function deliveryTimes(gateways, file) {
  const rows = gateways.flatMap(({ gateway, delivery_seconds: seconds }) => (seconds ? [{ gateway, ...seconds }] : []));
  /** @type {Column<typeof rows[0]>[]} */
  const columns = [
    { title: t("figures.gateway"), text: ({ gateway }) => gateway, cell: ({ gateway }) => said(gateway) },
    { title: t("figures.p50"), text: ({ p50 }) => p50, numeric: true },
    { title: t("figures.p95"), text: ({ p95 }) => p95, numeric: true },
  ];
  const draw = (/** @type {HTMLElement} */ place) => {
    const list = bars(rows.map(({ gateway, p50, p95 }) => ({ of: said(gateway), value: p95, told: `${length(p50)} – ${length(p95)}` })));
    for (const [at, bar] of list.querySelectorAll(".bar").entries()) {
      const half = h("div", { class: "half" });
      half.style.insetInlineStart = `${(rows[at].p50 / rows[at].p95) * 100}%`;
      bar.append(half);
    }
    place.append(list);
  };
  return chart({ title: t("figures.delivery"), hint: t("figures.delivery_hint"), file, columns, rows, draw, size: "third" });
}

/** @param {Series["by_limit"]} rows @param {string} file */
function limits(rows, file) {
  /** @type {Column<typeof rows[0]>[]} */
  const columns = [
    { title: t("figures.limit"), text: ({ limit }) => limit },
    { title: t("figures.count"), text: ({ count }) => count, cell: ({ count }) => number(count), numeric: true },
  ];
  const shown = rows.map(({ limit, count }) => ({ of: h("code", {}, limit), value: count, told: number(count) }));
  return chart({ title: t("figures.by_limit"), file, columns, rows, draw: (place) => place.append(bars(shown)), size: "third" });
}
