// The pages of operators: which view is shown, and what is around all of them. A view is
// what stands after `#` in the address, as in `#/people/12`, so that the
// browser's own buttons and bookmarks work.

import { call, isIdle, may, operator, read, sessions, setSession } from "./api.js";
import { h, icon, nameOf, said } from "./dom.js";
import { failure } from "./form.js";
import { named, speak, spoken, t } from "./words.js";
import { audit } from "./views/audit.js";
import { figures } from "./views/figures.js";
import { gateways } from "./views/gateways.js";
import { keys } from "./views/keys.js";
import { login } from "./views/login.js";
import { operators } from "./views/operators.js";
import { overview } from "./views/overview.js";
import { people } from "./views/people.js";
import { person } from "./views/person.js";
import { tree } from "./views/tree.js";

/** @import { Route, Session, View } from "./types" */

/**
 * The views, with the permission that each needs.
 * @type {[Parameters<typeof icon>[0], string, View][]}
 */
const VIEWS = [
  ["overview", "figures", overview],
  ["figures", "figures", figures],
  ["people", "people", (root, route, signal) => (route.id ? person : people)(root, route, signal)],
  ["tree", "people", tree],
  ["gateways", "figures", gateways],
  ["audit", "audit", audit],
  ["operators", "operators", operators],
  ["keys", "keys", keys],
];

const page = /** @type {HTMLElement} */ (document.getElementById("page"));
let leave = new AbortController();
/** @type {HTMLElement | null} */
let main = null;

/** What is asked for. @returns {Route} */
function route() {
  const [path, query] = location.hash.slice(1).split("?");
  const [view, id] = path.split("/").filter(Boolean);
  return { view: view ?? "", id: id ?? "", query: new URLSearchParams(query) };
}

/** Shows what is asked for, in place of what was there. */
async function render() {
  leave.abort();
  leave = new AbortController();
  if (!operator() || !main) return;
  const { signal } = leave;
  const permitted = VIEWS.filter(([, permission]) => may(permission));
  const asked = route();
  const [name, , view] = permitted.find(([name]) => name === asked.view) ?? permitted[0] ?? [];
  if (!name || !view) return main.replaceChildren(h("p", {}, t("problem.forbidden")));
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#/${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.querySelector("nav a[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  document.title = `${t(`view.${name}`)} · ${t("title")}`;
  const root = h("div", { class: `view ${name}`, "aria-busy": "true" });
  main.replaceChildren(root);
  scrollTo(0, 0);
  try {
    await view(root, asked, signal);
  } catch (error) {
    if (!signal.aborted) root.append(failure(error, render));
  } finally {
    root.removeAttribute("aria-busy");
  }
}

/** What is around the views. */
function frame() {
  const who = operator();
  if (!who) return;
  document.documentElement.lang = spoken();
  const links = VIEWS.filter(([, permission]) => may(permission)).map(([name]) => h("a", { href: `#/${name}` }, icon(name), h("span", {}, t(`view.${name}`))));
  const me = h("div", { class: "me" }, h("span", { class: "name" }, said(nameOf(who) || who.phone)), h("span", { class: "role" }, named("role", who.role)));
  main = h("main", { id: "main", tabindex: -1 });
  page.className = "frame";
  page.replaceChildren(
    h("a", { class: "skip", href: "#main", onclick: skip }, t("skip")),
    h("header", { class: "side" }, h("div", { class: "brand" }, h("b", {}, "invited"), h("span", {}, t("title"))), h("nav", { "aria-label": t("menu") }, ...links), h("div", { class: "foot" }, me, languageSwitch(), h("button", { class: "quiet", onclick: logOut }, t("log_out")))),
    main,
  );
  render();
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  main?.focus();
}

function languageSwitch() {
  const other = spoken() === "en" ? "ru" : "en";
  const change = () => {
    speak(other);
    if (operator()) frame();
    else end("");
  };
  return h("button", { class: "quiet", lang: other, onclick: change }, t("language"));
}

async function logOut() {
  await call("DELETE", "session/").catch(() => {});
  end("");
}

/** Shows the login; whoever logs in is where they were. @param {string} why */
function end(why) {
  setSession(null);
  leave.abort();
  main = null;
  for (const dialog of document.querySelectorAll("dialog")) dialog.remove();
  document.documentElement.lang = spoken();
  document.title = `invited · ${t("title")}`;
  page.className = "entry";
  page.replaceChildren();
  login(page, why, enter);
  page.append(languageSwitch());
}

/** Shows the views. @param {Session} session */
function enter(session) {
  setSession(session);
  frame();
}

/** Ends the session here when it must have ended at the server: no tab called it for so long. */
function watchIdle() {
  if (operator() && isIdle()) end(t("login.ended"));
}

sessions.addEventListener("ended", () => operator() && end(t("login.ended")));
addEventListener("hashchange", () => {
  render();
  // What is read and reached next is the new view.
  main?.focus({ preventScroll: true });
});
setInterval(watchIdle, 5000);
read("session/").then(enter, () => end(""));
