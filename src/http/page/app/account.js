/** One's account: names and e-mail, phone, sessions, deletion. */

import { Problem, call } from "./api.js";
import { codeForm } from "./code.js";
import { button, field, form, h, toast } from "./dom.js";
import { restart } from "./login.js";
import { formatLive, shown } from "./phone.js";
import { device, forget, keepDevice } from "./session.js";
import { explain, explainField, moment, words } from "./words.js";

/** @import { Profile } from "./home.js" */
/** @typedef {{ id?: number, last_used: string, user_agent: string, ip: string | null, current: boolean }} Login */

/**
 * @param {Profile} profile
 * @param {HTMLElement} greeted Where the page says the name.
 */
export function profileCard(profile, greeted) {
  const t = words();
  let saved = profile;
  const fields = {
    first_name: field(t.firstName, { value: profile.first_name, autocomplete: "given-name", dir: "auto" }),
    last_name: field(t.lastName, { value: profile.last_name, autocomplete: "family-name", dir: "auto" }),
    email: field(t.email, { value: profile.email, type: "email", autocomplete: "email" }),
  };
  const error = h("p", { class: "error", role: "alert" });
  const names = /** @type {(keyof typeof fields)[]} */ (Object.keys(fields));

  async function save() {
    error.textContent = "";
    const changed = names.filter((name) => fields[name].input.value !== saved[name]);
    if (changed.length === 0) return toast(t.unchanged);
    try {
      saved = await call("PATCH", "profile/", Object.fromEntries(changed.map((name) => [name, fields[name].input.value])));
      for (const name of names) fields[name].input.value = saved[name];
      greeted.textContent = saved.first_name || shown(saved.phone);
      toast(t.saved);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      const wrong = names.filter((name) => problem.errors.some(({ pointer }) => pointer === `#/${name}`));
      for (const name of wrong) {
        const told = problem.errors.find(({ pointer }) => pointer === `#/${name}`);
        if (told) fields[name].refuse(explainField(told));
      }
      if (wrong[0]) fields[wrong[0]].input.focus();
      else error.textContent = explain(problem);
    }
  }

  const saving = form(save, ...names.map((name) => fields[name].element), error, h("button", {}, t.save));
  return h("section", { class: "card", "aria-labelledby": "profile" }, h("h2", { id: "profile" }, t.profile), saving);
}

/** @param {Profile} profile */
export function phoneCard({ phone }) {
  const t = words();
  const number = h("p", { class: "number", tabindex: "-1" }, shown(phone));
  const step = h("div", { class: "step" });
  const change = button(t.changePhone, () => {
    const next = field(t.newPhone, { type: "tel", autocomplete: "off", oninput: formatLive });
    const ask = () => call("POST", "profile/phone/", { phone: next.input.value });
    const asking = form(async () => {
      try {
        const challenge = await ask();
        const code = codeForm(challenge, confirm, ask, cancel);
        step.replaceChildren(h("p", { class: "lead" }, t.codeLead(next.input.value)), code.element);
        code.input.focus();
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        if (problem.code === "fresh_login_required") return offerLogin();
        next.refuse(explain(problem));
        next.input.focus();
      }
    }, next.element, h("button", {}, t.sendCode));
    step.replaceChildren(asking, cancel);
    next.input.focus();
  });
  const cancel = button(t.cancel, () => {
    step.replaceChildren(change);
    change.focus();
  }, { class: "quiet" });

  /** @param {string} code @param {string} token */
  async function confirm(code, token) {
    try {
      const profile = await call("POST", "profile/phone/confirm/", { sms_code: code }, { "sms-token": token });
      keepDevice(profile.phone, device(phone));
      keepDevice(phone, undefined);
      phone = profile.phone;
      number.textContent = shown(phone);
      step.replaceChildren(change);
      number.focus();
      toast(t.phoneChanged);
    } catch (problem) {
      if (problem instanceof Problem && problem.code === "fresh_login_required") return offerLogin();
      throw problem;
    }
  }

  function offerLogin() {
    const again = button(t.freshLogIn, async () => {
      restart(phone);
      await leave(false);
    }, { class: "primary" });
    step.replaceChildren(h("p", { role: "alert" }, t.freshLead), again, cancel);
    again.focus();
  }

  step.append(change);
  return h("section", { class: "card", "aria-labelledby": "phone" }, h("h2", { id: "phone" }, t.phone), number, step);
}

