// What operators did: who, what, to whom, why.

import { read } from "../api.js";
import { h, said } from "../dom.js";
import { field } from "../form.js";
import { addRows, table } from "../table.js";
import { moment, named, t } from "../words.js";

/** @import { Audit, View } from "../types" */
/** @import { Column } from "../table.js" */

/** @returns {Column<Audit>[]} */
export const auditColumns = () => [
  { title: t("audit.at"), text: ({ at }) => at, cell: ({ at }) => h("time", { datetime: at }, moment(at)) },
  { title: t("audit.actor"), text: ({ actor }) => actor, cell: ({ actor }) => said(actor) },
  { title: t("audit.action"), text: ({ action }) => action, cell: ({ action }) => named("action", action) },
  { title: t("audit.user"), text: ({ user }) => user ?? "", cell: ({ user }) => (user == null ? "" : h("a", { href: `#/people/${user}` }, String(user))) },
  { title: t("audit.reason"), text: ({ reason }) => reason, cell: ({ reason }) => said(reason) },
  { title: t("audit.detail"), text: ({ detail }) => detail, cell: ({ detail }) => said(detail) },
];

/** @type {View} */
export async function audit(root, { query }, signal) {
  const user = query.get("user") ?? "";
  const input = h("input", { name: "user", inputmode: "numeric", pattern: "[0-9]*", value: user, autocomplete: "off" });
  /** @param {Event} event */
  const look = (event) => {
    event.preventDefault();
    location.hash = input.value ? `#/audit?user=${encodeURIComponent(input.value)}` : "#/audit";
  };
  const { element, body } = table(t("view.audit"), auditColumns(), []);
  const more = h("button", { class: "more", hidden: true, onclick: () => next() }, t("more"));
  root.append(h("header", { class: "head" }, h("h1", {}, t("view.audit"))), h("form", { class: "search", onsubmit: look }, field(t("audit.filter"), input), h("button", {}, t("tree.jump"))), h("div", { class: "listing" }, element, more));
  /** @type {number | null} */
  let before = null;
  async function next() {
    more.disabled = true;
    const page = await read("audit/", { user, before, limit: 50 }, signal);
    addRows(body, auditColumns(), page.audit);
    before = page.next;
    more.disabled = false;
    more.hidden = before == null;
    if (!body.hasChildNodes()) element.replaceWith(h("p", { class: "empty" }, t("empty")));
  }
  await next();
}
