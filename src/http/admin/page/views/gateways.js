// The gateways that messages go through: which work, and what they last said.

import { read } from "../api.js";
import { h, said } from "../dom.js";
import { ago, money, moment, named, number, percent, span, t } from "../words.js";

/** @import { ByGateway, Gateway, Series, View } from "../types" */

/** @type {Record<string, string>} */
const STATES = { closed: "good", half_open: "warning", open: "bad" };

/** @type {View} */
export async function gateways(root, _, signal) {
  /** @type {[{gateways: Gateway[]}, Series]} */
  const [{ gateways }, day] = await Promise.all([read("gateways/", {}, signal), read("series/", { span: "day" }, signal)]);
  const cards = gateways.map((gateway) => card(gateway, day.by_gateway.find((one) => one.gateway === gateway.name)));
  root.append(
    h("header", { class: "head" }, h("h1", {}, t("view.gateways"))),
    cards.length ? h("div", { class: "grid" }, ...cards) : h("p", { class: "empty" }, t("gateways.none")),
  );
}

/**
 * @param {Gateway} gateway
 * @param {ByGateway} [today]
 */
function card(gateway, today) {
  const state = STATES[gateway.circuit] ?? "warning";
  const seconds = today?.delivery_seconds;
  /** @type {[string, string][]} */
  const lines = [
    [t("measure.sent"), number(gateway.sent)],
    [t("measure.delivered"), `${number(gateway.delivered)} · ${percent(gateway.delivered, gateway.sent)}`],
    [t("gateways.time"), seconds ? t("gateways.half", { p50: span(seconds.p50), p95: span(seconds.p95) }) : "–"],
    [t("gateways.balance"), gateway.balance == null ? "–" : money(gateway.balance)],
  ];
  const errors = gateway.last_errors.map(({ at, error }) => h("li", {}, h("time", { datetime: at, title: moment(at) }, ago(at)), said(error)));
  return h("section", { class: "card gateway" },
    h("header", {}, h("h2", {}, said(gateway.name)), h("span", { class: `badge ${state}` }, named("gateways.circuit", gateway.circuit))),
    h("p", { class: "hint" }, gateway.prefixes.map((prefix) => (prefix === "*" ? t("gateways.all") : prefix)).join(", ")),
    gateway.demoted && h("p", { class: "notice warning" }, t("gateways.demoted")),
    h("dl", {}, ...lines.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    h("h3", {}, t("gateways.errors")),
    errors.length ? h("ul", { class: "errors" }, ...errors) : h("p", { class: "empty" }, t("gateways.no_errors")),
  );
}
