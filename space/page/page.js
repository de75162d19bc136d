// The page: reads the board, keeps state, table, picture and exports together.

import { wireAdaptation } from "./adaptation.js";
import { openAnswers } from "./answers.js";
import { prepare } from "./board.js";
import { FEW, MANY, openComparison } from "./compare.js";
import { fillControls, later, options, wireControls } from "./controls.js";
import { wireCorpora } from "./corpus.js";
import { addressOf, fetchBoard, fetchJson, loadDifferences, loadIntervals, loadRanks, loadRest } from "./data.js";
import { byId, el, openDialog, put } from "./dom.js";
import { Grid } from "./grid.js";
import { wireJudged } from "./judged.js";
import { showOrigin, showRelease } from "./release.js";
import { clearChoices, linkTo, readState, writeState } from "./state.js";
import { wireTakeAway } from "./takeaway.js";
import { makeView, nextSort } from "./view.js";

const state = readState();
let board;
let view;
let grid;
let adaptation;

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
  wireOnce();
  const here = fetchJson("papers.json").catch(() => ({}));
  await openBoard();
  const { papers = [], playground } = await here;
  byId("ask").href = addressOf("ask/");
  byId("ask").hidden = !playground;
  await offerPapers(papers);
}

// A release that cannot be read leaves the papers' tables to be looked at.
async function offerPapers(papers) {
  if (!papers.length) return;
  options("board", [["", "this release"], ...papers.map(({ name, title }) => [name, title])], state.board);
  byId("board").parentElement.hidden = false;
}

async function openBoard() {
  let status = "nothing";
  try {
    board = await fetchBoard(state.board);
    while (board.status === "reading") {
      await new Promise((done) => { setTimeout(done, 1500); });
      board = await fetchBoard(state.board);
    }
    status = board.status;
    const now = board;
    if (status === "read") {
      // What a link chose may lie in any column; else the table stands with the first of them.
      if (state.sort || state.complete) await loadRest(board);
      await showBoard();
      if (board.columns.some(({ waiting }) => waiting)) {
        loadRest(board).then(() => later(() => { if (now === board) draw(); }),
          ({ message }) => { if (now === board) showBroken(message); });
      }
    }
    showOrigin(board);
  } catch (error) {
    showOrigin({ status: "nothing", notes: [error.message] });
  }
  if (status !== "read") for (const id of ["compare", "adaptation", "judged", "corpora"]) byId(id).hidden = true;
  document.documentElement.dataset.ready = status;
}

function wireOnce() {
  grid = new Grid(byId("grid"), {
    sort: (id, better) => change({ sort: nextSort(state.sort, id, better, state.show === "rank") }),
    open: openCell,
    pick: ({ name }) => change({ pick: state.pick.includes(name)
      ? state.pick.filter((other) => other !== name) : [...state.pick, name] }),
    fold: (family, closed = !state.fold.includes(family)) => change({ fold: closed
      ? [...state.fold.filter((other) => other !== family), family]
      : state.fold.filter((other) => other !== family) }),
    seen: bringIntervals,
  });
  wireControls(change);
  wireTakeAway(() => view, () => linkTo(state));
  byId("board").addEventListener("input", async () => {
    state.board = byId("board").value;
    clearChoices(state);
    await openBoard();
  });
  byId("fold-all").addEventListener("click", () => change({ fold: state.fold.length ? []
    : [...board.families].filter(([, members]) => members > 1).map(([family]) => family) }));
  byId("side-by-side").addEventListener("click", () => openComparison(board, view.columns, state.pick));
}

function showBroken(message) {
  showOrigin({ ...board, problems: [...board.problems,
    `not all columns could be read (${message}): open this page again`] });
}

async function showBoard() {
  prepare(board);
  byId("compare").hidden = false;
  board.sized = board.models.some(({ parameters }) => parameters !== null);
  fillControls(board, state, change);
  showRelease(board);
  await refresh();
  // The table stands first: what is below it is drawn when the browser has a moment.
  later(() => {
    adaptation?.stop();
    adaptation = wireAdaptation(board, state, () => view);
    wireJudged(board);
    wireCorpora(board);
  });
}

function change(changes) {
  Object.assign(state, changes);
  if ("level" in changes || "group" in changes || "metric" in changes || "tongue" in changes) {
    fillControls(board, state, change);
  }
  refresh();
}

let asked = 0;
async function refresh() {
  asked += 1;
  const now = asked;
  const [wanted, base] = [state.show, state.base];
  draw();
  const there = { difference: () => board.pairs?.has(base), rank: () => board.places }[wanted];
  if (!there || there()) return;
  try {
    await (wanted === "rank" ? loadRanks(board) : loadDifferences(board, base));
  } catch (error) {
    openDialog("Not read", el("p", {}, error.message));
  }
  if (now === asked) draw();
}

function draw() {
  view = makeView(board, state);
  writeState(state);
  grid.show(view);
  byId("base-label").hidden = state.show !== "difference";
  byId("only").disabled = !state.pick.length;
  byId("side-by-side").disabled = state.pick.length < FEW || state.pick.length > MANY;
  byId("fold-all").hidden = view.sort !== "" || board.families.size === board.models.length;
  put(byId("fold-all"), state.fold.length ? "Unfold families" : "Fold families");
  put(byId("count"), countWords());
  put(byId("key"), KEYS[view.ranked ? "rank" : view.scores ? "score" : "difference"]);
  adaptation?.draw();
}

const KEYS = {
  score: "Under each score its published interval. – is missing: nothing was published for it. ⚠: "
    + "something speaks against it, open it to read what.",
  difference: "Each model minus the base, as the evaluation published it: better "
    + "or worse where its verdict says so, ≈ where there is no certain difference. – was not published.",
  rank: "The place of each model in a column with its interval. First: those that cannot be told "
    + "apart from the best.",
};

function bringIntervals(columns) {
  if (view && !view.scores) return;
  const now = board;
  loadIntervals(board, columns).then((came) => {
    if (came && now === board) grid.draw(true);
  }, () => {}); // scores stand without them, and the next look asks again
}

function countWords() {
  const cells = view.rows.length * view.columns.length;
  const shown = `${view.rows.length} of ${board.models.length} models, ${view.columns.length} of `
    + `${board.columns.length} columns`;
  if (view.waiting) return `${shown}; ${view.waiting} columns are not read yet.`;
  return `${shown}, ${view.there} of ${cells} scores there; `
    + `${view.complete} models are complete on these columns.`;
}

function openCell(model, column) {
  const note = column.notes[model.i] ?? column.flaws[model.i];
  const from = column.source ? `Printed in ${column.source}. ` : "";
  if (state.board || note) {
    openDialog(`${model.name}: ${column.top}, ${column.label}`,
      el("p", {}, from || "Nothing more is published."),
      note ? el("p", {}, `What speaks against it: ${note}.`) : null);
    return;
  }
  const base = state.show === "difference" ? state.base || model.family : "";
  const before = base && base !== model.name ? base : model.from[0];
  if (before) openAnswers(before, model.name, column);
  else openDialog(model.name, el("p", {}, "Nothing to compare it with: no model that it was made "
    + "from is here. Choose another one, or show differences to a base."));
}

start();
