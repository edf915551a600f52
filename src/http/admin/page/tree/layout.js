// Where each node of a tree is drawn: levels are columns, a parent stands in the
// middle of its children, and subtrees are as close as they can be (Reingold and
// Tilford, "Tidier Drawings of Trees", 1981). It takes time in proportion to the
// nodes, however deep they are.

/** @import { Node } from "./forest.js" */

/** Rows between neighbours that are not siblings. */
const APART = 1.5;

/**
 * The first and last row of a subtree at each of its levels, the deepest first,
 * plus `base`. Rows are relative to the subtree's root.
 * @typedef {{first: number[], last: number[], base: number}} Outline
 */

/**
 * Sets the row and depth of all that is shown. Answers the levels, each from its
 * first row to its last.
 * @param {Node} top
 */
export function layout(top) {
  const order = inOrder(top);
  /** @type {Map<Node, number>} */
  const offsets = new Map();
  /** @type {Map<Node, Outline>} */
  const outlines = new Map();
  for (let at = order.length - 1; at >= 0; at--) outlines.set(order[at], arrange(order[at], outlines, offsets));
  /** @type {Node[][]} */
  const levels = [];
  for (const node of order) {
    node.depth = node.parent ? node.parent.depth + 1 : -1;
    node.y = (node.parent?.y ?? 0) + (offsets.get(node) ?? 0);
    if (node !== top) (levels[node.depth] ??= []).push(node);
  }
  return levels;
}

/** Every node before its children. @param {Node} top */
function inOrder(top) {
  const [order, stack] = [/** @type {Node[]} */ ([]), [top]];
  for (let node = stack.pop(); node; node = stack.pop()) {
    order.push(node);
    const children = node.shown;
    for (let at = children.length - 1; at >= 0; at--) stack.push(children[at]);
  }
  return order;
}

/**
 * Puts the subtrees of a node below one another.
 * @param {Node} node
 * @param {Map<Node, Outline>} outlines
 * @param {Map<Node, number>} offsets
 * @returns {Outline}
 */
function arrange(node, outlines, offsets) {
  const children = node.shown;
  /** @type {Outline | null} */
  let all = null;
  for (const child of children) {
    const outline = /** @type {Outline} */ (outlines.get(child));
    outlines.delete(child);
    const row = all ? distance(all, outline) : 0;
    offsets.set(child, row);
    outline.base += row;
    all = all ? merge(all, outline) : outline;
  }
  if (!all) return { first: [0], last: [0], base: 0 };
  const middle = (/** @type {number} */ (offsets.get(children[0])) + /** @type {number} */ (offsets.get(children[children.length - 1]))) / 2;
  for (const child of children) offsets.set(child, /** @type {number} */ (offsets.get(child)) - middle);
  all.base -= middle;
  all.first.push(-all.base);
  all.last.push(-all.base);
  return all;
}

/** How far below `above` a subtree has to stand. @param {Outline} above @param {Outline} below */
function distance(above, below) {
  let most = -Infinity;
  for (let up = 1; up <= Math.min(above.last.length, below.first.length); up++) {
    const overlap = above.last[above.last.length - up] + above.base - below.first[below.first.length - up] - below.base;
    most = Math.max(most, overlap + (up === 1 ? 1 : APART));
  }
  return most;
}

/** The outline of both. Only the levels that both have are visited. @param {Outline} above @param {Outline} below */
function merge(above, below) {
  const [kept, other, side] = below.first.length > above.first.length ? [below, above, /** @type {const} */ ("first")] : [above, below, /** @type {const} */ ("last")];
  for (let up = 1; up <= other.first.length; up++) {
    kept[side][kept[side].length - up] = other[side][other[side].length - up] + other.base - kept.base;
  }
  return kept;
}
