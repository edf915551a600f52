/** What somebody sees who is logged in. */

import { call } from "./api.js";
import { sessionsCard, phoneCard, profileCard, removeCard } from "./account.js";
import { h } from "./dom.js";
import { inviteCard, inviteesCard, referrerCard } from "./invitations.js";
import { shown } from "./phone.js";
import { words } from "./words.js";

/**
 * @typedef {object} Profile
 * @property {string} first_name
 * @property {string} last_name
 * @property {string} email
 * @property {string} phone
 * @property {string} invitation_code
 * @property {string | null} invited_by
 * @property {number} invited_users_count
 */

export async function homeView() {
  const t = words();
  /** @type {Profile} */
  const profile = await call("GET", "profile/");
  const name = h("bdi", {}, profile.first_name || shown(profile.phone));
  const [before, after] = t.hello("\n").split("\n");
  return h(
    "div",
    { class: "home" },
    h("h1", { tabindex: "-1", class: "hello" }, before ?? "", name, after ?? ""),
    h("div", { class: "column" }, inviteCard(profile), inviteesCard(profile), referrerCard(profile)),
    h("div", { class: "column" }, profileCard(profile, name), phoneCard(profile), sessionsCard(profile), removeCard(profile)),
  );
}
