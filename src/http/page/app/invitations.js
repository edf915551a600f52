/** One's own code, who came by it, and who invited oneself. */

import { BASE, Problem, call } from "./api.js";
import brand from "./brand.js";
import { button, copy, field, form, h, toast } from "./dom.js";
import { shown } from "./phone.js";
import { invitation, keepInvitation } from "./session.js";
import { explain, explainField, moment, words } from "./words.js";

/** @import { Profile } from "./home.js" */
/** @typedef {{ phone: string, at: string }} Invitee */

/** How often to ask for new invitees, in ms. */
const INTERVAL = 3_000;
/** Invitees in an answer. */
const PAGE = 500;
/** Invitees that are shown at first, and more at each press. */
const STEP = 20;

/** @param {Profile} profile */
export function inviteCard({ invitation_code: code }) {
  const t = words();
  const link = new URL(`i/${code}/`, BASE).href;
  const shared = { title: brand.name, text: t.shareText(brand.name), url: link };
  const picture = h("img", { class: "qr", src: new URL("qr.svg", link).href, alt: t.qr, width: 132, height: 132 });
  picture.addEventListener("error", () => picture.remove());
  return h(
    "section",
    { class: "card", "aria-labelledby": "invite" },
    h("h2", { id: "invite" }, t.invite),
    h("p", { class: "lead" }, t.inviteLead),
    h(
      "div",
      { class: "own" },
      h(
        "div",
        {},
        h("p", { class: "label", id: "own-code" }, t.yourCode),
        h("output", { class: "invitation-code", "aria-labelledby": "own-code" }, code),
        h("a", { class: "link", href: link }, link.replace(/^https?:\/\//, "")),
      ),
      picture,
    ),
    h(
      "div",
      { class: "buttons" },
      typeof navigator.share === "function" && button(t.share, () => navigator.share(shared).catch(() => {}), { class: "primary" }),
      button(t.copyLink, () => copy(link, t.copied), { class: typeof navigator.share === "function" ? "" : "primary" }),
      button(t.copyCode, () => copy(code, t.copied)),
    ),
  );
}

/** @param {Profile} profile */
export function inviteesCard({ invited_users_count: count }) {
  const t = words();
  /** Newest first. @type {Invitee[]} */
  let invitees = [];
  let limit = STEP;
  const total = h("span", { class: "count" }, String(count));
  const list = h("ul", { class: "rows" });
  const none = h("p", { class: "lead", hidden: count > 0 }, t.inviteesNone);
  const more = button("", () => {
    limit += STEP;
    draw([]);
  }, { class: "quiet", hidden: true });
  const title = h("h2", { id: "invitees" }, t.invitees, " ", total);
  const card = h("section", { class: "card", "aria-labelledby": "invitees" }, title, none, list, more);

  /** @param {Invitee[]} fresh */
  function draw(fresh) {
    total.textContent = String(invitees.length);
    none.hidden = invitees.length > 0;
    list.replaceChildren(...invitees.slice(0, limit).map((invitee) => row(invitee, fresh.includes(invitee))));
    more.hidden = invitees.length <= limit;
    more.textContent = t.inviteesMore(invitees.length - limit);
  }

  void (async () => {
    const read = reader();
    invitees = await read();
    draw([]);
    while (card.isConnected) {
      await new Promise((resolve) => setTimeout(resolve, INTERVAL));
      const fresh = card.isConnected && !document.hidden ? await read().catch(() => []) : [];
      if (fresh.length === 0) continue;
      invitees = [...fresh, ...invitees];
      draw(fresh);
      const [last, ...others] = fresh.map(({ phone }) => shown(phone));
      toast(others.length > 0 ? t.inviteesNew(fresh.length) : t.inviteeNew(last ?? ""));
    }
  })().catch(() => {});
  return card;
}

/** @param {Invitee} invitee @param {boolean} isNew */
function row({ phone, at }, isNew) {
  return h("li", { class: isNew && "new" }, h("span", { class: "number" }, shown(phone)), h("time", { datetime: at }, moment(at)));
}

/** Reads those invitees that it has not read before, newest first. */
function reader() {
  let after = "";
  return async () => {
    /** @type {Invitee[]} */
    const fresh = [];
    for (;;) {
      /** @type {{ invitations: Invitee[], next: string | null, end: string }} */
      const page = await call("GET", `profile/invitations/?limit=${PAGE}${after && `&after=${after}`}`);
      fresh.unshift(...page.invitations.reverse());
      after = page.end;
      if (!page.next) return fresh;
    }
  };
}

/** @param {Profile} profile */
export function referrerCard({ invited_by: referrer, invitation_code: own }) {
  const t = words();
  const pending = invitation();
  // Whoever opens a link and is logged in is told what becomes of it.
  const useless = pending === own ? "invitation_self" : referrer && pending ? "invitation_already_set" : null;
  if (useless) {
    keepInvitation(null);
    toast(explain(new Problem(0, { code: useless })));
  }
  const card = h("section", { class: "card", "aria-labelledby": "referrer" }, h("h2", { id: "referrer" }, t.invitedBy));
  /** @param {string} phone */
  const told = (phone) => h("p", { tabindex: "-1" }, t.wasInvitedBy(shown(phone)));
  if (referrer) {
    card.append(told(referrer));
    return card;
  }
  const code = field(t.enterCode, {
    value: invitation() ?? "",
    autofocus: invitation() !== null,
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
  });
  const entering = form(async () => {
    try {
      const answer = await call("POST", "profile/invitation/", { invitation_code: code.input.value });
      keepInvitation(null);
      const line = told(answer.invited_by);
      entering.replaceWith(line);
      line.focus();
      toast(t.entered(shown(answer.invited_by)));
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      const [first] = problem.code === "validation_failed" ? problem.errors : [];
      code.refuse(first ? explainField(first) : explain(problem));
      code.input.focus();
    }
  }, h("p", { class: "lead" }, t.enterLead), code.element, h("button", {}, t.enter));
  card.append(entering);
  return card;
}
