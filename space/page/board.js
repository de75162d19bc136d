// The board as it comes from the server, made ready to ask: roles, parents, names of columns, cells.

import { intervalAt, isThere, pairOf, placeOf, valueAt } from "./data.js";

export function prepare(board) {
  board.index = new Map(board.models.map((model, i) => [model.name, i]));
  board.models.forEach((model) => {
    model.role = roleOf(model);
    model.known = model.parents.length
      ? model.parents.filter((name) => name !== model.name && board.index.has(name)) : model.parents;
  });
  board.models.forEach((model) => { model.from = nearest(board, model); });
  board.columns.forEach((column, i) => {
    column.i = i;
    column.id = [column.metric, column.group, ...(column.task ? [column.task] : [])].join("/");
    column.top = column.task || column.group;
    const rest = new Set(column.task ? [column.group, column.language] : [column.language]);
    column.label = [column.metric.replaceAll("_", " "), ...rest].filter(Boolean).join(", ");
  });
  const twice = new Set();
  board.columns.forEach((column) => { // one task in two languages
    if (twice.has(column.id)) column.id += `/${column.language}/${column.i}`;
    twice.add(column.id);
  });
  const sizes = new Map();
  board.models.forEach(({ family }) => sizes.set(family, (sizes.get(family) ?? 0) + 1));
  board.families = sizes;
  const urls = new Map((board.release?.repos ?? []).map((repo) => [repo.id, repo.url]));
  board.models.forEach((model) => { model.url = urls.get(model.repo) ?? ""; });
  return board;
}

export function roleOf(model) {
  if (model.kind === "merge") return "merge";
  return model.depth === 0 ? "base" : "adapted";
}

// base → adapted → merge: of a merge's parents, not those that another of them was made from.
function nearest(board, model) {
  if (model.known.length < 2) return model.known;
  const ancestors = (name, seen) => {
    for (const parent of board.models[board.index.get(name)].known) {
      if (!seen.has(parent)) ancestors(parent, seen.add(parent));
    }
    return seen;
  };
  const behind = new Set(model.known.flatMap((name) => [...ancestors(name, new Set())]));
  return model.known.filter((name) => !behind.has(name));
}

// A cell of the table of scores. `ends` is undefined until the intervals have come.
export function score(column, row) {
  if (column.flaws[row]) return { state: "flaw", reason: column.flaws[row] };
  if (!isThere(column, row)) return { state: column.waiting ? "waiting" : "missing" };
  const ends = intervalAt(column, row);
  return { state: "value", value: valueAt(column, row), low: ends?.[0] ?? null, high: ends?.[1] ?? null,
    waiting: !ends, note: column.notes[row], decimals: column.decimals };
}

export const NONE = -1;
export const OWN = -2; // each model against the base of its own family

// A cell of the table of differences: only what the evaluation published.
export function difference(board, column, row, base) {
  if (column.flaws[row]) return { state: "flaw", reason: column.flaws[row] };
  const model = board.models[row];
  const to = base === OWN ? board.index.get(model.family) : base;
  if (row === to) return isThere(column, row) ? { state: "base", value: 0 } : { state: "missing" };
  const name = base === OWN ? "" : board.models[base].name;
  if (!board.pairs?.has(name)) return { state: "waiting" };
  const there = pairOf(board, name, model.name, column);
  if (!there) return { state: "missing", reason: "no difference of these two is published" };
  return { ...there, state: "value", signed: true };
}

// A cell of the table of places: those that cannot be told apart from the best are the first group.
export function place(board, column, row) {
  if (column.flaws[row]) return { state: "flaw", reason: column.flaws[row] };
  if (!board.places) return { state: "waiting" };
  const found = placeOf(board, board.models[row].name, column);
  if (!found) return { state: "missing", reason: "no place is published" };
  return { state: "value", value: found.rank, low: found.rank_low, high: found.rank_high,
    decimals: found.rank % 1 ? 1 : 0, tie: found.tie, mark: found.tie === 1 ? "first" : "" };
}

export function digits(value, places, signed = false) {
  const text = places === null || places === undefined
    ? String(Number(value.toPrecision(4))) : value.toFixed(places);
  return signed && value > 0 ? `+${text}` : text;
}

export const pretty = (text) => text.replaceAll("-", "\u2212");