/** Logs out, of all sessions or of this one. @param {boolean} isAll */
export async function leave(isAll) {
  try {
    await call("POST", "logout/", { all: isAll });
  } catch (problem) {
    // Whatever is refused, the session is over or will be by itself.
    if (!(problem instanceof Problem)) throw problem;
  }
  forget("");
}

/** @param {Profile} profile */
export function sessionsCard({ phone }) {
  const t = words();
  const list = h("ul", { class: "rows" }, h("li", {}, t.loading));
  const devices = h("ul", { class: "rows" });
  const known = h("details", {}, h("summary", {}, t.devices), h("p", { class: "lead" }, t.devicesLead), devices);
  const all = button(t.logOutAll, async () => {
    // They are forgotten by the server too.
    keepDevice(phone, undefined);
    await leave(true);
  });
  const card = h("section", { class: "card", "aria-labelledby": "sessions" }, h("h2", { id: "sessions", tabindex: "-1" }, t.sessions), list, all, known);

  async function load() {
    /** @type {{ sessions: Login[], devices: Login[] }} */
    const answer = await call("GET", "profile/sessions/");
    list.replaceChildren(...answer.sessions.map(session));
    devices.replaceChildren(...answer.devices.map((device) => loginRow(device, null)));
    known.hidden = answer.devices.length === 0;
  }

  /** @param {Login} login */
  function session(login) {
    const end = button(t.end, async () => {
      await call("DELETE", `profile/sessions/${login.id}/`).catch(() => {});
      await load();
      card.querySelector("h2")?.focus();
      toast(t.sessionEnded);
    }, { class: "small", "aria-label": t.endLabel(clientName(login.user_agent)) });
    return loginRow(login, login.current ? null : end);
  }

  load().catch((problem) => list.replaceChildren(h("li", { role: "alert" }, explain(problem))));
  return card;
}

/** @param {Login} login @param {HTMLButtonElement | null} end */
function loginRow({ user_agent: agent, ip, last_used: used, current }, end) {
  const t = words();
  const name = h("bdi", { title: agent }, clientName(agent));
  const line = [t.used(moment(used)), ip].filter((part) => part).join(" · ");
  return h("li", {}, h("div", {}, name, current && h("span", { class: "badge" }, t.current), h("small", {}, line)), end);
}

/** A browser and a system, as far as they say so, or else what a client calls itself. @param {string} agent */
function clientName(agent) {
  const browser = /(Firefox|YaBrowser|Edg|OPR|Chrome|Safari)\//.exec(agent)?.[1];
  const system = /(Android|iPhone|iPad|Windows|Mac OS X|Linux)/.exec(agent)?.[1];
  const names = { Edg: "Edge", OPR: "Opera", YaBrowser: "Yandex Browser", "Mac OS X": "macOS" };
  const parts = [browser, system].map((part) => names[/** @type {keyof typeof names} */ (part)] ?? part);
  return parts.filter((part) => part).join(", ") || agent || words().unknownClient;
}

/** @param {Profile} profile */
export function removeCard({ phone }) {
  const t = words();
  const error = h("p", { class: "error", role: "alert" });
  /** @type {HTMLDialogElement} */
  const dialog = h(
    "dialog",
    { "aria-labelledby": "remove-ask" },
    h("h2", { id: "remove-ask" }, t.removeAsk),
    h("p", {}, t.removeLead),
    h("p", {}, t.removeLast),
    error,
    h("div", { class: "buttons" }, button(t.cancel, () => void dialog.close(), { autofocus: true }), button(t.removeNow, remove, { class: "danger" })),
  );

  async function remove() {
    try {
      await call("DELETE", "profile/");
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      // An answer that was lost comes as the refusal of a token whose account is gone.
      if (problem.status !== 401) {
        error.textContent = explain(problem);
        return;
      }
    }
    keepDevice(phone, undefined);
    forget("");
    toast(t.removed);
  }

  const open = button(t.remove, () => dialog.showModal(), { class: "danger" });
  return h("section", { class: "card", "aria-labelledby": "remove" }, h("h2", { id: "remove" }, t.remove), h("p", { class: "lead" }, t.removeLead), open, dialog);
}
