// Who operates the service, and as what.

import { call, read } from "../api.js";
import { h, nameOf, said } from "../dom.js";
import { ask, field, reasonInput } from "../form.js";
import { table } from "../table.js";
import { date, named, t } from "../words.js";

/** @import { OperatorRow, View } from "../types" */
/** @import { Column } from "../table.js" */

const ROLES = /** @type {const} */ (["viewer", "support", "owner"]);

/** @type {View} */
export async function operators(root, _, signal) {
  /** @type {Column<OperatorRow>[]} */
  const columns = [
    { title: t("people.phone"), text: ({ phone }) => phone, cell: ({ id, phone }) => h("a", { class: "phone", href: `#/people/${id}` }, phone) },
    { title: t("people.name"), text: nameOf, cell: (row) => said(nameOf(row)) },
    { title: t("operators.role"), text: ({ role }) => role, cell: ({ role }) => h("span", { class: "badge" }, named("role", role)) },
    { title: t("operators.since"), text: ({ granted_at: at }) => at ?? "", cell: ({ granted_at: at }) => date(at) },
    { title: "", text: () => "", cell: (row) => h("button", { class: "quiet", "aria-label": `${t("operators.revoke")}: ${row.phone}`, onclick: () => revoke(row) }, t("operators.revoke")) },
  ];
  const list = h("div", { class: "listing" });
  root.append(h("header", { class: "head" }, h("h1", {}, t("view.operators")), h("button", { class: "primary", onclick: grant }, t("operators.grant"))), list);
  await show();

  async function show() {
    const { operators } = await read("operators/", {}, signal);
    list.replaceChildren(operators.length ? table(t("view.operators"), columns, operators).element : h("p", { class: "empty" }, t("empty")));
  }

  function grant() {
    const roles = h("fieldset", {}, h("legend", {}, t("operators.role")), ...ROLES.map((role) =>
      h("label", { class: "check" }, h("input", { type: "radio", name: "role", value: role, required: true }), h("span", {}, h("b", {}, named("role", role)), " – ", t(`operators.${role}`)))));
    ask({
      title: t("operators.grant"), text: t("operators.grant_text"), button: t("operators.grant"),
      content: [field(t("people.phone"), h("input", { name: "phone", type: "tel", required: true, autocomplete: "off" })), roles, field(t("reason"), reasonInput())],
      send: async ({ phone, role, reason }) => {
        await call("POST", "operators/", { body: { phone, role }, reason });
        await show();
      },
    });
  }

  /** @param {OperatorRow} row */
  function revoke({ id }) {
    ask({
      title: t("operators.revoke"), text: t("operators.revoke_text"), button: t("operators.revoke"), danger: true,
      content: [field(t("reason"), reasonInput())],
      send: async ({ reason }) => {
        await call("DELETE", `operators/${id}/`, { reason });
        await show();
      },
    });
  }
}
