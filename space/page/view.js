// From board and state to exactly the rows and columns that are shown, and what a cell of them
// holds. Table, picture and exports all read this, so that what is taken away is what was seen.

import { difference, digits, NONE, OWN, place, pretty, score } from "./board.js";
import { isThere, storedAt } from "./data.js";

export const WORDS = { missing: "–", flaw: "data problem", base: "base", waiting: "…" };
export const MARKS = { better: "better", worse: "worse", unclear: "no certain difference",
  first: "in the first group" };
export const SIZES = [["up to 1B", 0, 1e9], ["1 to 5B", 1e9, 5e9], ["5 to 20B", 5e9, 20e9],
  ["over 20B", 20e9, Infinity]];

export function makeView(board, state) {
  const base = state.show === "difference" ? board.index.get(state.base) ?? OWN : NONE;
  const ranked = state.show === "rank";
  const columns = chosenColumns(board, state);
  const cell = (column, row) => {
    if (ranked) return place(board, column, row);
    return base === NONE ? score(column, row) : difference(board, column, row, base);
  };
  const sought = state.q.trim().toLowerCase();
  const wanted = board.models.filter((model) => isWanted(model, state, sought));
  const come = columns.filter(({ waiting }) => !waiting);
  const counts = countPresent(board, come);
  const models = state.complete ? wanted.filter(({ i }) => counts[i] === come.length) : wanted;
  const [sort, direction] = splitSort(state.sort);
  const sorted = columns.find((column) => column.id === sort);
  let rows = models;
  if (sort === "parameters") rows = order(models, (m) => m.parameters ?? NaN, direction);
  else if (sort === "model") rows = orderByName(models, direction);
  else if (sorted) rows = order(models, sortValue(cell, sorted, base === NONE && !ranked), direction);
  else rows = folded(models, state.fold);
  return {
    board, columns, rows, cell, base, ranked, scores: base === NONE && !ranked, sort: sorted || sort === "model" || sort === "parameters" ? sort : "",
    direction, sized: board.sized, picked: new Set(state.pick), fold: new Set(state.fold),
    complete: counts.reduce((sum, count) => sum + (count === come.length), 0),
    there: models.reduce((sum, { i }) => sum + counts[i], 0), waiting: columns.length - come.length,
  };
}

export function chosenColumns(board, state) {
  const hidden = new Set(state.hide);
  return board.columns.filter((column) => !hidden.has(column.id) && isFacet(column, state));
}

export function isFacet(column, state) {
  if (state.level === "groups" && column.task) return false;
  if (state.level === "tasks" && !column.task) return false;
  return (!state.group || column.group === state.group)
    && (!state.metric || column.metric === state.metric)
    && (!state.tongue || column.language === state.tongue);
}

// How many of these columns each model has; the last answer is kept, for search and sort ask again.
let counted = {};
function countPresent(board, columns) {
  const key = columns.map(({ i }) => i).join();
  if (counted.board !== board || counted.key !== key) {
    const everyone = ({ present }) => present === board.models.length;
    const counts = new Uint16Array(board.models.length).fill(columns.filter(everyone).length);
    for (const column of columns) {
      if (everyone(column)) continue;
      for (let row = 0; row < counts.length; row += 1) counts[row] += isThere(column, row);
    }
    counted = { board, key, counts };
  }
  return counted.counts;
}

const hasScore = (cell) => cell.state === "value" || cell.state === "base";

function sortValue(cell, column, plain) {
  if (plain) return ({ i }) => storedAt(column, i);
  return ({ i }) => { const found = cell(column, i); return hasScore(found) ? found.value : NaN; };
}

function isWanted(model, state, sought) {
  if (state.only && state.pick.length && !state.pick.includes(model.name)) return false;
  if (state.family && model.family !== state.family) return false;
  if (state.kind && model.role !== state.kind) return false;
  if (state.licence && !model.licence.includes(state.licence)) return false;
  if (state.language && !model.languages.includes(state.language)) return false;
  if (state.size && sizeOf(model) !== state.size) return false;
  if (!sought) return true;
  model.sought ??= `${model.name} ${model.repo}`.toLowerCase();
  return model.sought.includes(sought);
}

export function sizeOf({ parameters }) {
  if (parameters === null) return "";
  return SIZES.find(([, low, high]) => parameters > low && parameters <= high)?.[0] ?? "";
}

