// From board and state to exactly the rows, columns and cells that are shown. Table and exports
// both read this, so that what is taken away is what was seen.

import { decimals, difference, digits, halfWidth, pretty, score } from "./board.js";

export const NONE = { missing: "–", flaw: "data problem", base: "base" };
export const MARKS = { better: "better", worse: "worse", unclear: "no certain difference" };

export function makeView(board, state) {
  const base = state.show === "difference" ? board.index.get(state.base) ?? -1 : -1;
  const hidden = new Set(state.hide);
  const columns = board.columns.filter((column) => !hidden.has(column.id));
  const cell = (column, row) =>
    base < 0 ? score(board, column, row) : difference(board, column, row, base);
  const rows = board.models
    .filter((model) => wanted(model, state))
    .map((model) => ({ model, cells: columns.map((column) => cell(column, model.i)) }))
    .filter((row) => !state.complete || row.cells.every(hasScore));
  if (base >= 0) columns.forEach((_, at) => followErrors(rows.map((row) => row.cells[at])));
  const [sort, direction] = splitSort(state.sort);
  const at = columns.findIndex((column) => column.id === sort);
  if (sort === "parameters") order(rows, (row) => row.model.parameters, direction);
  else if (sort === "model") orderByName(rows, direction);
  else if (at >= 0) order(rows, (row) => sortValue(row.cells[at]), direction);
  const sized = board.models.some((model) => model.parameters !== null);
  return { board, columns, rows, base, sort, direction, sized, picked: new Set(state.pick) };
}

// Differences are often known better than the scores that they are between.
function followErrors(cells) {
  const paired = cells.filter((cell) => cell.state === "value" && cell.low !== null);
  const places = decimals(paired.map((cell) => halfWidth(cell.low, cell.high)));
  paired.forEach((cell) => { cell.decimals = places; });
}

const hasScore = (cell) => cell.state === "value" || cell.state === "base";
const sortValue = (cell) => (hasScore(cell) ? cell.value : null);

function wanted(model, state) {
  if (state.only && state.pick.length && !state.pick.includes(model.name)) return false;
  if (state.family && model.family !== state.family) return false;
  if (state.kind && model.role !== state.kind) return false;
  if (state.licence && !model.licence.includes(state.licence)) return false;
  const sought = state.q.trim().toLowerCase();
  return !sought || `${model.name} ${model.repo}`.toLowerCase().includes(sought);
}

// "bits_per_byte/medical:up": the smallest first.
export function splitSort(text) {
  const found = /^(.*):(up|down)$/s.exec(text);
  return found ? [found[1], found[2]] : ["", ""];
}

// The best first, then the other way round, then families again.
export function nextSort(current, id, better) {
  const [sort, direction] = splitSort(current);
  const first = better === "lower" || id === "model" ? "up" : "down";
  if (sort !== id) return `${id}:${first}`;
  return direction === first ? `${id}:${first === "up" ? "down" : "up"}` : "";
}

function order(rows, valueOf, direction) {
  const sign = direction === "up" ? 1 : -1;
  const values = new Map(rows.map((row) => [row, valueOf(row)]));
  rows.sort((a, b) => {
    const [x, y] = [values.get(a), values.get(b)];
    if (x === null || y === null) return (x === null) - (y === null);
    return sign * (x - y);
  });
}

function orderByName(rows, direction) {
  const sign = direction === "up" ? 1 : -1;
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  rows.sort((a, b) => sign * compare(a.model.name, b.model.name));
}

// What a cell says: its number and its interval, as plain text.
export function cellText(cell) {
  if (cell.state !== "value") return { main: NONE[cell.state], interval: "" };
  const write = (value) => digits(value, cell.decimals, cell.signed);
  const interval = cell.low === null ? "" : `[${write(cell.low)}, ${write(cell.high)}]`;
  return { main: write(cell.value), interval };
}

export function cellWords(cell) {
  const { main, interval } = cellText(cell);
  if (cell.state === "missing") return cell.reason ? `missing: ${cell.reason}` : "missing";
  if (cell.state === "flaw") return `data problem: ${cell.reason}`;
  const certainty = cell.mark ? `, ${MARKS[cell.mark]}` : "";
  const paired = cell.items ? `, on ${cell.items} pairs` : "";
  const alone = cell.state === "value" && !interval ? ", no interval published" : "";
  return pretty(`${main}${interval ? ` ${interval}` : ""}${certainty}${paired}${alone}`);
}

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
