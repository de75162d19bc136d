// The plane: one score against another, an arrow from each model to what was made from it, bars for
// the intervals. Better is always up and to the right, so an axis may run backwards.

import { byId, el, svg } from "./dom.js";
import { difference, digits, pretty } from "./board.js";
import { axes, brief, makeFrame, picture } from "./chart.js";
import { intervalAt, isThere, loadDifferences, valueAt } from "./data.js";
import { cellText, cellWords, MARKS } from "./view.js";

const MAX_LABELS = 16;
const MAX_MARKS = 500;
const MAX_WORDS = 60;
const MARK = 6; // half the size of a mark

// `front`: points of a sweep, measured apart from the scores.
export function drawPlane(board, x, y, models, front) {
  const host = byId("plane");
  const all = pointsOf(x, y, models);
  const points = all.slice(0, MAX_MARKS);
  const swept = sweptOn(front, x, y);
  const across = (key, ends) => [...points.flatMap((p) => [p[key], ...p[ends]]), ...swept.flatMap((path) => path.map((p) => p[key]))];
  const frame = makeFrame(host.clientWidth, {
    xs: across("x", "xs"), ys: across("y", "ys"), backX: x.better === "lower", backY: y.better === "lower",
    titleX: axisTitle(x), titleY: axisTitle(y),
  });
  const drawn = picture(frame, "plane-name");
  drawn.append(arrowHeads(), ...axes(frame), ...quadrants(frame, points, x, y));
  const byName = new Map(points.map((point) => [point.model.name, point]));
  const steps = points.flatMap((point) => point.model.from
    .filter((name) => byName.has(name)).map((name) => [byName.get(name), point]));
  for (const point of points) drawn.append(...bars(frame, point));
  drawn.append(...swept.flatMap((path) => sweepPath(frame, path)));
  const arrows = steps.map(([from, to]) => bend(frame, from, to)).filter(Boolean);
  drawn.append(...arrows.map(arrow));
  for (const point of points) drawn.append(mark(frame, point, x, y));
  drawn.append(...labels(frame, points, arrows));
  host.replaceChildren(drawn);
  byId("plane-name").textContent = planeName(x, y, models, all, swept);
  const list = byId("plane-words");
  list.parentElement.ontoggle = () => fillWords(list, board, x, y, points, steps, swept);
  fillWords(list, board, x, y, points, steps, swept);
}

function planeName(x, y, models, all, swept) {
  const missing = models.length - all.length;
  return `${y.top} (${y.label}) upwards against ${x.top} (${x.label}) to the right, `
    + `${Math.min(all.length, MAX_MARKS)} models; bars are the published intervals.`
    + (all.length > MAX_MARKS ? ` The first ${MAX_MARKS} of the table are drawn.` : "")
    + (missing ? ` ${missing} without both scores are not drawn.` : "")
    + (swept.length ? " Dotted: the sweep, measured on the validation split, which the scores do not use." : "");
}

// A sweep's points where both axes are groups that it was measured on.
function sweptOn(front, x, y) {
  const paths = new Map();
  if (x.task || y.task) return [];
  for (const point of front ?? []) {
    const at = { x: point.scores[x.group], y: point.scores[y.group], t: point.at, name: point.candidate, best: point.on_front };
    if (!Number.isFinite(at.x) || !Number.isFinite(at.y) || point.at === null) continue;
    if (point.metric !== x.metric || point.metric !== y.metric) continue;
    paths.set(point.merge, [...(paths.get(point.merge) ?? []), at]);
  }
  return [...paths.values()].map((path) => path.sort((a, b) => a.t - b.t)).filter((path) => path.length > 1);
}

function sweepPath(frame, path) {
  const at = (point) => [frame.x(point.x), frame.y(point.y)];
  return [svg("polyline", { class: "sweep", points: path.map((p) => at(p).join(",")).join(" ") }),
    ...path.map((point) => svg("circle", { class: point.best ? "swept best" : "swept", cx: at(point)[0], cy: at(point)[1], r: 3.5 },
      svg("title", {}, `${point.name}${point.best ? ", on the front" : ""}`)))];
}

