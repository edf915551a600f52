// The tree on a canvas. Only what is in sight is drawn, and of rows that share a
// pixel only one, so that a frame takes no longer with more people.

import { h } from "../dom.js";
import { t } from "../words.js";
import { gestures } from "./gestures.js";
import { layout } from "./layout.js";
import { COLUMN, ROW, Viewport } from "./viewport.js";

/** @import { Node } from "./forest.js" */

const RADIUS = 4.5;
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
/** From which scale on there are labels. */
const READABLE = 0.5;

export class Drawing extends Viewport {
  /** @type {Node | null} */
  current = null;
  /** @type {number} */
  waiting = 0;

  /**
   * @param {Node} top
   * @param {{open: (node: Node) => void, toggle: (node: Node) => void, tell: (node: Node) => void, signal: AbortSignal}} on
   */
  constructor(top, on) {
    super();
    this.top = top;
    this.on = on;
    this.canvas = h("canvas", { tabindex: 0, role: "application", "aria-label": t("tree.label"), "aria-describedby": "tree-help" });
    this.pen = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    const watch = new ResizeObserver(() => this.resize());
    watch.observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw(), { signal: on.signal });
    on.signal.addEventListener("abort", () => watch.disconnect());
    gestures(this);
  }

  /** Takes the size that there is. */
  resize() {
    [this.width, this.height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    this.canvas.width = this.width * devicePixelRatio;
    this.canvas.height = this.height * devicePixelRatio;
    this.draw();
  }

  /** Arranges what is shown now. `still` stays where it was in sight. @param {Node} [still] */
  arrange(still) {
    const before = still?.y;
    this.levels = layout(this.top);
    if (still && before !== undefined) this.y -= (still.y - before) * ROW * this.scale;
    this.resize();
  }

  /** Draws with the next frame. @override */
  draw() {
    this.waiting ||= requestAnimationFrame(() => {
      this.waiting = 0;
      this.paint();
    });
  }

  paint() {
    const { pen, canvas, scale } = this;
    const style = getComputedStyle(canvas);
    const color = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`);
    const colors = { line: color("edge"), text: color("text"), muted: color("muted"), accent: color("accent"), card: color("card"), soft: color("accent-soft") };
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    pen.font = `${13 * Math.min(scale, 1.3)}px ${FONT}`;
    pen.textBaseline = "middle";
    pen.direction = "ltr";
    pen.strokeStyle = colors.line;
    pen.lineWidth = scale < READABLE ? 0.75 : 1.25;
    for (const [depth, level] of this.levels.entries()) {
      const x = this.x + depth * this.column;
      if (x > this.width + this.turn || x < -this.column) continue;
      const from = this.first(level, -ROW);
      this.paintLines(level, x, from);
      this.paintNodes(level, x, from, colors);
    }
  }

  /**
   * Those who are in sight, at most one a pixel.
   * @param {Node[]} level
   * @param {number} from
   */
  *inSight(level, from) {
    const end = this.height + ROW;
    let last = -Infinity;
    for (let at = from; at < level.length; at++) {
      const { y } = this.at(level[at]);
      if (y > end) return;
      if (y - last < 1 && level[at] !== this.current) continue;
      last = y;
      yield { node: level[at], y };
    }
  }

  /**
   * Lines from parents to a level.
   * @param {Node[]} level
   * @param {number} x
   * @param {number} from
   */
  paintLines(level, x, from) {
    const { pen, scale } = this;
    const [turn, bend] = [x - this.turn, Math.min(6, 6 * scale)];
    pen.beginPath();
    /** @type {Node | null} */
    let parent = null;
    // From the one above, since a line may go through without anybody in sight.
    for (let at = Math.max(from - 1, 0); at < level.length; at++) {
      const node = level[at];
      if (node.parent === parent || !node.parent?.parent) continue;
      parent = node.parent;
      const siblings = parent.shown;
      const [top, bottom] = [this.at(siblings[0]).y, this.at(siblings[siblings.length - 1]).y];
      if (top > this.height + ROW) break;
      if (bottom - top < 1) continue;
      pen.moveTo(x, top);
      pen.arcTo(turn, top, turn, bottom, bend);
      pen.arcTo(turn, bottom, x, bottom, bend);
      pen.lineTo(x, bottom);
    }
    for (const { node, y } of this.inSight(level, from)) {
      if (!node.parent?.parent) continue;
      const siblings = node.parent.shown;
      if (siblings.length > 1 && (node === siblings[0] || node === siblings[siblings.length - 1])) continue;
      pen.moveTo(turn, y);
      pen.lineTo(x, y);
    }
    pen.stroke();
  }

  /**
   * @param {Node[]} level
   * @param {number} x
   * @param {number} from
   * @param {Record<"line" | "text" | "muted" | "accent" | "card" | "soft", string>} colors
   */
  paintNodes(level, x, from, colors) {
    const { pen, scale } = this;
    const radius = Math.max(RADIUS * Math.min(scale, 1.3), 1);
    for (const { node, y } of this.inSight(level, from)) {
      let end = x + radius;
      if (scale >= READABLE) end = this.paintLabel(node, x + radius + 6 * scale, y, colors);
      if (node.isOpen && node.shown.length) {
        pen.beginPath();
        pen.moveTo(end + 5 * scale, y);
        pen.lineTo(x + this.column - this.turn, y);
        pen.stroke();
      }
      pen.beginPath();
      pen.arc(x, y, node.count ? radius : radius * 0.65, 0, 2 * Math.PI);
      pen.fillStyle = !node.count ? colors.line : node.isOpen ? colors.card : colors.accent;
      pen.fill();
      if (!node.count) continue;
      pen.strokeStyle = colors.accent;
      pen.stroke();
      pen.strokeStyle = colors.line;
    }
  }

  /**
   * Writes what a node is called, and answers where that ends.
   * @param {Node} node
   * @param {number} x
   * @param {number} y
   * @param {Record<"text" | "muted" | "accent" | "soft", string>} colors
   */
  paintLabel(node, x, y, colors) {
    const { pen, scale } = this;
    node.label ||= this.cut(node.person ? node.name : `${node.name} ↓`);
    const count = node.count ? `  ${node.count}` : "";
    const width = pen.measureText(node.label).width;
    const end = x + width + (count ? pen.measureText(count).width : 0);
    if (node === this.current) {
      pen.fillStyle = colors.soft;
      pen.beginPath();
      pen.roundRect(x - 4, y - 11 * scale, end - x + 8, 22 * scale, 5);
      pen.fill();
    }
    pen.fillStyle = node.person ? colors.text : colors.accent;
    pen.fillText(node.label, x, y + 1);
    pen.fillStyle = colors.muted;
    pen.fillText(count, x + width, y + 1);
    return end;
  }

  /** A text as it fits into a column, its direction kept to itself. @param {string} text */
  cut(text) {
    const room = (COLUMN - 78) * Math.min(this.scale, 1.3);
    const isolated = (/** @type {string} */ part) => `\u2068${part}\u2069`;
    let letters = [...text].slice(0, 60);
    if (letters.length === [...text].length && this.pen.measureText(text).width <= room) return isolated(text);
    while (letters.length > 1 && this.pen.measureText(`${letters.join("")}…`).width > room) letters = letters.slice(0, -1);
    return `${isolated(letters.join(""))}…`;
  }

  /**
   * Who is at a place, and whether it is their mark rather than their name.
   * @param {number} x
   * @param {number} y
   */
  hit(x, y) {
    const depth = Math.floor((x - this.x + 12) / this.column);
    const level = this.levels[depth];
    if (!level) return null;
    const half = Math.max((ROW * this.scale) / 2, 3);
    const node = level[this.first(level, y - half)];
    if (!node || this.at(node).y > y + half) return null;
    return { node, isMark: x - this.at(node).x < 12 };
  }

  /** Makes somebody the current one, in sight. @param {Node} node */
  choose(node) {
    this.current = node;
    this.bring(node);
    this.on.tell(node);
  }
}
