// Which part of the tree is in sight, and how large.

/** @import { Node } from "./forest.js" */

/** How wide a column and how high a row is, at scale 1. */
export const COLUMN = 200;
export const ROW = 26;
/** How far before a column the lines to it turn, at scale 1. */
const TURN = 16;
/** What is left free around the tree. */
const MARGIN = 32;
const SCALES = /** @type {const} */ ([0.002, 1.5]);
/** Columns are never narrower than at this scale, so that many rows still look like a tree. */
const NARROWEST = 0.45;

export class Viewport {
  /** Who is in each column, from the first row to the last. @type {Node[][]} */
  levels = [];
  width = 0;
  height = 0;
  scale = 1;
  /** Where row 0 of the first column is. */
  x = MARGIN;
  y = MARGIN;

  /** Is called when another part is in sight. */
  draw() {}

  /** How wide a column is now. */
  get column() {
    return COLUMN * Math.max(this.scale, NARROWEST);
  }

  /** How far before a column the lines to it turn. */
  get turn() {
    return (TURN * this.column) / COLUMN;
  }

  /** Where somebody is. @param {Node} node */
  at(node) {
    return { x: this.x + node.depth * this.column, y: this.y + node.y * ROW * this.scale };
  }

  /** The first of a level at or below a height. @param {Node[]} level @param {number} height */
  first(level, height) {
    let [low, high] = [0, level.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(level[middle]).y < height) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Brings somebody in sight. @param {Node} node */
  bring(node) {
    const { x, y } = this.at(node);
    if (x < MARGIN || x > this.width - COLUMN) this.x += this.width * 0.35 - x;
    if (y < MARGIN || y > this.height - MARGIN) this.y += this.height / 2 - y;
    this.draw();
  }

  /** Zooms, around whoever is next to the middle. @param {number} factor */
  zoomIn(factor) {
    const near = this.levels.flatMap((level) => {
      const at = this.first(level, this.height / 2);
      return [level[at - 1], level[at]].flatMap((node) => (node ? [this.at(node)] : []));
    });
    const far = (/** @type {{x: number, y: number}} */ { x, y }) => Math.hypot(x - this.width / 2, y - this.height / 2);
    const { x, y } = near.sort((one, other) => far(one) - far(other))[0] ?? { x: 0, y: 0 };
    this.zoom(factor, x, y);
  }

  /**
   * Zooms, around a place that stays.
   * @param {number} factor
   * @param {number} x
   * @param {number} y
   */
  zoom(factor, x, y) {
    const scale = Math.min(Math.max(this.scale * factor, SCALES[0]), SCALES[1]);
    const before = this.column;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.x = x - ((x - this.x) * this.column) / before;
    this.draw();
  }

  /** Shows the beginning of it. */
  rewind() {
    [this.scale, this.x] = [1, MARGIN];
    this.y = MARGIN - (this.levels[0]?.[0]?.y ?? 0) * ROW;
    this.draw();
  }

  /** Shows all of it, as large as that can be. */
  fit() {
    const rows = this.levels.map((level) => [level[0].y, level[level.length - 1].y]);
    const first = Math.min(...rows.map(([first]) => first));
    const last = Math.max(...rows.map(([, last]) => last));
    const scale = Math.min((this.height - 2 * MARGIN) / ((last - first + 1) * ROW), 1);
    this.scale = Math.max(scale, SCALES[0]);
    this.x = MARGIN;
    this.y = Math.max((this.height - (last - first) * ROW * this.scale) / 2, MARGIN) - first * ROW * this.scale;
    this.draw();
  }
}