async function fillWords(list, board, x, y, points, steps, swept) {
  if (!list.parentElement.open) return;
  const bases = [...new Set(steps.map(([from]) => from.model.name))].slice(0, MAX_LABELS);
  await Promise.allSettled(bases.map((name) => loadDifferences(board, name)));
  list.replaceChildren(...words(board, x, y, points.slice(0, MAX_WORDS), steps.slice(0, MAX_WORDS)),
    ...swept.flatMap((path) => path.map((p) => el("li", {}, `Sweep, ${p.name}: ${y.top} ${pretty(p.y.toFixed(3))}, ${x.top} ${pretty(p.x.toFixed(3))}${p.best ? ", on the front" : ""}.`))));
}

export function drawLegend() {
  const shape = (role) => {
    const picture = svg("svg", { viewBox: "-8 -8 16 16", width: 16, height: 16, "aria-hidden": "true" });
    picture.append(shapeOf(role, 0, 0));
    return el("span", { class: "entry" }, picture, { base: "base", adapted: "adapted", merge: "merged" }[role]);
  };
  byId("plane-legend").replaceChildren(...["base", "adapted", "merge"].map(shape));
}

function pointsOf(x, y, models) {
  const ends = (column, row) => intervalAt(column, row) ?? [null, null];
  return models
    .filter(({ i }) => isThere(x, i) && isThere(y, i))
    .map((model) => ({ model, x: valueAt(x, model.i), y: valueAt(y, model.i),
      xs: ends(x, model.i), ys: ends(y, model.i) }));
}

function axisTitle(column) {
  return `${brief(column.top)}, ${brief(column.label)}${column.better ? " · better →" : " →"}`;
}

// Around the one base there is: what a move into each corner means.
function quadrants(frame, points, x, y) {
  const bases = points.filter(({ model }) => model.role === "base");
  if (bases.length !== 1 || points.length < 2 || !x.better || !y.better) return [];
  const { left, right, top, bottom } = frame;
  const [cx, cy] = [frame.x(bases[0].x), frame.y(bases[0].y)];
  const corner = (atX, atY, anchor, text) =>
    svg("text", { class: "corner", x: atX, y: atY, "text-anchor": anchor }, text);
  return [
    svg("rect", { class: "good", x: cx, y: top, width: right - cx, height: cy - top }),
    svg("line", { class: "cross", x1: cx, x2: cx, y1: top, y2: bottom }),
    svg("line", { class: "cross", x1: left, x2: right, y1: cy, y2: cy }),
    right - cx > 110 && cy - top > 30 ? corner(right - 8, top + 18, "end", "better on both") : null,
    cx - left > 190 && cy - top > 30 ? corner(left + 8, top + 18, "start", `${brief(y.top)} gained, ${brief(x.top)} lost`) : null,
    cx - left > 110 && bottom - cy > 30 ? corner(left + 8, bottom - 10, "start", "worse on both") : null,
    right - cx > 190 && bottom - cy > 30 ? corner(right - 8, bottom - 10, "end", `${brief(x.top)} gained, ${brief(y.top)} lost`) : null,
  ].filter(Boolean);
}

function arrowHeads() {
  return svg("defs", {}, ["adapted", "merge"].map((role) => svg("marker", { id: `head-${role}`,
    viewBox: "0 0 9 8", refX: 8, refY: 4, markerWidth: 9, markerHeight: 8, orient: "auto",
    markerUnits: "userSpaceOnUse" }, svg("path", { class: `head role-${role}`, d: "M0 0 9 4 0 8z" }))));
}

// Arrows bend to their left, so that the way out and the way back do not lie on each other.
function bend(frame, from, to) {
  const [x1, y1, x2, y2] = [frame.x(from.x), frame.y(from.y), frame.x(to.x), frame.y(to.y)];
  const length = Math.hypot(x2 - x1, y2 - y1);
  if (length < 3 * MARK) return null;
  const [cx, cy] = [(x1 + x2) / 2 + (y2 - y1) * 0.14, (y1 + y2) / 2 - (x2 - x1) * 0.14];
  const towards = (x, y) => {
    const far = Math.hypot(cx - x, cy - y);
    return [x + ((cx - x) / far) * (MARK + 4), y + ((cy - y) / far) * (MARK + 4)];
  };
  const [a, b] = [towards(x1, y1), towards(x2, y2)];
  const on = (t) => [0, 1].map((k) => (1 - t) ** 2 * a[k] + 2 * t * (1 - t) * [cx, cy][k] + t * t * b[k]);
  return { role: to.model.role === "merge" ? "merge" : "adapted", a, b, c: [cx, cy], on };
}

