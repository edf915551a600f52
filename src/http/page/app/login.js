/** Logging in: a phone, then the code that was sent to it. */

import { Problem, call } from "./api.js";
import { codeForm } from "./code.js";
import { button, field, form, h, toast } from "./dom.js";
import { digits, formatLive, shown, written } from "./phone.js";
import { device, invitation, keep, keepDevice, keepInvitation } from "./session.js";
import { explain, words } from "./words.js";

/** @import { Challenge } from "./code.js" */

/** What was asked for last, so that another language changes nothing. @type {{ phone: string, challenge: Challenge | null }} */
const state = { phone: "", challenge: null };

/** The outcomes of an invitation after which it may still be accepted. */
const LATER = ["rate_limited", "storage_unavailable", "overloaded"];

/** Begins anew, perhaps with a phone that is known. @param {string} phone */
export function restart(phone) {
  state.phone = phone && written(`+${phone}`);
  state.challenge = null;
}

/** @param {() => void} render Shows the next step. */
export function loginView(render) {
  return state.challenge ? codeStep(state.challenge, render) : phoneStep(render);
}

/** @param {() => void} render */
function phoneStep(render) {
  const t = words();
  const phone = field(t.phone, {
    type: "tel",
    autocomplete: "tel",
    placeholder: "+7 912 345-67-89",
    value: state.phone,
    autofocus: true,
    oninput: formatLive,
  });
  const asking = form(async () => {
    state.phone = phone.input.value;
    try {
      state.challenge = await ask();
      render();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      phone.refuse(explain(problem));
      phone.input.focus();
    }
  }, phone.element, h("button", { class: "primary" }, t.sendCode));
  return h("section", { class: "card narrow" }, h("h1", {}, t.logIn), h("p", { class: "lead" }, t.logInLead), invited(render), asking);
}

/** @param {Challenge} challenge @param {() => void} render */
function codeStep(challenge, render) {
  const t = words();
  const other = button(t.otherPhone, () => {
    state.challenge = null;
    render();
  }, { class: "quiet" });
  const code = codeForm(challenge, confirm, ask, other);
  code.input.autofocus = true;
  const lead = h("p", { class: "lead" }, t.codeLead(written(state.phone)));
  return h("section", { class: "card narrow" }, h("h1", {}, t.codeTitle), lead, code.element);
}

/** @returns {Promise<Challenge>} */
function ask() {
  return call("POST", "login/", { phone: state.phone }, { "device-token": device(digits(state.phone)) });
}

/** @param {string} code @param {string} token */
async function confirm(code, token) {
  const phone = digits(state.phone);
  const invitationCode = invitation();
  const body = { sms_code: code, ...(invitationCode && { invitation_code: invitationCode }) };
  const headers = { "sms-token": token, "device-token": device(phone) };
  const answer = await call("POST", "login/sms-confirm/", body, headers);
  keepDevice(phone, answer.device_token);
  restart("");
  keep(answer);
  tellOutcome(answer);
}

/** @param {{ created: boolean, invitation?: { accepted: boolean, invited_by?: string, code?: string } }} answer */
function tellOutcome({ created, invitation: outcome }) {
  const t = words();
  if (!LATER.includes(outcome?.code ?? "")) keepInvitation(null);
  if (outcome?.accepted) toast(t.wasInvitedBy(shown(outcome.invited_by ?? "")));
  else if (outcome) toast(t.notEntered(explain(new Problem(0, { code: outcome.code }))));
  else if (created) toast(t.welcome);
}

/** Who was invited is told so, and by whom. @param {() => void} render */
function invited(render) {
  const t = words();
  const code = invitation();
  if (!code) return null;
  const title = h("strong", {}, t.invitedTitle);
  void referrer(code).then((name) => name && title.replaceChildren(h("bdi", {}, name), t.invites));
  const drop = button(t.invitedForget, () => {
    keepInvitation(null);
    render();
  }, { class: "quiet" });
  return h("div", { class: "notice" }, h("p", {}, title), h("p", {}, t.invitedLead(code)), drop);
}

/** @type {Map<string, Promise<string | null>>} */
const referrers = new Map();

/**
 * Whose code it is, as far as their link tells. Each is asked for once, since
 * to look at one that nobody has counts as a wrong code.
 *
 * @param {string} code
 */
function referrer(code) {
  const known = referrers.get(code);
  if (known) return known;
  const asked = call("GET", `i/${encodeURIComponent(code)}/`, undefined, { accept: "application/json" });
  const name = asked.then((answer) => answer.invited_by, () => null);
  referrers.set(code, name);
  return name;
}
