// The board as it comes from the server, made ready to ask: roles, parents, differences, digits.

export function prepare(board) {
  const index = new Map(board.models.map((model, i) => [model.name, i]));
  board.index = index;
  board.models.forEach((model, i) => {
    model.i = i;
    model.role = roleOf(model);
    model.known = model.parents.filter((name) => index.has(name));
  });
  board.models.forEach((model) => { model.from = nearest(board, model); });
  board.columns.forEach((column, i) => {
    column.i = i;
    column.id = `${column.metric}/${column.group}`;
    column.label = column.metric.replaceAll("_", " ");
    column.decimals = decimals(board.models.map((_, row) => halfWidth(column.low[row], column.high[row])));
  });
  board.pairs = new Map(board.differences.map((d) => [pairKey(d.before, d.after, d.metric, d.group), d]));
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
  const ancestors = (name, seen) => {
    for (const parent of board.models[board.index.get(name)].known) {
      if (!seen.has(parent)) ancestors(parent, seen.add(parent));
    }
    return seen;
  };
  const behind = new Set(model.known.flatMap((name) => [...ancestors(name, new Set())]));
  return model.known.filter((name) => name !== model.name && !behind.has(name));
}

const pairKey = (...parts) => JSON.stringify(parts);
export const halfWidth = (low, high) => (low === null || high === null ? null : (high - low) / 2);

// A cell of the table of scores.
export function score(board, column, row) {
  if (column.flaws[row]) return { state: "flaw", reason: column.flaws[row] };
  if (column.value[row] === null) return { state: "missing" };
  return { state: "value", value: column.value[row], low: column.low[row], high: column.high[row],
    decimals: column.decimals };
}

// A cell of the table of differences: the paired one where the evaluation published it.
export function difference(board, column, row, base) {
  const own = score(board, column, row);
  if (own.state !== "value") return own;
  if (row === base) return { state: "base", value: 0 };
  const [before, after] = [board.models[base].name, board.models[row].name];
  const there = board.pairs.get(pairKey(before, after, column.metric, column.group));
  const back = board.pairs.get(pairKey(after, before, column.metric, column.group));
  if (there) return paired(column, there.value, there.low, there.high, there.items);
  if (back) return paired(column, -back.value, -back.high, -back.low, back.items);
  const other = score(board, column, base);
  if (other.state !== "value") return { state: "missing", reason: "its base has no score here" };
  return { state: "value", value: own.value - other.value, low: null, high: null, mark: "",
    decimals: column.decimals, signed: true };
}

function paired(column, value, low, high, items) {
  return { state: "value", value, low, high, items, signed: true,
    decimals: column.decimals, mark: markOf(column, low, high) };
}

function markOf(column, low, high) {
  if (low <= 0 && high >= 0) return "unclear";
  if (!column.better) return "";
  return (column.better === "lower") === (high < 0) ? "better" : "worse";
}

// As many digits as the error allows: two of an error that begins with 1 to 3.5, else one (Particle
// Data Group, Review of Particle Physics, "Rounding"). A column's median error decides for all of it.
export function decimals(errors) {
  const known = errors.filter((error) => error !== null && error > 0).sort((a, b) => a - b);
  if (!known.length) return null;
  const middle = known[Math.floor(known.length / 2)];
  const power = Math.floor(Math.log10(middle));
  const kept = middle / 10 ** power < 3.55 ? 1 : 0;
  return Math.min(8, Math.max(0, kept - power));
}

export function digits(value, places, signed = false) {
  const text = places === null ? String(Number(value.toPrecision(4))) : value.toFixed(places);
  return signed && value > 0 ? `+${text}` : text;
}

export const pretty = (text) => text.replaceAll("-", "\u2212");
