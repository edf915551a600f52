// One person. Whoever looks says why, once a visit: the audit keeps it.

import { call, operator } from "../api.js";
import { h, nameOf, said } from "../dom.js";
import { failure, field, form, reasonInput } from "../form.js";
import { table } from "../table.js";
import { ago, date, moment, money, named, span, t, written } from "../words.js";
import { actions, endSession } from "./acts.js";
import { auditColumns } from "./audit.js";

/** @import { Person, Use, View } from "../types" */
/** @import { Column } from "../table.js" */

/** The visit that lasts: for as long as nothing else is looked at. */
let visit = { id: "", reason: "" };

/** @type {View} */
export async function person(root, { id }, signal) {
  if (visit.id !== id) visit = { id, reason: "" };
  signal.addEventListener("abort", () => setTimeout(end));
  if (!visit.reason) root.append(why(show));
  else await show(visit.reason);

  /** Whatever is shown next ends the visit, unless it is the same person to the same operator. */
  function end() {
    if (!operator() || location.hash !== `#/people/${id}`) visit = { id: "", reason: "" };
  }

  /** @param {string} reason */
  async function show(reason) {
    try {
      /** @type {Person} */
      const person = await call("GET", `people/${encodeURIComponent(id)}/`, { reason, signal });
      visit = { id, reason };
      root.replaceChildren(...page(person, reason, () => show(reason)));
    } catch (error) {
      if (signal.aborted) return;
      if (root.hasChildNodes()) throw error;
      root.append(failure(error, () => show(reason)));
    }
  }
}

/** Asks why. @param {(reason: string) => Promise<void>} show */
function why(show) {
  const input = reasonInput();
  const common = ["person.asked", "person.abuse"].map((word) => {
    const text = t(/** @type {import("../words.js").Word} */ (word));
    const take = () => {
      input.value = text;
      ask.requestSubmit();
    };
    return h("button", { type: "button", class: "chip", onclick: take }, text);
  });
  const ask = form(t("person.look"), ({ reason }) => show(reason), [field(t("reason"), input, t("person.why_hint")), h("div", { class: "chips" }, ...common)]);
  setTimeout(() => input.focus());
  return h("section", { class: "card why" }, h("h1", {}, t("person.why")), ask);
}

/**
 * @param {Person} person
 * @param {string} reason
 * @param {() => Promise<void>} again
 */
function page(person, reason, again) {
  const name = nameOf(person);
  const title = h("h1", {}, name ? said(name) : h("span", { class: "muted" }, t("people.unnamed")), person.banned_at && h("span", { class: "badge bad" }, t("people.banned_state")));
  return [
    h("header", { class: "head" }, h("div", {}, title, h("p", { class: "hint" }, h("span", { class: "phone" }, person.phone), " · ", h("code", {}, person.invitation_code), " · ", said(t("person.reason", { reason })))), h("a", { class: "button", href: `#/tree/${person.id}` }, t("person.in_tree"))),
    actions(person, reason, again),
    h("div", { class: "grid six" },
      h("section", { class: "card third" }, facts(person)),
      card(t("person.limits"), limitColumns(), person.limits, "rest"),
      card(t("person.sessions"), sessionColumns(reason, again), person.sessions, "wide"),
      card(t("person.devices"), useColumns(), person.devices),
      card(t("person.deliveries"), deliveryColumns(), person.deliveries ?? []),
      card(t("person.audit"), auditColumns().filter(({ title }) => title !== t("audit.user")), person.audit, "wide"),
    ),
  ];
}

/**
 * @template Row
 * @param {string} title
 * @param {Column<Row>[]} columns
 * @param {Row[]} rows
 * @param {"" | "wide" | "rest"} [size]
 */
function card(title, columns, rows, size = "") {
  const content = rows.length ? table(title, columns, rows).element : h("p", { class: "empty" }, t("empty"));
  return h("section", { class: `card ${size}` }, h("h2", {}, title), content);
}

/** @param {Person} person */
function facts(person) {
  const referrer = person.invited_by;
  const by = referrer ? h("a", { class: "phone", href: `#/people/${referrer.id}` }, referrer.phone) : h("span", { class: "muted" }, t("person.nobody"));
  /** @type {[string, (Node | string | null)[]][]} */
  const lines = [
    [t("person.created"), [moment(person.created_at)]],
    [t("person.email"), [person.email ? said(person.email) : "–"]],
    [t("person.invited_by"), [by, person.invited_at ? h("small", {}, ` ${date(person.invited_at)}`) : null]],
    [t("person.invited"), [t("person.invitees", { n: person.invited_users_count })]],
    ["ID", [h("code", {}, String(person.id))]],
  ];
  if (person.banned_at) lines.splice(1, 0, [t("person.banned_at"), [moment(person.banned_at)]]);
  return h("dl", {}, ...lines.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, ...value)]));
}

/** @returns {Column<Use>[]} */
const useColumns = () => [
  { title: t("person.agent"), text: (use) => use.user_agent ?? "", cell: (use) => h("span", { class: "short" }, said(use.user_agent || t("person.unknown_agent"))) },
  { title: t("person.ip"), text: (use) => use.ip ?? "–" },
  { title: t("person.begun"), text: (use) => use.created_at, cell: (use) => date(use.created_at) },
  { title: t("person.used"), text: (use) => use.used_at, cell: (use) => h("time", { title: moment(use.used_at) }, ago(use.used_at)) },
];

/**
 * @param {string} reason
 * @param {() => Promise<void>} again
 * @returns {Column<Person["sessions"][0]>[]}
 */
const sessionColumns = (reason, again) => [...useColumns(), { title: "", text: () => "", cell: ({ id }) => endSession(id, reason, again) ?? "" }];

/** @returns {Column<Person["limits"][0]>[]} */
const limitColumns = () => [
  { title: t("person.limit"), text: ({ limit }) => limit, cell: ({ limit }) => h("span", { title: limit }, named("limit", limit)) },
  { title: t("person.of"), text: ({ of }) => of, cell: ({ of }) => named("party", of) },
  { title: t("person.used_up"), text: ({ used }) => used, cell: ({ used }) => h("span", { class: "wrap" }, usedUp(used)) },
  { title: t("person.room_in"), text: ({ room_in_seconds: room }) => room ?? "", cell: ({ room_in_seconds: room }) => (room == null ? "" : h("span", { class: "badge warning" }, span(room))) },
];

/** How much of a limit is used, as in `1 of 3 in 15m`, in the operator's language. @param {string} used */
const usedUp = (used) =>
  used.replace(/(\d+) of (\d+) in (\w+)/g, (_, n, most, length) => t("person.window", { used: Number(n), most: Number(most), span: written(length) }));

/** @returns {Column<Person["deliveries"][0]>[]} */
const deliveryColumns = () => [
  { title: t("figures.when"), text: ({ at }) => at, cell: ({ at }) => moment(at) },
  { title: t("figures.gateway"), text: ({ gateway }) => gateway ?? "", cell: ({ gateway }) => said(gateway ?? "–") },
  { title: t("people.state"), text: ({ state }) => state ?? "", cell: ({ state }) => (state ? named("message", state) : "–") },
  { title: t("measure.cost"), text: ({ cost }) => Number(cost), cell: ({ cost }) => money(cost), numeric: true },
];
