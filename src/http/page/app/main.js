/** The frame of the page: who is logged in decides what it shows. */

import { BASE, Problem, onReach } from "./api.js";
import { leave } from "./account.js";
import brand from "./brand.js";
import { announce, button, h } from "./dom.js";
import { homeView } from "./home.js";
import { loginView, restart } from "./login.js";
import { forget, keepInvitation, onChange, tokens } from "./session.js";
import { choose, explain, language, nameOf, words } from "./words.js";

const main = h("main");
const header = h("header");
const offline = h("p", { class: "offline", role: "status", hidden: true });

/** How often something was to be shown: what took longer than the next is not. */
let renders = 0;

/**
 * Shows what there is for whoever is logged in or is not.
 *
 * @param {string} [reason] The code of the problem that a session ended with.
 */
async function render(reason = "") {
  const own = ++renders;
  document.documentElement.lang = language();
  document.title = brand.name;
  offline.textContent = words().offline;
  drawHeader();
  const ended = reason && h("p", { class: "notice", role: "alert" }, explain(new Problem(401, { code: reason })));
  if (!tokens()) return show(h("div", {}, ended, loginView(render)));
  restart("");
  if (!main.hasChildNodes()) main.append(h("p", { class: "lead narrow" }, words().loading));
  try {
    const home = await homeView();
    if (own === renders) show(home);
  } catch (problem) {
    // A session that is over has brought the login by now.
    if (own !== renders) return;
    if (!(problem instanceof Problem)) throw problem;
    const sentence = h("p", { role: "alert" }, explain(problem));
    const card = h("section", { class: "card narrow" }, sentence, button(words().retry, () => render()));
    show(card);
    if (problem.status === 401) forget(problem.code);
  }
}

/** @param {HTMLElement} view */
function show(view) {
  main.replaceChildren(view);
  /** @type {HTMLElement | null} */
  const first = view.querySelector("[autofocus]:not(dialog *)") ?? view.querySelector("h1[tabindex]");
  first?.focus();
}

function drawHeader() {
  const other = language() === "ru" ? "en" : "ru";
  const languages = button(nameOf(other), () => {
    choose(other);
    void render();
  }, { class: "quiet", lang: other });
  const logo = brand.logo && h("img", { src: new URL("app/logo", BASE).href, alt: "", height: 28 });
  const out = tokens() && button(words().logOut, () => leave(false), { class: "quiet" });
  header.replaceChildren(h("p", { class: "brand" }, logo, h("bdi", {}, brand.name)), h("nav", {}, languages, out));
}

/** Takes an invitation out of the address, and keeps it until somebody logs in. */
function takeInvitation() {
  const address = new URL(location.href);
  const code = address.searchParams.get("invitation");
  if (code === null) return;
  keepInvitation(code.trim());
  address.searchParams.delete("invitation");
  history.replaceState(null, "", address);
}

onReach((isOnline) => {
  if (offline.hidden === isOnline) return;
  offline.hidden = isOnline;
  if (isOnline) announce(words().online);
});
onChange(render);
takeInvitation();
if (brand.notice) document.body.append(h("p", { class: "banner" }, brand.notice));
document.body.append(offline, header, main);
if (brand.logo) document.querySelector("link[rel=icon]")?.setAttribute("href", new URL("app/logo", BASE).href);
void render();
