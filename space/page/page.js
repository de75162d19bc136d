// The page: reads the board, keeps state, picture, table and exports together.

import { openAnswers } from "./answers.js";
import { prepare } from "./board.js";
import { byId, el, openDialog } from "./dom.js";
import { Grid } from "./grid.js";
import { drawLegend, drawPlane } from "./plane.js";
import { showOrigin, showRelease } from "./release.js";
import { fetchJson, linkTo, readState, writeState } from "./state.js";
import { title, toCsv, toLatex, toMarkdown } from "./takeaway.js";
import { makeView, nextSort } from "./view.js";

const state = readState();
let board;
let view;
let grid;

const THEMES = { "": "system", light: "light", dark: "dark" };

function showTheme() {
  if (!(state.__theme in THEMES)) state.__theme = "";
  document.documentElement.dataset.theme = state.__theme;
  byId("theme").textContent = `Theme: ${THEMES[state.__theme]}`;
}

function wireTheme() {
  const names = Object.keys(THEMES);
  byId("theme").addEventListener("click", () => {
    state.__theme = names[(names.indexOf(state.__theme) + 1) % names.length];
    showTheme();
    writeState(state);
  });
  showTheme();
}

async function start() {
  wireTheme();
  try {
    board = await fetchJson("board.json");
    while (board.status === "reading") {
      await new Promise((done) => { setTimeout(done, 1500); });
      board = await fetchJson("board.json");
    }
    showOrigin(board);
    if (board.status === "read") showBoard();
  } catch (error) {
    showOrigin({ status: "nothing", notes: [error.message] });
  }
  document.documentElement.dataset.ready = board?.status ?? "nothing";
}

function showBoard() {
  prepare(board);
  byId("compare").hidden = false;
  grid = new Grid(byId("grid"), {
    sort: (id, better) => change({ sort: nextSort(state.sort, id, better) }),
    open: openCell,
    pick: ({ name }) => change({ pick: state.pick.includes(name)
      ? state.pick.filter((other) => other !== name) : [...state.pick, name] }),
  });
  wireControls();
  showRelease(board);
  wirePlane();
  refresh();
}

function change(changes) {
  Object.assign(state, changes);
  refresh();
}

function refresh() {
  view = makeView(board, state);
  writeState(state);
  grid.show(view);
  byId("base-label").hidden = state.show !== "difference";
  byId("only").disabled = !state.pick.length;
  byId("count").textContent = countWords();
  byId("key").textContent = view.base < 0
    ? "Under each score its published interval. – is missing: nothing was published for it."
    : "Each score minus the base's. With an interval: paired, as the evaluation published it; better "
      + "or worse where it leaves out 0, ≈ where it does not. Without: two published scores subtracted.";
}

function countWords() {
  const scores = view.rows.flatMap((row) => row.cells);
  const there = scores.filter((cell) => cell.state === "value" || cell.state === "base").length;
  return `${view.rows.length} of ${board.models.length} models, ${view.columns.length} of `
    + `${board.columns.length} columns, ${there} of ${scores.length} scores there.`;
}

function openCell(model, column) {
  const chosen = state.show === "difference" && state.base !== model.name ? state.base : "";
  const before = chosen || model.from[0];
  if (before) openAnswers(before, model.name, column);
  else openDialog(model.name, el("p", {}, "Nothing to compare it with: no model that it was made "
    + "from is here. Choose another one, or show differences to a base."));
}

function options(id, entries, chosen) {
  byId(id).replaceChildren(...entries.map(([value, text]) => el("option", { value }, text)));
  byId(id).value = chosen;
}

function wireControls() {
  const names = board.models.map(({ name }) => name);
  if (!names.includes(state.base)) state.base = names[0] ?? "";
  if (!["score", "difference"].includes(state.show)) state.show = "score";
  options("base", names.map((name) => [name, name]), state.base);
  facet("family", (model) => [model.family]);
  facet("kind", (model) => [model.role]);
  facet("licence", (model) => model.licence);
  for (const id of ["show", "base", "family", "kind", "licence", "q"]) {
    byId(id).value = state[id];
    byId(id).addEventListener("input", () => change({ [id]: byId(id).value }));
  }
  for (const id of ["complete", "only"]) {
    byId(id).checked = state[id];
    byId(id).addEventListener("change", () => change({ [id]: byId(id).checked }));
  }
  byId("column-list").replaceChildren(...board.columns.map(columnBox));
  byId("link").addEventListener("click", () => takeAway("Link to this view", linkTo(state), ""));
  const exports = { csv: [toCsv, "csv"], latex: [toLatex, "tex"], markdown: [toMarkdown, "md"] };
  for (const [id, [write, ending]] of Object.entries(exports)) {
    byId(id).addEventListener("click", () => takeAway(title(view), write(view), ending));
  }
}

function facet(id, valuesOf) {
  const values = [...new Set(board.models.flatMap(valuesOf))].sort();
  if (!values.includes(state[id])) state[id] = "";
  byId(id).parentElement.hidden = values.length < 2;
  options(id, [["", "all"], ...values.map((value) => [value, value])], state[id]);
}

function columnBox(column) {
  const there = column.value.filter((value) => value !== null).length;
  const input = el("input", { type: "checkbox", checked: !state.hide.includes(column.id),
    change: () => change({ hide: input.checked ? state.hide.filter((id) => id !== column.id)
      : [...state.hide, column.id] }) });
  return el("label", { class: "check" }, input,
    ` ${column.group}, ${column.label} (${there} of ${board.models.length} models)`);
}

// Inside the Hub's frame the clipboard may be closed: the text is there to be copied by hand too.
function takeAway(name, text, ending) {
  const area = el("textarea", { readonly: true, rows: ending ? 12 : 3, "aria-label": name }, text);
  const said = el("span", { role: "status" });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = "Copied.";
    } catch {
      area.select();
      said.textContent = "Selected: copy it with the keyboard.";
    }
  };
  openDialog(name, area, el("p", { class: "bar" }, el("button", { type: "button", click: copy }, "Copy"),
    ending ? el("button", { type: "button", click: () => download(text, `scores.${ending}`) }, "Download") : null, said));
  copy();
}

function download(text, name) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

// Whatever is called general goes to the right, and the first other group of its metric upwards.
function wirePlane() {
  const { columns } = board;
  if (columns.length < 2) return;
  const byName = new Map(columns.map((column) => [column.id, column]));
  const right = columns.find(({ group }) => group === "general") ?? columns[0];
  const up = columns.find((c) => c.metric === right.metric && c !== right)
    ?? columns.find((c) => c !== right);
  if (!byName.has(state.x)) state.x = right.id;
  if (!byName.has(state.y)) state.y = up.id;
  byId("adaptation").hidden = false;
  for (const id of ["x", "y"]) {
    options(`plane-${id}`, columns.map((c) => [c.id, `${c.group}, ${c.label}`]), state[id]);
    byId(`plane-${id}`).addEventListener("input", () => {
      state[id] = byId(`plane-${id}`).value;
      writeState(state);
      draw();
    });
  }
  const draw = () => drawPlane(board, byName.get(state.x), byName.get(state.y), board.models);
  drawLegend();
  let width = 0;
  new ResizeObserver(([entry]) => {
    if (entry.contentRect.width !== width) { width = entry.contentRect.width; draw(); }
  }).observe(byId("plane"));
}

start();
