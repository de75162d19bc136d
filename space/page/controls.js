// What one chooses with above the table: what is shown, which models, which columns.

import { byId, el, NARROW } from "./dom.js";
import { isFacet, SIZES, sizeOf } from "./view.js";

const SELECTS = ["show", "base", "family", "kind", "size", "licence", "language", "level", "group",
  "metric", "tongue", "q"];
const CHECKS = ["complete", "only"];

const AT_ONCE = 40;
const MOST = 1000;

// Of a long list only the chosen entry is there at once, the others when the browser has a moment.
export function options(id, entries, chosen) {
  const select = byId(id);
  const fill = (some) => {
    select.replaceChildren(...some.map(([value, text]) => el("option", { value }, text)));
    select.value = chosen;
  };
  cancel(select.filling);
  if (entries.length <= AT_ONCE) return fill(entries);
  fill(entries.filter(([value], at) => !at || value === chosen));
  select.filling = later(() => {
    chosen = select.value;
    fill(entries.slice(0, MOST));
  });
  return undefined;
}

const PATIENCE_MS = 500;
export const later = window.requestIdleCallback
  ? (act) => requestIdleCallback(act, { timeout: PATIENCE_MS }) : (act) => setTimeout(act, PATIENCE_MS / 2);
const cancel = window.cancelIdleCallback ?? clearTimeout;

export function wireControls(change) {
  byId("filters").open = !matchMedia(NARROW).matches;
  for (const id of SELECTS) byId(id).addEventListener("input", () => change({ [id]: byId(id).value }));
  for (const id of CHECKS) byId(id).addEventListener("change", () => change({ [id]: byId(id).checked }));
}

// Choices of this board; a choice that it does not have is taken back.
export function fillControls(board, state, change) {
  const bases = new Set(board.bases);
  const names = [...board.bases, ...board.models.map(({ name }) => name).filter((name) => !bases.has(name))];
  if (!board.index.has(state.base)) state.base = "";
  const shows = ["score", ...(board.bases.length ? ["difference"] : []), ...(board.ranked ? ["rank"] : [])];
  if (!shows.includes(state.show)) state.show = "score";
  for (const option of byId("show").options) option.hidden = !shows.includes(option.value);
  options("base", [["", "its own base"], ...names.map((name) => [name, name])], state.base);
  facet("family", board.models.map(({ family }) => family), state);
  facet("kind", board.models.map(({ role }) => role), state);
  facet("licence", board.models.flatMap(({ licence }) => licence), state);
  facet("language", board.models.flatMap(({ languages }) => languages), state);
  const sizes = new Set(board.models.map(sizeOf));
  facet("size", SIZES.map(([name]) => name).filter((name) => sizes.has(name)), state, false);
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

function facet(id, values, state, sorted = true) {
  const counts = new Map();
  for (const value of values) if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
  const found = sorted ? [...counts.keys()].sort() : [...counts.keys()];
  if (!counts.has(state[id])) state[id] = "";
  byId(id).parentElement.hidden = found.length < 2;
  const text = (value) => (sorted && counts.get(value) > 1 ? `${value} (${counts.get(value)})` : value);
  options(id, [["", "all"], ...found.map((value) => [value, text(value)])], state[id]);
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