// Of a folded family its first model stands for all.
function folded(models, fold) {
  if (!fold.length) return models;
  const closed = new Set(fold);
  const seen = new Set();
  return models.filter(({ family }) => {
    if (!closed.has(family)) return true;
    const first = !seen.has(family);
    seen.add(family);
    return first;
  });
}

// "bits_per_byte/medical:up": the smallest first.
export function splitSort(text) {
  const found = /^(.*):(up|down)$/s.exec(text);
  return found ? [found[1], found[2]] : ["", ""];
}

// The best first, then the other way round, then families again.
export function nextSort(current, id, better, ranked) {
  const [sort, direction] = splitSort(current);
  const first = ranked || better === "lower" || id === "model" ? "up" : "down";
  if (sort !== id) return `${id}:${first}`;
  return direction === first ? `${id}:${first === "up" ? "down" : "up"}` : "";
}

// Equal ones in the order they came in, those without a value last. A key that holds value and place
// sorts without calling back for each pair; that needs whole numbers, which scores are in their unit.
function order(models, valueOf, direction) {
  const sign = direction === "up" ? 1 : -1;
  const count = models.length;
  const most = Number.MAX_SAFE_INTEGER / count - 1;
  const values = new Float64Array(count);
  const keys = new Float64Array(count);
  let whole = true;
  let there = 0;
  for (let at = 0; at < count; at += 1) {
    const value = sign * valueOf(models[at]);
    values[at] = value;
    if (value !== value) continue;
    keys[there] = value * count + at;
    there += 1;
    if (value % 1 !== 0 || value > most || value < -most) whole = false;
  }
  const missing = there < count ? models.filter((_, at) => Number.isNaN(values[at])) : [];
  if (!whole) {
    const places = [...values.keys()].filter((at) => !Number.isNaN(values[at]));
    return [...places.sort((a, b) => values[a] - values[b] || a - b).map((at) => models[at]), ...missing];
  }
  const sorted = keys.subarray(0, there).sort();
  const rows = new Array(there);
  for (let at = 0; at < there; at += 1) rows[at] = models[((sorted[at] % count) + count) % count];
  return rows.concat(missing);
}

let collator; // it takes as long to make as a table to fill
function orderByName(models, direction) {
  collator ??= new Intl.Collator("en", { numeric: true });
  const sign = direction === "up" ? 1 : -1;
  return [...models].sort((a, b) => sign * collator.compare(a.name, b.name));
}

export function cellText(cell) {
  if (cell.state !== "value") return { main: WORDS[cell.state], interval: "" };
  const write = (value) => digits(value, cell.decimals, cell.signed);
  const interval = cell.low === null ? "" : `[${write(cell.low)}, ${write(cell.high)}]`;
  return { main: write(cell.value), interval };
}

export function cellWords(cell) {
  const { main, interval } = cellText(cell);
  if (cell.state === "missing") return cell.reason ? `missing: ${cell.reason}` : "missing";
  if (cell.state === "flaw") return `data problem: ${cell.reason}`;
  if (cell.state === "waiting") return "not read yet";
  const parts = [`${main}${interval ? ` ${interval}` : ""}`];
  if (cell.mark) parts.push(MARKS[cell.mark]);
  if (cell.tie) parts.push(`group ${cell.tie}`);
  if (cell.items) parts.push(`on ${cell.items} pairs`);
  if (Number.isFinite(cell.p_adjusted)) {
    parts.push(`p ${probability(cell.p_adjusted)} corrected over ${cell.family || "all that no family names"}`);
  } else if (Number.isFinite(cell.p)) parts.push(`p ${probability(cell.p)}, not corrected`);
  if (cell.state === "value" && !interval && !cell.waiting) parts.push("no interval published");
  if (cell.note) parts.push(`doubtful: ${cell.note}`);
  return pretty(parts.join(", "));
}

const probability = (p) => (p < 0.001 ? "< 0.001" : p.toPrecision(2));

export function lineage(model) {
  if (!model.parents.length) return model.role === "base" ? "base" : model.kind || model.role;
  const what = model.role === "merge" ? "merge of" : "from";
  return `${what} ${model.parents.join(" + ")}`;
}

export function size(parameters) {
  if (parameters === null) return "–";
  const [unit, name] = [[1e9, "B"], [1e6, "M"], [1e3, "k"]].find(([u]) => parameters >= u) ?? [1, ""];
  return Number((parameters / unit).toPrecision(3)) + name;
}
