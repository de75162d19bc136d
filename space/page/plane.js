// The plane: one score against another, an arrow from each model to what was made from it, bars for
// the intervals. Better is always up and to the right, so an axis may run backwards.

import { byId, el, svg } from "./dom.js";
import { difference, digits, pretty } from "./board.js";
import { cellText, cellWords, MARKS } from "./view.js";

const MAX_LABELS = 16;
const MARK = 6; // half the size of a mark

export function drawPlane(board, x, y, models) {
  const host = byId("plane");
  const points = pointsOf(x, y, models);
  const frame = makeFrame(host.clientWidth, x, y, points);
  const picture = svg("svg", { role: "img", "aria-labelledby": "plane-name",
    viewBox: `0 0 ${frame.width} ${frame.height}`, width: frame.width, height: frame.height });
  picture.append(arrowHeads(), ...axes(frame, x, y), ...quadrants(frame, points, x, y));
  const byName = new Map(points.map((point) => [point.model.name, point]));
  const steps = points.flatMap((point) => point.model.from
    .filter((name) => byName.has(name)).map((name) => [byName.get(name), point]));
  for (const point of points) picture.append(...bars(frame, point));
  const arrows = steps.map(([from, to]) => bend(frame, from, to)).filter(Boolean);
  picture.append(...arrows.map(arrow));
  for (const point of points) picture.append(mark(frame, point, x, y));
  picture.append(...labels(frame, points, arrows));
  host.replaceChildren(picture);
  const missing = models.length - points.length;
  byId("plane-name").textContent = `${y.group} (${y.label}) upwards against ${x.group} (${x.label}) `
    + `to the right, ${points.length} models; bars are the published intervals.`
    + (missing ? ` ${missing} without both scores are not drawn.` : "");
  byId("plane-words").replaceChildren(...words(board, x, y, points, steps));
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
  return models
    .filter(({ i }) => x.value[i] !== null && y.value[i] !== null)
    .map((model) => ({ model, x: x.value[model.i], y: y.value[model.i],
      xs: [x.low[model.i], x.high[model.i]], ys: [y.low[model.i], y.high[model.i]] }));
}

function makeFrame(hostWidth, x, y, points) {
  const width = Math.max(300, Math.min(1100, hostWidth));
  const height = Math.round(Math.max(320, Math.min(500, width * 0.55)));
  const frame = { width, height, left: 58, right: width - 18, top: 18, bottom: height - 54 };
  frame.ticksX = ticks(points.flatMap((p) => [p.x, ...p.xs]), width < 500 ? 4 : 7);
  frame.ticksY = ticks(points.flatMap((p) => [p.y, ...p.ys]), 6);
  frame.x = scale(frame.ticksX, x.better === "lower", frame.left, frame.right);
  frame.y = scale(frame.ticksY, y.better === "lower", frame.bottom, frame.top);
  return frame;
}

// Round numbers around all values, with a little air.
function ticks(values, wanted) {
  const known = values.filter((value) => value !== null);
  let [low, high] = known.length ? [Math.min(...known), Math.max(...known)] : [0, 1];
  if (low === high) [low, high] = [low - Math.abs(low || 1) * 0.1, high + Math.abs(high || 1) * 0.1];
  const air = (high - low) * 0.06;
  const raw = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw) ?? raw;
  const found = [];
  for (let at = Math.ceil((low - air) / step); at * step <= high + air && found.length < 20; at += 1) {
    found.push(at * step);
  }
  const places = Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  return { low: low - air, high: high + air, at: found, places };
}

function scale({ low, high }, backwards, start, end) {
  return (value) => {
    const share = (value - low) / (high - low);
    return start + (backwards ? 1 - share : share) * (end - start);
  };
}

function axes(frame, x, y) {
  const { left, right, top, bottom, ticksX, ticksY } = frame;
  const parts = [];
  for (const value of ticksX.at) {
    const at = frame.x(value);
    parts.push(svg("line", { class: "rule", x1: at, x2: at, y1: top, y2: bottom }),
      svg("text", { class: "tick", x: at, y: bottom + 18, "text-anchor": "middle" }, pretty(digits(value, ticksX.places))));
  }
  for (const value of ticksY.at) {
    const at = frame.y(value);
    parts.push(svg("line", { class: "rule", x1: left, x2: right, y1: at, y2: at }),
      svg("text", { class: "tick", x: left - 8, y: at + 4, "text-anchor": "end" }, pretty(digits(value, ticksY.places))));
  }
  const middle = (top + bottom) / 2;
  parts.push(
    svg("text", { class: "axis", x: right, y: bottom + 40, "text-anchor": "end" }, axisTitle(x)),
    svg("text", { class: "axis", x: 14, y: middle, "text-anchor": "middle", transform: `rotate(-90 14 ${middle})` }, axisTitle(y)));
  return parts;
}

const brief = (text) => (text.length > 24 ? `${text.slice(0, 23)}…` : text);

function axisTitle(column) {
  return `${brief(column.group)}, ${brief(column.label)}${column.better ? " · better →" : " →"}`;
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
    cx - left > 190 && cy - top > 30 ? corner(left + 8, top + 18, "start", `${brief(y.group)} gained, ${brief(x.group)} lost`) : null,
    cx - left > 110 && bottom - cy > 30 ? corner(left + 8, bottom - 10, "start", "worse on both") : null,
    right - cx > 190 && bottom - cy > 30 ? corner(right - 8, bottom - 10, "end", `${brief(x.group)} gained, ${brief(y.group)} lost`) : null,
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
  shape.append(svg("title", {}, `${model.name}: ${y.group} ${pretty(digits(valueY, y.decimals))}, `
    + `${x.group} ${pretty(digits(valueX, x.decimals))}`));
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
  const one = (column, i) => `${column.group} ${column.label} ${pretty(cellText({ state: "value",
    value: column.value[i], low: column.low[i], high: column.high[i], decimals: column.decimals }).main)}`;
  const aim = [x, y].filter((column) => column.better)
    .map((column) => `${column.group}, ${column.label}: ${column.better} is better.`).join(" ");
  const moved = steps.map(([from, to]) => {
    const said = [y, x].map((column) => {
      const cell = difference(board, column, to.model.i, from.model.i);
      return `${column.group} ${column.label} ${cell.mark === "unclear" ? MARKS.unclear + ", " : ""}${cellWords(cell)}`;
    });
    return el("li", {}, `${from.model.name} → ${to.model.name}: ${said.join("; ")}.`);
  });
  return [aim ? el("li", {}, aim) : null,
    ...points.map(({ model }) => el("li", {}, `${model.name}: ${one(y, model.i)}, ${one(x, model.i)}.`)),
    ...moved].filter(Boolean);
}
