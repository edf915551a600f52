// What operators do to a person: those acts that their role permits, each with
// its consequence told before.

import { call, may } from "../api.js";
import { download, h } from "../dom.js";
import { ask, field, tell } from "../form.js";
import { t } from "../words.js";

/** @import { Person } from "../types" */

/**
 * An act. `name` is its path in the API.
 * @typedef {object} Act
 * @property {"ban" | "unban" | "unlock" | "logout" | "move-phone" | "invitation" | "export" | "delete"} name
 * @property {string} permission
 * @property {boolean} [danger]
 * @property {(person: Person) => HTMLInputElement} [input] what is to be filled in
 * @property {string} [label]
 */

/** @param {Person} person @returns {Act[]} */
const actsOn = (person) => [
  { name: "unlock", permission: "unlock" },
  { name: "logout", permission: "logout" },
  { name: "move-phone", permission: "move_phone", input: () => h("input", { name: "phone", type: "tel", required: true, autocomplete: "off" }), label: t("act.move-phone_field") },
  { name: "invitation", permission: "invitation", input: () => h("input", { name: "referrer", autocomplete: "off" }), label: t("act.invitation_field") },
  { name: "export", permission: "export" },
  person.banned_at ? { name: "unban", permission: "ban" } : { name: "ban", permission: "ban", danger: true },
  { name: "delete", permission: "delete", danger: true, input: ({ invitation_code: code }) => h("input", { required: true, autocomplete: "off", pattern: code, title: code }), label: t("act.delete_field", { code: person.invitation_code }) },
];

/**
 * Buttons for what the operator may do.
 * @param {Person} person
 * @param {string} reason
 * @param {() => Promise<void>} again shows the person as they are then
 */
export function actions(person, reason, again) {
  const permitted = actsOn(person).filter(({ permission }) => may(permission));
  const buttons = permitted.map((act) => h("button", { class: act.danger ? "danger" : null, onclick: () => begin(act) }, t(`act.${act.name}`)));
  return buttons.length ? h("div", { class: "actions", role: "group", "aria-label": t("person.actions") }, ...buttons) : "";

  /** @param {Act} act */
  function begin({ name, danger, input, label }) {
    ask({
      title: t(`act.${name}`), text: t(`act.${name}_text`), button: t(`act.${name}`), danger,
      content: input && label ? [field(label, input(person))] : [],
      send: async (values) => {
        await perform(name, values);
        tell(t("act.done", { act: t(`act.${name}`) }));
      },
    });
  }

  /**
   * @param {Act["name"]} name
   * @param {Record<string, string>} values
   */
  async function perform(name, values) {
    const path = `people/${person.id}/`;
    if (name === "delete") {
      await call("DELETE", path, { reason });
      location.hash = "#/people";
    } else if (name === "export") {
      const all = await call("GET", `${path}export/`, { reason });
      download(`invited-${person.id}.json`, JSON.stringify(all, null, 2), "application/json");
    } else {
      const body = name === "invitation" ? { referrer: values.referrer || null } : values;
      await call("POST", `${path}${name}/`, { body, reason });
      await again();
    }
  }
}

/**
 * A button that ends a session, for those who may.
 * @param {number} id
 * @param {string} reason
 * @param {() => Promise<void>} again
 */
export function endSession(id, reason, again) {
  const send = async () => {
    await call("DELETE", `sessions/${id}/`, { reason });
    await again();
  };
  const begin = () => ask({ title: t("act.end_session"), text: t("act.end_session_text"), button: t("person.end"), send });
  return may("logout") ? h("button", { class: "quiet", onclick: begin }, t("person.end")) : null;
}
