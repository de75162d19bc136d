// Pictures of the adaptation: the plane, size against score, checkpoint curves, calibration. Only what
// is published is offered.

import { byId } from "./dom.js";
import { drawCalibration, drawCheckpoints, drawSizes } from "./curves.js";
import { fetchJson, loadIntervals } from "./data.js";
import { later, options } from "./controls.js";
import { drawLegend, drawPlane } from "./plane.js";
import { writeState } from "./state.js";

// Whatever is called general goes to the right, and the first other column of its kind upwards.
export function wireAdaptation(board, state, viewNow) {
  const { columns } = board;
  byId("adaptation").hidden = columns.length < 2;
  if (columns.length < 2) return null;
  const byName = new Map(columns.map((column) => [column.id, column]));
  const right = columns.find(({ group, task }) => group === "general" && !task) ?? columns[0];
  const alike = (c) => c !== right && c.metric === right.metric && Boolean(c.task) === Boolean(right.task);
  const up = columns.find(alike) ?? columns.find((c) => c !== right);
  if (!byName.has(state.x)) state.x = right.id;
  if (!byName.has(state.y)) state.y = up.id;
  const roleOf = (name) => board.models[board.index.get(name)]?.role ?? "adapted";
  let published = { front: [], checkpoints: [], calibration: [] };
  let shown = "plane";
  for (const id of ["x", "y"]) {
    options(`plane-${id}`, columns.map((c) => [c.id, `${c.top}, ${c.label}`]), state[id]);
    byId(`plane-${id}`).oninput = () => { state[id] = byId(`plane-${id}`).value; writeState(state); draw(); };
  }
  const offer = () => {
    const kinds = [["plane", "the plane"], ["sizes", "size against score"], ["checkpoints", "checkpoints"],
      ["calibration", "calibration"]];
    const there = { plane: true, sizes: board.models.filter(({ parameters }) => parameters).length > 1,
      checkpoints: published.checkpoints.length, calibration: published.calibration.length };
    options("picture", kinds.filter(([kind]) => there[kind]), shown);
    byId("picture").parentElement.hidden = byId("picture").options.length < 2;
  };
  byId("picture").oninput = () => { shown = byId("picture").value; draw(); };

  // Drawn when it is in sight and the browser has a moment, not while one types.
  let [asked, inSight, due, stopped] = [0, false, true, false];
  function draw() {
    due = true;
    if (inSight) later(() => { if (due && !stopped) drawNow(); });
  }

  async function drawNow() {
    due = false;
    asked += 1;
    const now = asked;
    const [x, y] = [byName.get(state.x), byName.get(state.y)];
    if (!x || !y) return; // another board is being read
    try {
      await loadIntervals(board, [x, y]);
    } catch {
      // scores stand without their intervals
    }
    if (now !== asked) return;
    const models = viewNow().rows;
    byId("plane-x").parentElement.hidden = shown !== "plane";
    byId("plane-y").parentElement.hidden = shown === "calibration";
    byId("plane-legend").hidden = shown !== "plane";
    byId("plane-words").parentElement.hidden = shown !== "plane";
    if (shown === "plane") drawPlane(board, x, y, models, published.front);
    else if (shown === "sizes") drawSizes(y, models);
    else if (shown === "checkpoints") drawCheckpoints(y, published.checkpoints, roleOf);
    else drawCalibration(published.calibration, roleOf);
  }

  drawLegend();
  offer();
  if (!board.which) {
    fetchJson("adaptation.json").then((found) => {
      if (!found.front) return;
      published = found;
      offer();
      draw();
    }, () => {});
  }
  let width = 0;
  const sized = new ResizeObserver(([entry]) => {
    if (entry.contentRect.width !== width) { width = entry.contentRect.width; draw(); }
  });
  sized.observe(byId("plane"));
  const seen = new IntersectionObserver(([entry]) => {
    inSight = entry.isIntersecting;
    if (inSight && due) draw();
  }, { rootMargin: "200px" });
  seen.observe(byId("plane"));
  return { draw, stop: () => { stopped = true; sized.disconnect(); seen.disconnect(); } };
}
