// Keys by which programs use the admin API.

import { call, operator, read } from "../api.js";
import { h, said } from "../dom.js";
import { ask, field, reasonInput, show as showDialog } from "../form.js";
import { table } from "../table.js";
import { ago, date, named, t } from "../words.js";

/** @import { Key, View } from "../types" */
/** @import { Column } from "../table.js" */

/** @type {View} */
export async function keys(root, _, signal) {
  /** @type {Column<Key>[]} */
  const columns = [
    { title: t("keys.name"), text: ({ name }) => name, cell: ({ name, good }) => h("span", {}, said(name), !good && h("span", { class: "badge bad" }, t("keys.not_good"))) },
    { title: t("keys.permissions"), text: ({ permissions }) => permissions.join(" "), cell: ({ permissions }) => h("span", { class: "wrap" }, permissions.map((one) => named("permission", one)).join(", ")) },
    { title: t("keys.created"), text: ({ created_at: at }) => at, cell: ({ created_at: at }) => date(at) },
    { title: t("keys.expires"), text: ({ expires_at: at }) => at ?? "", cell: ({ expires_at: at }) => (at ? date(at) : t("keys.never")) },
    { title: t("keys.used"), text: ({ used_at: at }) => at ?? "", cell: ({ used_at: at }) => ago(at ?? null) },
    { title: "", text: () => "", cell: (key) => h("button", { class: "quiet", "aria-label": `${t("keys.delete")}: ${key.name}`, onclick: () => remove(key) }, t("keys.delete")) },
  ];
  const list = h("div", { class: "listing" });
  root.append(h("header", { class: "head" }, h("h1", {}, t("view.keys")), h("button", { class: "primary", onclick: create }, t("keys.create"))), list);
  await show();

  async function show() {
    const { keys } = await read("keys/", {}, signal);
    list.replaceChildren(keys.length ? table(t("view.keys"), columns, keys).element : h("p", { class: "empty" }, t("empty")));
  }

  function create() {
    const permissions = h("fieldset", { class: "permissions" }, h("legend", {}, t("keys.permissions")), ...(operator()?.permissions ?? []).map((name) =>
      h("label", { class: "check" }, h("input", { type: "checkbox", name: "permission", value: name, checked: name === "figures" }), named("permission", name))));
    ask({
      title: t("keys.create"), text: t("keys.create_text"), button: t("keys.create"),
      content: [
        field(t("keys.name"), h("input", { name: "name", required: true, pattern: "[A-Za-z0-9._\\-]{1,64}", title: t("keys.name_hint"), autocomplete: "off" })), permissions,
        field(t("keys.days"), h("input", { name: "days", type: "number", required: true, min: 1, max: 3650, value: 90 })), field(t("reason"), reasonInput()),
      ],
      send: async ({ name, days, reason }, form) => {
        const body = { name, permissions: new FormData(form).getAll("permission"), expires_in_days: Number(days) };
        const { secret } = await call("POST", "keys/", { body, reason });
        await show();
        reveal(name, secret);
      },
    });
  }

  /** @param {Key} key */
  function remove({ id, name }) {
    ask({
      title: `${t("keys.delete")}: \u2068${name}\u2069`, text: t("keys.delete_text"), button: t("keys.delete"), danger: true,
      content: [field(t("reason"), reasonInput())],
      send: async ({ reason }) => {
        await call("DELETE", `keys/${id}/`, { reason });
        await show();
      },
    });
  }
}

/**
 * Shows a secret, this once.
 * @param {string} name
 * @param {string} secret
 */
function reveal(name, secret) {
  const text = h("input", { class: "secret", readonly: true, value: secret, "aria-label": t("keys.secret", { name }), onfocus: () => text.select() });
  const copy = h("button", { class: "primary", onclick: take }, t("keys.copy"));
  const close = h("button", { onclick: () => dialog.close() }, t("close"));
  const dialog = showDialog(t("keys.secret", { name: `\u2068${name}\u2069` }), h("p", {}, t("keys.secret_text")), text, h("div", { class: "buttons" }, copy, close));
  async function take() {
    // Only where the browser trusts the page: on loopback and over HTTPS.
    await navigator.clipboard?.writeText(secret).catch(() => text.select());
    copy.textContent = t("keys.copied");
  }
}
