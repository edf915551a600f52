// What there is to know at a glance, and what happens right now.

import { may, read } from "../api.js";
import { bars, sparkline } from "../chart.js";
import { h } from "../dom.js";
import { money, named, number, percent, span, t, written } from "../words.js";
import { events } from "./events.js";

/** @import { Health, Measure, Overview, Point, Series, View } from "../types" */

/** @type {Measure[]} */
export const FUNNEL = ["asked", "sent", "delivered", "confirmed", "accounts", "invitations"];

/** @type {View} */
export async function overview(root, _, signal) {
  /** @type {[Overview, Series]} */
  const [now, month] = await Promise.all([read("overview/", {}, signal), read("series/", { span: "month" }, signal)]);
  root.append(
    h("header", { class: "head" }, h("h1", {}, t("view.overview")), h("p", { class: "hint" }, `${t("overview.people")}: ${number(now.people)}`)),
  );
  if (now.alarm) root.append(h("p", { class: "notice bad", role: "alert" }, t("overview.alarm", { wrong: now.alarm.wrong, entered: now.alarm.entered })));
  root.append(
    h("section", { class: "tiles", "aria-label": t("overview.today") }, ...tiles(now.today, month.points)),
    h("div", { class: "grid" },
      h("section", { class: "card" }, h("h2", {}, t("overview.funnel")), funnel(now.today)),
      events(signal),
      h("section", { class: "card" }, h("h2", {}, t("overview.budgets")), ...budgets(now)),
      h("section", { class: "card" }, h("h2", {}, t("overview.health")), h("ul", { class: "health" }, ...health(now.health))),
    ),
  );
}

/**
 * Today's numbers, each beside the last month of it.
 * @param {Point} today
 * @param {Point[]} month
 */
function tiles(today, month) {
  /** @type {[string, string, (point: Point) => number, string][]} */
  const shown = [
    [t("measure.asked"), number(today.asked), (point) => point.asked, ""],
    [t("measure.delivered"), number(today.delivered), (point) => point.delivered, percent(today.delivered, today.sent)],
    [t("measure.confirmed"), number(today.confirmed), (point) => point.confirmed, percent(today.confirmed, today.asked)],
    [t("measure.accounts"), number(today.accounts), (point) => point.accounts, ""],
    [t("measure.invitations"), number(today.invitations), (point) => point.invitations, percent(today.invitations, today.accounts)],
    [t("measure.cost"), money(today.cost), (point) => Number(point.cost), ""],
  ];
  return shown.map(([title, value, of, note]) =>
    h("div", { class: "card tile" }, h("h2", {}, title), h("p", { class: "value" }, value, note && h("small", {}, note)), sparkline(month.map(of)), h("p", { class: "hint" }, t("overview.days"))));
}

/**
 * What becomes of those who ask for a code.
 * @param {Record<Measure, number>} counts
 */
export function funnel(counts) {
  return bars(steps(counts).map(({ measure, count, before }, at) => ({
    of: named("measure", measure), value: count, told: number(count), note: at > 0 ? percent(count, before) : "",
  })));
}

/**
 * The steps of the funnel, each with the last one before it that was counted:
 * not every gateway reports what arrived.
 * @param {Record<Measure, number>} counts
 */
export function steps(counts) {
  let before = counts.asked;
  return FUNNEL.map((measure) => {
    const step = { measure, count: counts[measure], before };
    before = counts[measure] || before;
    return step;
  });
}

/** @param {Overview} now */
function budgets({ budgets }) {
  if (!budgets.length) return [h("p", { class: "empty" }, t("overview.no_budget"))];
  return budgets.map(({ of, span: length, amount, spent }) => {
    const share = Number(spent) / Number(amount);
    const label = t("overview.budget", { span: written(length), of: named("party", of) });
    const meter = h("meter", { min: 0, max: 1, low: 0.8, high: 0.95, optimum: 0, value: Math.min(share, 1), "aria-label": `${t("overview.budgets")} ${label}` });
    return h("div", { class: "budget" }, h("span", {}, label), meter, h("span", { class: "told" }, t("overview.spent", { spent: money(spent), amount: money(amount) }), h("small", {}, percent(Number(spent), Number(amount)))));
  });
}

/** What comes of the check of the database. @type {Record<string, "good" | "warning" | "bad">} */
const CHECKS = { sound: "good", damaged: "bad" };

/** @param {Health} health */
function health({ integrity, stopped, log_blocked_seconds: blocked, clock_behind_seconds: behind, backups, ...seen }) {
  /** @type {["good" | "warning" | "bad", string][]} */
  const lines = [
    stopped ? ["bad", t("health.stopped")] : ["good", t("health.writing")],
    behind > 5 ? ["warning", t("health.clock_behind", { span: span(behind) })] : ["good", t("health.clock")],
  ];
  // A server that the database is on looks after itself, and makes the backups.
  if (blocked != null) {
    lines.splice(1, 0, [CHECKS[integrity ?? "unfinished"] ?? "warning", named("health.check", integrity ?? "unfinished")]);
    if (blocked > 60) lines.push(["warning", t("health.log_blocked", { span: span(blocked) })]);
    if (!backups.length) lines.push(["warning", t("health.no_backups")]);
  }
  for (const { to, seconds_ago: ago, failing } of backups) {
    if (failing) lines.push(["bad", t("health.backup_failing", { to })]);
    else if (ago == null) lines.push(["warning", t("health.backup_none", { to })]);
    else lines.push(["good", t("health.backup", { to, span: span(ago) })]);
  }
  if (seen.has_unknown_proxy) lines.push(["warning", t("health.unknown_proxy")]);
  if (seen.has_nameless_clients) lines.push(["warning", t("health.nameless_clients")]);
  return lines.map(([state, line]) => h("li", { class: state }, h("span", { class: "dot" }, h("span", { class: "unseen" }, t(`state.${state}`))), line));
}
