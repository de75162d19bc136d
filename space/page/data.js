// What the server sends: numbers as plain arrays behind a JSON head (wire.py says how), and JSON for
// all that is asked for later.
//
// The board comes with its first columns; the others are waiting, as cells are that wait for anything,
// until they have been loaded.

const given = new URLSearchParams(location.search);
// A private Space is opened with a signature that its requests have to repeat. Links never carry it.
const signature = given.get("__sign");
const MISSING = -32768;
const NO_END = 65535;
const CONFLICT = 409;
const CHUNK = 16; // columns whose intervals come together

export function addressOf(path, parameters = {}) {
  const query = new URLSearchParams(parameters);
  if (signature) query.set("__sign", signature);
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

async function ask(path, parameters) {
  const answer = await fetch(addressOf(path, parameters));
  if (answer.status === CONFLICT) throw new Error("the results have changed since: open this page again");
  if (!answer.ok) throw new Error(`${path}: the Space answered ${answer.status}`);
  return answer;
}

export const fetchJson = async (path, parameters) => (await ask(path, parameters)).json();

export async function fetchBoard(which) {
  const buffer = await (await ask("board.bin", which ? { board: which } : {})).arrayBuffer();
  const { head: board, body } = open(buffer);
  if (board.status !== "read") return board;
  board.which = which;
  const fields = Object.entries(board.models);
  board.models = board.models.name.map((_, i) => {
    const model = { i };
    for (const [field, values] of fields) model[field] = values[i];
    return model;
  });
  const rows = board.models.length;
  const nothing = { short: new Int16Array(rows).fill(MISSING), whole: new Float64Array(rows).fill(NaN) };
  for (const column of board.columns) {
    column.waiting = column.at === null;
    column.values = column.waiting ? nothing[column.unit ? "short" : "whole"] : valuesOf(column, buffer, body + column.at, rows);
  }
  return board;
}

const valuesOf = ({ unit }, buffer, at, rows) => new (unit ? Int16Array : Float64Array)(buffer, at, rows);

// The values of all columns, of which the first came with the board. Asked for once, and again where
// that failed.
export function loadRest(board) {
  const waiting = board.columns.filter((column) => column.waiting);
  if (!waiting.length) return Promise.resolve();
  board.rest ??= readRest(board, waiting).catch((error) => { board.rest = null; throw error; });
  return board.rest;
}

async function readRest(board, waiting) {
  const buffer = await (await ask("rest.bin", asPart(board))).arrayBuffer();
  const { head, body } = open(buffer);
  waiting.forEach((column, i) => {
    column.values = valuesOf(column, buffer, body + head.at[i], board.models.length);
    column.waiting = false;
  });
}

function open(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return { head, body: 4 + length };
}

// The value of a column for one model, NaN where there is none.
export function valueAt({ values, unit }, row) {
  const value = values[row];
  if (!unit) return value;
  return value === MISSING ? NaN : value * unit;
}

// The same in its unit, a whole number where it has one: it sorts as the value does.
export const storedAt = ({ values, unit }, row) => (unit && values[row] === MISSING ? NaN : values[row]);

export const isThere = ({ values, unit }, row) =>
  (unit ? values[row] !== MISSING : values[row] === values[row]);

// The interval, [null, null] where none is published, undefined where it has not come yet.
export function intervalAt(column, row) {
  if (!column.ends) return undefined;
  const value = valueAt(column, row);
  const [below, above] = column.ends.map((end) => end[row]);
  const none = column.unit ? below === NO_END || above === NO_END : !(below + above === below + above);
  if (none || value !== value) return [null, null];
  const unit = column.unit ?? 1;
  return [value - below * unit, value + above * unit];
}

// Intervals of the chunks that these columns lie in; resolves to whether anything new came.
export async function loadIntervals(board, columns) {
  board.chunks ??= new Map();
  const wanted = new Set(columns.filter((column) => !column.ends).map((c) => Math.floor(c.i / CHUNK)));
  if (!wanted.size) return false;
  await Promise.all([...wanted].map((chunk) => {
    if (!board.chunks.has(chunk)) {
      board.chunks.set(chunk, loadChunk(board, chunk)
        .catch((error) => { board.chunks.delete(chunk); throw error; }));
    }
    return board.chunks.get(chunk);
  }));
  return true;
}

async function loadChunk(board, chunk) {
  const [start, stop] = [chunk * CHUNK, (chunk + 1) * CHUNK];
  const buffer = await (await ask("intervals.bin", asPart(board, { start, stop }))).arrayBuffer();
  const { head, body } = open(buffer);
  const rows = board.models.length;
  board.columns.slice(start, stop).forEach((column, i) => {
    const Kind = column.unit ? Uint16Array : Float64Array;
    const size = Math.ceil(rows * Kind.BYTES_PER_ELEMENT / 8) * 8;
    const at = body + head.at[i];
    column.ends = [new Kind(buffer, at, rows), new Kind(buffer, at + size, rows)];
  });
}

// What belongs to the numbers that are here, and to no later ones.
const asPart = (board, more = {}) => asBoard(board, { of: board.of, ...more });
const asBoard = (board, more = {}) => ({ ...more, ...(board.which ? { board: board.which } : {}) });
const cellKey = (...parts) => JSON.stringify(parts);

// Published differences to one base, by model and column.
export async function loadDifferences(board, base) {
  board.pairs ??= new Map();
  if (!board.pairs.has(base)) {
    const { rows = [], problem } = await fetchJson("differences.json", asBoard(board, { base }));
    board.pairs.set(base, { problem,
      cells: new Map(rows.map((row) => [cellKey(row.model, row.metric, row.group, row.task), row])) });
  }
  return board.pairs.get(base);
}

export const pairOf = (board, base, model, { metric, group, task }) =>
  board.pairs?.get(base)?.cells.get(cellKey(model, metric, group, task));

export async function loadRanks(board) {
  if (!board.places) {
    const { rows = [] } = await fetchJson("ranks.json", asBoard(board));
    board.places = new Map(rows.map((row) => [cellKey(row.model, row.metric, row.group, row.task), row]));
  }
}

export const placeOf = (board, model, { metric, group, task }) =>
  board.places?.get(cellKey(model, metric, group, task));
