// How the drawing is moved: by pointer, wheel, two fingers and keys.

/** @import { Drawing } from "./drawing.js" */
/** @import { Node } from "./forest.js" */

/** Pixels that a click may slip. */
const SLIP = 5;

/** @param {Drawing} drawing */
export function gestures(drawing) {
  const { canvas } = drawing;
  byPointer(drawing);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) return drawing.zoom(Math.exp(-event.deltaY / 300), event.offsetX, event.offsetY);
    drawing.x -= event.shiftKey ? event.deltaY : event.deltaX;
    drawing.y -= event.shiftKey ? 0 : event.deltaY;
    drawing.draw();
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !byKey(drawing, event.key)) return;
    event.preventDefault();
  });
  canvas.addEventListener("focus", () => {
    const first = drawing.current ?? drawing.levels[0]?.[0];
    if (first && canvas.matches(":focus-visible")) drawing.choose(first);
  });
}

/** @param {Drawing} drawing */
function byPointer(drawing) {
  const { canvas } = drawing;
  /** @type {Map<number, {x: number, y: number}>} */
  const down = new Map();
  let moved = 0;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    moved = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = [event.offsetX, event.offsetY];
    const before = down.get(event.pointerId);
    if (!before) {
      canvas.style.cursor = drawing.hit(x, y) ? "pointer" : "grab";
      return;
    }
    moved += Math.abs(x - before.x) + Math.abs(y - before.y);
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const distance = (/** @type {{x: number, y: number}} */ of) => Math.max(Math.hypot(of.x - other.x, of.y - other.y), 1);
      drawing.zoom(distance({ x, y }) / distance(before), (x + other.x) / 2, (y + other.y) / 2);
    }
    const share = other ? 2 : 1;
    drawing.x += (x - before.x) / share;
    drawing.y += (y - before.y) / share;
    down.set(event.pointerId, { x, y });
    drawing.draw();
  });
  const up = (/** @type {PointerEvent} */ event) => {
    const wasDown = down.delete(event.pointerId);
    if (!wasDown || moved > SLIP || event.type !== "pointerup") return;
    const hit = drawing.hit(event.offsetX, event.offsetY);
    if (!hit) return;
    drawing.current = hit.node;
    if (hit.isMark || !hit.node.person) drawing.on.toggle(hit.node);
    else drawing.on.open(hit.node);
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
}

/**
 * Does what a key means. Answers whether it means anything.
 * @param {Drawing} drawing
 * @param {string} key
 */
function byKey(drawing, key) {
  const { current, levels } = drawing;
  const zooms = { "+": 1.5, "=": 1.5, "-": 1 / 1.5 };
  if (key in zooms) drawing.zoomIn(zooms[/** @type {keyof typeof zooms} */ (key)]);
  else if (key === "0") drawing.fit();
  else if (!current) move(levels[0]?.[0]);
  else if (key === "ArrowUp" || key === "ArrowDown") move(neighbour(levels, current, key === "ArrowUp" ? -1 : 1));
  else if (key === "ArrowRight" && current.isOpen) move(current.shown[0]);
  else if (key === "ArrowLeft" && !current.isOpen) move(current.parent?.parent ? current.parent : undefined);
  else if (key === "ArrowRight" || key === "ArrowLeft" || key === " ") (current.count || !current.person) && drawing.on.toggle(current);
  else if (key === "Enter") current.person ? drawing.on.open(current) : drawing.on.toggle(current);
  else if (key === "Home") move(levels[0]?.[0]);
  else return false;
  return true;

  /** @param {Node | undefined} node */
  function move(node) {
    if (node) drawing.choose(node);
  }
}

/**
 * Who is next to somebody at their level.
 * @param {Node[][]} levels
 * @param {Node} node
 * @param {number} step
 */
function neighbour(levels, node, step) {
  const level = levels[node.depth] ?? [];
  return level[level.indexOf(node) + step];
}