function arrow({ role, a, b, c }) {
  return svg("path", { class: `arrow role-${role}`, "marker-end": `url(#head-${role})`,
    d: `M${a.join(" ")}Q${c.join(" ")} ${b.join(" ")}` });
}

function bars(frame, point) {
  const [x, y] = [frame.x(point.x), frame.y(point.y)];
  const parts = [];
  const className = `bar-line role-${point.model.role}`;
  if (point.xs[0] !== null) {
    parts.push(svg("line", { class: className, x1: frame.x(point.xs[0]), x2: frame.x(point.xs[1]), y1: y, y2: y }));
  }
  if (point.ys[0] !== null) {
    parts.push(svg("line", { class: className, x1: x, x2: x, y1: frame.y(point.ys[0]), y2: frame.y(point.ys[1]) }));
  }
  return parts;
}

function shapeOf(role, x, y) {
  if (role === "base") return svg("circle", { class: "dot role-base", cx: x, cy: y, r: MARK });
  const turn = role === "merge" ? { transform: `rotate(45 ${x} ${y})` } : {};
  return svg("rect", { class: `dot role-${role}`, x: x - MARK + 0.5, y: y - MARK + 0.5,
    width: 2 * MARK - 1, height: 2 * MARK - 1, ...turn });
}

function mark(frame, { model, x: valueX, y: valueY }, x, y) {
  const shape = shapeOf(model.role, frame.x(valueX), frame.y(valueY));
  shape.append(svg("title", {}, `${model.name}: ${y.top} ${pretty(digits(valueY, y.decimals))}, `
    + `${x.top} ${pretty(digits(valueX, x.decimals))}`));
  return shape;
}

// Names beside their marks, where they cover the least; none where there are too many.
function labels(frame, points, arrows) {
  if (points.length > MAX_LABELS) return [];
  const taken = points.map((p) => box(frame.x(p.x), frame.y(p.y), 2 * MARK, 2 * MARK));
  for (const { on } of arrows) {
    for (let share = 0; share <= 1; share += 0.05) taken.push(box(...on(share), 6, 6));
  }
  return points.map((point) => {
    const text = brief(point.model.name);
    const [w, h] = [text.length * 7.4, 16];
    const [x, y] = [frame.x(point.x), frame.y(point.y)];
    const places = [[x + 11, y - 10, "start"], [x - 11, y - 10, "end"], [x + 11, y + 18, "start"],
      [x - 11, y + 18, "end"]];
    const cost = ([px, py, anchor]) => {
      const left = anchor === "start" ? px : px - w;
      const own = box(left + w / 2, py - h / 3, w, h);
      const out = Math.max(0, frame.left - left) + Math.max(0, left + w - frame.right);
      return taken.reduce((sum, other) => sum + overlap(own, other), 0) + out * 20;
    };
    const [px, py, anchor] = places.reduce((best, place) => (cost(place) < cost(best) ? place : best));
    taken.push(box(anchor === "start" ? px + w / 2 : px - w / 2, py - h / 3, w, h));
    return svg("text", { class: `label role-${point.model.role}`, x: px, y: py, "text-anchor": anchor }, text);
  });
}

const box = (x, y, w, h) => ({ l: x - w / 2, r: x + w / 2, t: y - h / 2, b: y + h / 2 });
const overlap = (a, b) => Math.max(0, Math.min(a.r, b.r) - Math.max(a.l, b.l))
  * Math.max(0, Math.min(a.b, b.b) - Math.max(a.t, b.t));

function words(board, x, y, points, steps) {
  const one = (column, value, [low, high]) => `${column.top} ${column.label} ${pretty(cellText({ state: "value",
    value, low, high, decimals: column.decimals }).main)}`;
  const aim = [x, y].filter((column) => column.better)
    .map((column) => `${column.top}, ${column.label}: ${column.better} is better.`).join(" ");
  const moved = steps.map(([from, to]) => {
    const said = [y, x].map((column) => {
      const cell = difference(board, column, to.model.i, from.model.i);
      return `${column.top} ${column.label} ${cell.mark === "unclear" ? MARKS.unclear + ", " : ""}${cellWords(cell)}`;
    });
    return el("li", {}, `${from.model.name} → ${to.model.name}: ${said.join("; ")}.`);
  });
  return [aim ? el("li", {}, aim) : null,
    ...points.map((p) => el("li", {}, `${p.model.name}: ${one(y, p.y, p.ys)}, ${one(x, p.x, p.xs)}.`)),
    ...moved].filter(Boolean);
}
