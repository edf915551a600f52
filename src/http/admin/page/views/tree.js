// The referral tree, drawn or as a list, and how somebody is found in it.

import { read } from "../api.js";
import { h, nameOf, said } from "../dom.js";
import { field, form, told } from "../form.js";
import { t } from "../words.js";
import { Drawing } from "../tree/drawing.js";
import { Forest, MOST } from "../tree/forest.js";
import { List } from "../tree/list.js";

/** @import { PersonRow, View } from "../types" */
/** @import { Node } from "../tree/forest.js" */

/** People that a search offers. */
const OFFERED = 8;

/** @type {View} */
export async function tree(root, { id, query }, signal) {
  const forest = new Forest(signal);
  const on = { open, toggle, tell, signal };
  const drawing = new Drawing(forest.top, on);
  const list = new List(forest.top, on);
  const state = h("p", { class: "hint", role: "status" });
  const spoken = h("p", { class: "unseen", "aria-live": "polite" });
  const none = h("p", { class: "empty", hidden: true }, t("tree.none"));
  /** @type {(() => void) | null} */
  let stop = null;
  let isList = query.get("as") === "list";
  const drawn = h("div", { class: "card drawn" }, drawing.canvas, zoom(drawing));
  const listed = h("div", { class: "card listed" }, list.element);
  const all = h("button", { onclick: () => openAll().catch(fail) }, t("tree.expand"));
  const way = h("button", { onclick: () => show(!isList) });
  const { search, offers } = finder((id) => jump(id).catch(fail), (text) => (state.textContent = text), signal);
  root.append(
    h("header", { class: "head" }, h("div", {}, h("h1", {}, t("view.tree")), state), h("div", { class: "tools" }, way)),
    h("div", { class: "bar-of-tools" }, search, all, h("button", { onclick: closeAll }, t("tree.collapse"))), offers,
    h("p", { id: "tree-help", class: "unseen" }, t("tree.help")), spoken, none, drawn, listed,
  );
  await forest.load(forest.top);
  if (forest.top.children[0]?.count) await forest.open(forest.top.children[0]);
  none.hidden = forest.known.size > 0;
  show(isList);
  drawing.rewind();
  if (id) await jump(Number(id));

  /** @param {unknown} error */
  function fail(error) {
    if (!signal.aborted) state.textContent = told(error);
  }

  /** @param {boolean} asList */
  function show(asList) {
    isList = asList;
    drawn.hidden = isList || !forest.known.size;
    listed.hidden = !isList || !forest.known.size;
    way.textContent = t(isList ? "tree.drawing" : "tree.list");
    arrange();
  }

  /** @param {Node} [still] */
  function arrange(still) {
    if (isList) list.arrange(drawing.current);
    else drawing.arrange(still);
    state.textContent = t("tree.shown", { n: forest.known.size });
  }

  /** @param {Node} node */
  function open(node) {
    location.hash = `#/people/${node.id}`;
  }

  /** @param {Node} node */
  async function toggle(node) {
    const parent = /** @type {Node} */ (node.parent);
    try {
      if (!node.person) await forest.load(parent);
      else if (node.isOpen) node.isOpen = false;
      else if (node.count) await forest.open(node);
    } catch (error) {
      return fail(error);
    }
    if (isList) list.change(node.person ? node : parent);
    else arrange(node.person ? node : parent);
    if (!isList) tell(node);
    state.textContent = t("tree.shown", { n: forest.known.size });
  }

  /** Says who is chosen, to those who do not see it. @param {Node} node */
  function tell(node) {
    const parts = [node.person ? t("tree.node", { name: node.name, n: node.count }) : node.name, t("tree.level", { n: node.depth + 1 })];
    if (node.count) parts.push(t(node.isOpen ? "tree.expanded" : "tree.collapsed"));
    spoken.textContent = parts.join(", ");
  }

  /** Expands everybody, or stops that. */
  async function openAll() {
    if (stop) return stop();
    let goesOn = true;
    let shownAt = 0;
    const show = () => {
      arrange();
      if (!isList) drawing.fit();
      shownAt = performance.now();
    };
    stop = () => (goesOn = false);
    all.textContent = t("tree.stop");
    try {
      await forest.openAll(() => {
        if (performance.now() - shownAt > 500) show();
        return goesOn && !signal.aborted;
      });
    } finally {
      stop = null;
      all.textContent = t("tree.expand");
    }
    show();
    if (forest.known.size >= MOST) state.textContent = t("tree.full", { n: forest.known.size });
  }

  function closeAll() {
    forest.closeAll();
    drawing.current = null;
    arrange();
    drawing.rewind();
  }

  /** @param {number} person */
  async function jump(person) {
    const node = await forest.reveal(person);
    none.hidden = true;
    drawing.current = node;
    show(isList);
    if (isList) return list.choose(node);
    drawing.scale = Math.max(drawing.scale, 1);
    drawing.choose(node);
  }
}

/**
 * How somebody is found: a form, and those whom it offers.
 *
 * @param {(id: number) => Promise<void>} jump
 * @param {(text: string) => void} say
 * @param {AbortSignal} signal
 */
function finder(jump, say, signal) {
  const offers = h("ul", { class: "offers" });
  const input = h("input", { type: "search", name: "query", required: true, maxlength: 150, autocomplete: "off" });
  const search = form(t("tree.jump"), find, [field(t("tree.search"), input)]);
  search.classList.add("search");

  /** @param {Record<string, string>} values */
  async function find({ query }) {
    /** @type {{people: PersonRow[]}} */
    const { people } = await read("people/", { query, limit: OFFERED }, signal);
    offers.replaceChildren();
    if (!people.length) say(t("tree.not_found", { query: `\u2068${query}\u2069` }));
    if (people.length === 1) return take(people[0]);
    offers.append(...people.map((one) => h("li", {}, h("button", { class: "chip", onclick: () => take(one) }, said(nameOf(one) || one.phone), nameOf(one) ? h("small", {}, one.phone) : null))));
  }

  /** @param {PersonRow} person */
  function take({ id }) {
    offers.replaceChildren();
    return jump(id);
  }
  return { search, offers };
}

/** Buttons that change how much is in sight. @param {Drawing} drawing */
function zoom(drawing) {
  /** @type {[string, "tree.zoom_in" | "tree.zoom_out" | "tree.fit", () => void][]} */
  const acts = [
    ["+", "tree.zoom_in", () => drawing.zoomIn(1.5)],
    ["−", "tree.zoom_out", () => drawing.zoomIn(1 / 1.5)],
    ["⤢", "tree.fit", () => drawing.fit()],
  ];
  const buttons = acts.map(([sign, word, act]) => h("button", { "aria-label": t(word), title: t(word), onclick: act }, sign));
  return h("div", { class: "zoom" }, ...buttons);
}
