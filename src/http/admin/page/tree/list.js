// The same tree as a list of lists, for screen readers and for whoever likes
// lists (the tree view of the ARIA practices).

import { h, said } from "../dom.js";
import { number, t } from "../words.js";

/** @import { Node } from "./forest.js" */

export class List {
  /** @type {Map<Node, HTMLElement>} */
  items = new Map();

  /**
   * @param {Node} top
   * @param {{open: (node: Node) => void, toggle: (node: Node) => void}} on
   */
  constructor(top, on) {
    this.top = top;
    this.on = on;
    this.element = h("ul", { class: "branches", role: "tree", "aria-label": t("tree.label"), onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event), onclick: (/** @type {Event} */ event) => this.click(event) });
    /** @type {WeakMap<Element, Node>} */
    this.nodes = new WeakMap();
  }

  /** Shows all anew. @param {Node | null} current who is chosen */
  arrange(current) {
    this.items.clear();
    this.element.replaceChildren(...this.top.shown.map((node) => this.branch(node, 1)));
    const first = this.items.get(current ?? this.top.shown[0]) ?? this.items.values().next().value;
    first?.setAttribute("tabindex", "0");
  }

  /** Shows a node anew, after it was expanded or collapsed. @param {Node} node */
  change(node) {
    if (node === this.top) return this.arrange(null);
    const item = this.items.get(node);
    item?.parentElement?.replaceWith(this.branch(node, Number(item.getAttribute("aria-level"))));
    this.choose(node);
  }

  /**
   * Somebody and, if they are expanded, their invitees.
   * @param {Node} node
   * @param {number} level
   * @returns {HTMLElement}
   */
  branch(node, level) {
    const group = node.isOpen && h("ul", { role: "group", id: `below-${node.id}` }, ...node.shown.map((child) => this.branch(child, level + 1)));
    const states = { "aria-level": level, "aria-expanded": node.count ? String(node.isOpen) : null, "aria-owns": group ? group.id : null };
    const phone = node.person?.first_name && node.person.phone;
    const count = [h("span", { class: "unseen" }, t("measure.invitations")), h("span", { class: "count" }, number(node.count))];
    const item = h("div", { class: node.person ? "row" : "row rest", role: "treeitem", tabindex: -1, ...states },
      h("span", { class: "mark", "aria-hidden": "true" }), said(node.name), phone && h("span", { class: "phone" }, phone), ...(node.count ? count : []));
    this.items.set(node, item);
    this.nodes.set(item, node);
    return h("li", { role: "none" }, item, group);
  }

  /** @param {Node | undefined} node */
  choose(node) {
    const item = node && this.items.get(node);
    if (!item) return;
    for (const one of this.element.querySelectorAll('[tabindex="0"]')) one.setAttribute("tabindex", "-1");
    item.setAttribute("tabindex", "0");
    item.focus({ preventScroll: true });
    item.scrollIntoView({ block: "nearest" });
  }

  /** @param {Event} event */
  click(event) {
    const target = /** @type {Element} */ (event.target);
    const item = target.closest("[role=treeitem]");
    const node = item && this.nodes.get(item);
    if (!node) return;
    if (target.closest(".mark") || !node.person) this.on.toggle(node);
    else this.on.open(node);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const item = /** @type {Element} */ (event.target).closest("[role=treeitem]");
    const node = item && this.nodes.get(item);
    if (!node || event.ctrlKey || event.metaKey || event.altKey) return;
    const parent = node.parent === this.top ? undefined : node.parent ?? undefined;
    const shown = () => [...this.element.querySelectorAll("[role=treeitem]")];
    const step = (/** @type {number} */ by) => this.choose(this.nodes.get(shown()[shown().indexOf(item) + by] ?? item));
    if (event.key === "ArrowDown") step(1);
    else if (event.key === "ArrowUp") step(-1);
    else if (event.key === "ArrowRight" && node.isOpen) this.choose(node.shown[0]);
    else if (event.key === "ArrowLeft" && !node.isOpen) this.choose(parent);
    else if (["ArrowRight", "ArrowLeft", " "].includes(event.key)) (node.count || !node.person) && this.on.toggle(node);
    else if (event.key === "Enter") node.person ? this.on.open(node) : this.on.toggle(node);
    else if (event.key === "Home") this.choose(this.top.shown[0]);
    else if (event.key === "End") this.choose(this.nodes.get(/** @type {Element} */ (shown().at(-1))));
    else return;
    event.preventDefault();
  }
}
