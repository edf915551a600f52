// Who invited whom, as far as it was loaded: a page of somebody's invitees at a
// time, when they are expanded.

import { read } from "../api.js";
import { t } from "../words.js";

/** @import { Invitee } from "../types" */

/** Invitees that are loaded at once. */
export const PAGE = 100;
/** Invitees that are loaded at once when all are wanted. */
const LARGE_PAGE = 500;
/** People that are loaded at most when all are wanted. */
export const MOST = 10_000;
/** Requests that are waited for at once. */
const AT_ONCE = 6;

/** Somebody in the tree, or what stands for those who are not loaded yet. */
export class Node {
  /** @type {Node[]} */
  children = [];
  /** Where the next page begins; `undefined` before the first, `null` after the last. @type {number | null | undefined} */
  next = undefined;
  isOpen = false;
  /** Its row and its column, which the layout decides. */
  y = 0;
  depth = 0;
  /** What is drawn of it, cut to its room. */
  label = "";

  /**
   * @param {Node | null} parent
   * @param {Invitee | null} person `null`: those who are not loaded yet
   */
  constructor(parent, person) {
    this.parent = parent;
    this.person = person;
    this.id = person?.id ?? 0;
    this.count = person?.invited_users_count ?? 0;
    /** Stands for the pages to come. @type {Node | null} */
    this.rest = null;
  }

  /** What it is called. */
  get name() {
    if (!this.person) return t("tree.more", { n: Math.min(PAGE, Math.max((this.parent?.count ?? 0) - (this.parent?.children.length ?? 0), 1)) });
    return this.person.first_name || this.person.phone || t("tree.deleted");
  }

  /** Those of its children that are shown. */
  get shown() {
    if (!this.isOpen) return [];
    return this.next == null ? this.children : [...this.children, (this.rest ??= new Node(this, null))];
  }
}

/** All trees, below a node that is nobody. */
export class Forest {
  top = new Node(null, null);
  /** Everybody who is loaded, by their identifiers. @type {Map<number, Node>} */
  known = new Map();

  /** @param {AbortSignal} signal */
  constructor(signal) {
    this.signal = signal;
    this.top.isOpen = true;
    this.top.count = Infinity;
  }

  /**
   * Loads the next page of somebody's invitees.
   * @param {Node} node
   * @param {number} [limit]
   */
  async load(node, limit = PAGE) {
    const path = node === this.top ? "roots/" : `people/${node.id}/invitees/`;
    const page = await read(path, { after: node.next, limit }, this.signal);
    node.next = page.next;
    for (const person of page.people ?? page.invitees) this.add(node, person);
  }

  /**
   * @param {Node} parent
   * @param {Invitee} person
   */
  add(parent, person) {
    const before = this.known.get(person.id);
    if (before) return before;
    const node = new Node(parent, person);
    parent.children.push(node);
    this.known.set(person.id, node);
    return node;
  }

  /** @param {Node} node */
  async open(node) {
    if (node.next === undefined) await this.load(node);
    node.isOpen = true;
  }

  /** Expands everybody, level by level, until there are enough; tells after each step. @param {() => boolean} goesOn */
  async openAll(goesOn) {
    let level = [this.top];
    while (level.length && this.known.size < MOST) {
      const queue = [...level];
      const take = async () => {
        for (let node = queue.shift(); node; node = queue.shift()) {
          while ((node.next === undefined || node.next !== null) && this.known.size < MOST) {
            await this.load(node, LARGE_PAGE);
            if (!goesOn()) return queue.splice(0);
          }
          node.isOpen = true;
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, take));
      if (!goesOn()) return;
      level = level.flatMap((node) => node.children).filter(({ count }) => count > 0);
    }
  }

  /** Collapses everybody. */
  closeAll() {
    for (const node of this.known.values()) node.isOpen = false;
  }

  /**
   * Expands what leads to a person, who may be on a page that is not loaded.
   * @param {number} id
   */
  async reveal(id) {
    const { lineage } = await read(`people/${id}/lineage/`, {}, this.signal);
    let node = this.top;
    for (const one of lineage) {
      await this.open(node);
      node = this.add(node, one);
    }
    return node;
  }
}
