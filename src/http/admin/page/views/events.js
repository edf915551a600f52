// What happens right now, as the server sends it.

import { eventsUrl, may, read } from "../api.js";
import { h, said } from "../dom.js";
import { named, t, time } from "../words.js";

/** @import { Happening } from "../types" */

const KINDS = ["asked", "sent", "unsent", "delivered", "undelivered", "confirmed", "account", "invitation", "limited", "wrong", "deleted", "alarm", "missed"];
const BAD = ["unsent", "undelivered", "limited", "wrong", "alarm", "missed"];
/** Lines that are kept. */
const MOST = 200;

/** @param {AbortSignal} signal */
export function events(signal) {
  const quiet = h("p", { class: "empty" }, t("overview.quiet"));
  const list = h("ol", { class: "events", tabindex: 0, "aria-label": t("overview.events") });
  const state = h("span", { class: "state", role: "status" });
  /** @type {Node[]} */
  let waiting = [];
  let isPaused = false;
  let isLive = false;
  const pause = h("button", { class: "quiet", "aria-pressed": "false", onclick: turn }, t("overview.pause"));

  function turn() {
    isPaused = !isPaused;
    pause.setAttribute("aria-pressed", String(isPaused));
    pause.textContent = t(isPaused ? "overview.go_on" : "overview.pause");
    if (!isPaused) add(waiting.splice(0));
    tellState();
  }

  function tellState() {
    const text = isPaused ? t("overview.paused", { n: waiting.length }) : t(isLive ? "overview.live" : "overview.reconnecting");
    if (state.textContent !== text) state.textContent = text;
    state.className = isPaused || !isLive ? "state" : "state live";
  }

  /** @param {Node[]} lines the latest last */
  function add(lines) {
    if (!lines.length) return;
    quiet.remove();
    list.prepend(...lines.reverse());
    while (list.childElementCount > MOST) list.lastElementChild?.remove();
  }

  const source = new EventSource(eventsUrl());
  source.onopen = () => {
    isLive = true;
    tellState();
  };
  source.onerror = () => {
    isLive = false;
    tellState();
    // The browser tries again on its own, except where it was refused: then the session may be over.
    if (source.readyState === EventSource.CLOSED) read("session/", {}, signal).catch(() => {});
  };
  for (const kind of KINDS) {
    source.addEventListener(kind, ({ data }) => {
      const shown = line(JSON.parse(data));
      if (!isPaused) return add([shown]);
      waiting.push(shown);
      if (waiting.length > MOST) waiting.shift();
      tellState();
    });
  }
  signal.addEventListener("abort", () => source.close());
  tellState();
  return h("section", { class: "card live" }, h("header", {}, h("h2", {}, t("overview.events")), h("div", { class: "tools" }, state, pause)), quiet, list);
}

/** @param {Happening} event */
function line({ at, kind, phone, user, detail, count }) {
  if (count) return h("li", { class: "bad" }, t("overview.missed", { n: count }));
  const who = user != null && may("people") ? h("a", { href: `#/people/${user}` }, phone ?? String(user)) : phone ?? "";
  return h("li", { class: BAD.includes(kind) ? "bad" : null }, h("time", { datetime: at }, time(at)), h("span", { class: "kind" }, named("event", kind)), h("span", { class: "who" }, who), detail && said(detail));
}
