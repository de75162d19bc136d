// Size against score, checkpoint curves, and how far confidence can be trusted: published figures as
// marks and lines, with the same in words below.

import { digits, pretty } from "./board.js";
import { axes, makeFrame, picture } from "./chart.js";
import { intervalAt, isThere, valueAt } from "./data.js";
import { byId, svg } from "./dom.js";
import { size } from "./view.js";

const MAX_LINES = 8;
const MAX_MARKS = 500;
const DASHES = ["", "7 4", "2 4", "9 3 2 3"];

export function drawSizes(y, models) {
  const known = models.filter(({ parameters, i }) => parameters && isThere(y, i)).slice(0, MAX_MARKS);
  const points = known.map((model) => ({ model, x: Math.log10(model.parameters), y: valueAt(y, model.i),
    ends: intervalAt(y, model.i) ?? [null, null] }));
  draw({ xs: points.map((p) => p.x), ys: points.flatMap((p) => [p.y, ...p.ends]),
    backY: y.better === "lower", titleX: "parameters, logarithmic →", titleY: aim(y),
    tickX: (value) => size(Math.round(10 ** value)) }, (frame) => points.flatMap((point) => {
    const [x, at] = [frame.x(point.x), frame.y(point.y)];
    return [point.ends[0] === null ? null : svg("line", { class: `bar-line role-${point.model.role}`, x1: x, x2: x,
      y1: frame.y(point.ends[0]), y2: frame.y(point.ends[1]) }),
    svg("circle", { class: `dot role-${point.model.role}`, cx: x, cy: at, r: 5 },
      svg("title", {}, `${point.model.name}, ${size(point.model.parameters)}: ${pretty(digits(point.y, y.decimals))}`))];
  }));
  byId("plane-name").textContent = `${y.top}, ${y.label}, against the number of parameters: ${points.length} of `
    + `${models.length} models; bars are the published intervals.`;
}

export function drawCheckpoints(y, rows, roleOf) {
  const mine = rows.filter((row) => row.metric === y.metric && row.group === y.group);
  const lines = series(mine, (row) => ({ x: row.step, y: row.value, ends: [row.ci_low, row.ci_high] }));
  draw({ xs: mine.map(({ step }) => step), ys: mine.flatMap((row) => [row.value, row.ci_low, row.ci_high]),
    backY: y.better === "lower", titleX: "training step →", titleY: aim(y) }, (frame) => drawLines(frame, lines, roleOf));
  byId("plane-name").textContent = mine.length
    ? `${y.group}, ${y.metric.replaceAll("_", " ")}, at each checkpoint${
      mine[0].basis ? ` (${mine[0].basis})` : ""}: ${lines.map(([name, points]) => `${name} from ${
      pretty(digits(points[0].y, y.decimals))} to ${pretty(digits(points.at(-1).y, y.decimals))}`).join("; ")}.`
    : `No checkpoint of ${y.group}, ${y.label}, is published.`;
}

export function drawCalibration(rows, roleOf) {
  const lines = series(rows, (row) => ({ x: row.confidence, y: row.accuracy, ends: [row.ci_low, row.ci_high], row }),
    (row) => `${row.model}, ${row.group}`);
  draw({ xs: [0, 1], ys: [0, 1], titleX: "confidence →", titleY: "share that was right →" }, (frame) => [
    svg("line", { class: "cross", x1: frame.x(0), y1: frame.y(0), x2: frame.x(1), y2: frame.y(1) }),
    ...drawLines(frame, lines, roleOf)]);
  const said = lines.map(([name, points]) => `${name}: ${errorOf(points[0].row)}${points.map((p) => `${p.x.toFixed(2)} → ${p.y.toFixed(2)}`).join(", ")}`);
  byId("plane-name").textContent = "How often answers of each confidence were right; on the dashed line "
    + `confidence is what it says; bars are the published intervals. ${said.join("; ")}.`;
}

const errorOf = ({ ece }) => (Number.isFinite(ece) ? `calibration error ${ece.toFixed(3)}, ` : "");

const aim = (column) => `${column.top}, ${column.label}${column.better ? " · better →" : " →"}`;

function draw(wanted, marks) {
  const host = byId("plane");
  const frame = makeFrame(host.clientWidth, wanted);
  const drawn = picture(frame, "plane-name");
  drawn.append(...axes(frame), ...marks(frame).filter(Boolean));
  host.replaceChildren(drawn);
}

function series(rows, point, nameOf = (row) => row.model) {
  const found = new Map();
  for (const row of rows) {
    const name = nameOf(row);
    if (!found.has(name)) found.set(name, []);
    found.get(name).push({ ...point(row), model: row.model });
  }
  for (const points of found.values()) points.sort((a, b) => a.x - b.x);
  return [...found].slice(0, MAX_LINES);
}

// A line in the colour of its model's role; the second of a role is dashed.
function drawLines(frame, lines, roleOf) {
  const seen = {};
  const free = spread(lines.map(([, points]) => frame.y(points.at(-1).y) - 8), frame);
  return lines.flatMap(([name, points], i) => {
    const role = `role-${roleOf(points[0].model)}`;
    const dash = DASHES[(seen[role] ??= 0) % DASHES.length];
    seen[role] += 1;
    const at = points.map((p) => [frame.x(p.x), frame.y(p.y)]);
    return [svg("polyline", { class: `curve ${role}`, "stroke-dasharray": dash || null, points: at.map((p) => p.join(",")).join(" ") }),
      ...points.filter(({ ends }) => Number.isFinite(ends?.[0])).map((p) => svg("line", { class: `bar-line ${role}`,
        x1: frame.x(p.x), x2: frame.x(p.x), y1: frame.y(p.ends[0]), y2: frame.y(p.ends[1]) })),
      ...at.map(([x, y], j) => svg("circle", { class: `dot ${role}`, cx: x, cy: y, r: 3.5 },
        svg("title", {}, `${name}: ${points[j].x}, ${points[j].y}`))),
      svg("text", { class: "label", x: at.at(-1)[0] - 12, y: free[i], "text-anchor": "end" }, name.slice(0, 32))];
  });
}

// Heights for labels, as near to the wanted ones as leaves each its line.
function spread(wanted, frame) {
  const found = [];
  let last = -Infinity;
  for (const [at, i] of wanted.map((y, j) => [y, j]).sort((a, b) => a[0] - b[0])) {
    last = Math.max(at, last + 17, frame.top + 12);
    found[i] = last;
  }
  const over = Math.max(0, last - frame.bottom + 4);
  return found.map((y) => y - over);
}
