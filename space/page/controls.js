// What one chooses with above the table: what is shown, which models, which columns.

import { byId, el, NARROW } from "./dom.js";
import { isFacet, SIZES, sizeOf } from "./view.js";

const SELECTS = ["show", "base", "family", "kind", "size", "licence", "language", "level", "group",
  "metric", "tongue", "q"];
const CHECKS = ["complete", "only"];
const FACETS = ["family", "kind", "size", "licence", "language"]; // of models

const AT_ONCE = 40;
const MOST = 1000;

export function options(id, entries, chosen) {
  if (entries.length > AT_ONCE) {
    return longOptions(id, entries.filter(([value], at) => !at || value === chosen), () => entries, chosen);
  }
  const select = byId(id);
  select.replaceChildren(...entries.map(([value, text]) => el("option", { value }, text)));
  select.value = chosen;
  select.onfocus = select.onpointerdown = null;
  return undefined;
}

// Of a long list a few at once, and all when somebody turns to it: measuring a thousand options
// takes the browser longer than the table does.
function longOptions(id, few, all, chosen) {
  options(id, few, chosen);
  const select = byId(id);
  select.onfocus = select.onpointerdown = () => {
    const { value: now } = select;
    select.replaceChildren(...all().filter(([value], at) => at < MOST || value === now)
      .map(([value, text]) => el("option", { value }, text)));
    select.value = now;
    select.onfocus = select.onpointerdown = null;
  };
}

const PATIENCE_MS = 500;
export const later = window.requestIdleCallback
  ? (act) => requestIdleCallback(act, { timeout: PATIENCE_MS }) : (act) => setTimeout(act, PATIENCE_MS / 2);

export function wireControls(change) {
  byId("filters").open = !matchMedia(NARROW).matches;
  for (const id of SELECTS) byId(id).addEventListener("input", () => change({ [id]: byId(id).value }));
  for (const id of CHECKS) byId(id).addEventListener("change", () => change({ [id]: byId(id).checked }));
}

// Choices of this board; a choice that it does not have is taken back.
export function fillControls(board, state, change) {
  if (!board.index.has(state.base)) state.base = "";
  const shows = ["score", ...(board.bases.length ? ["difference"] : []), ...(board.ranked ? ["rank"] : [])];
  if (!shows.includes(state.show)) state.show = "score";
  for (const option of byId("show").options) option.hidden = !shows.includes(option.value);
  const bases = new Set(board.bases);
  choice("base", ["", "its own base"], board.models.length, () => [...bases,
    ...board.models.map(({ name }) => name).filter((name) => !bases.has(name))].map((name) => [name, name]), state.base);
  // Counting the models costs as much as showing them; a filter that is set has to be checked first.
  if (FACETS.some((id) => state[id])) fillFacets(board, state);
  else later(() => fillFacets(board, state));
  const both = new Set(board.columns.map(({ task }) => Boolean(task))).size > 1;
  if (!both) state.level = "";
  byId("level").parentElement.hidden = !both;
  columnFacet("group", board, state);
  columnFacet("metric", board, state);
  columnFacet("tongue", board, state);
  for (const id of SELECTS) byId(id).value = state[id];
  for (const id of CHECKS) byId(id).checked = state[id];
  const list = byId("columns");
  const fill = () => { if (list.open) fillColumns(board, state, change); };
  list.ontoggle = fill;
  fill();
}

function fillFacets(board, state) {
  facet("family", board.families, state);
  facet("kind", tally(board.models, ({ role }) => [role]), state);
  facet("licence", tally(board.models, ({ licence }) => licence), state);
  facet("language", tally(board.models, ({ languages }) => languages), state);
  const sizes = tally(board.models, (model) => [sizeOf(model)]);
  facet("size", new Map(SIZES.filter(([name]) => sizes.has(name)).map(([name]) => [name, 1])), state, false);
}

// `first`, and then as many as `count`, which are not even listed before somebody looks for them.
function choice(id, first, count, entries, chosen) {
  if (count < AT_ONCE) options(id, [first, ...entries()], chosen);
  else longOptions(id, [first, ...(chosen ? [[chosen, chosen]] : [])], () => [first, ...entries()], chosen);
}

function tally(models, valuesOf) {
  const counts = new Map();
  for (const model of models) {
    for (const value of valuesOf(model)) if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

function facet(id, counts, state, sorted = true) {
  if (!counts.has(state[id])) state[id] = "";
  byId(id).parentElement.hidden = counts.size < 2;
  const text = (value) => (sorted && counts.get(value) > 1 ? `${value} (${counts.get(value)})` : value);
  choice(id, ["", "all"], counts.size, () => (sorted ? [...counts.keys()].sort() : [...counts.keys()])
    .map((value) => [value, text(value)]), state[id]);
}

// How much of a group of columns is there is said beside its name.
function columnFacet(id, board, state) {
  const key = { group: "group", metric: "metric", tongue: "language" }[id];
  const found = new Map();
  for (const column of board.columns) {
    const sum = found.get(column[key]) ?? { columns: 0, present: 0 };
    found.set(column[key], { columns: sum.columns + 1, present: sum.present + column.present });
  }
  found.delete("");
  if (!found.has(state[id])) state[id] = "";
  byId(id).parentElement.hidden = found.size < 2;
  options(id, [["", "all"], ...[...found].map(([value, { columns, present }]) => [value,
    `${value.replaceAll("_", " ")}: ${columns} column${columns > 1 ? "s" : ""}, ${share(present, columns * board.models.length)} there`])], state[id]);
}

const share = (part, whole) => `${Math.floor(100 * part / Math.max(1, whole))}%`;

function fillColumns(board, state, change) {
  const hide = (ids) => change({ hide: ids });
  const box = (column) => {
    const input = el("input", { type: "checkbox", checked: !state.hide.includes(column.id),
      change: () => hide(input.checked ? state.hide.filter((id) => id !== column.id)
        : [...state.hide, column.id]) });
    return el("label", { class: "check" }, input,
      ` ${column.top}, ${column.label} (${column.present} of ${board.models.length} models)`);
  };
  const shown = board.columns.filter((column) => isFacet(column, state));
  const all = (ids) => () => { hide(ids); fillColumns(board, state, change); };
  byId("column-list").replaceChildren(
    el("button", { type: "button", click: all([]) }, "All"),
    el("button", { type: "button", click: all(board.columns.map(({ id }) => id)) }, "None"),
    ...shown.map(box));
}
