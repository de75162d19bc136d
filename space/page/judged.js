// Open answers: what a judge and people found, as it was published.

import { digits, pretty } from "./board.js";
import { fetchJson } from "./data.js";
import { byId, el } from "./dom.js";

export async function wireJudged({ which }) {
  byId("judged").hidden = true;
  if (which) return;
  let found;
  try {
    found = await fetchJson("judged.json");
  } catch (error) {
    found = { problem: error.message };
  }
  const { rows = [], problem } = found;
  byId("judged").hidden = !rows.length && !problem;
  const of = (figure) => rows.filter((row) => row.figure === figure);
  byId("judged-notes").replaceChildren(
    ...(problem ? [el("p", {}, `What was judged cannot be read: ${problem}.`)] : []),
    ...of("warning").map(({ note }) => el("p", { class: "notes" }, note)),
    ...of("position").map((row) => el("p", {}, `The answer shown first wins ${said(row)}; 0.5 is fair.`)));
  byId("judged-tables").replaceChildren(...[
    table("Win-rates", ["model", "against", "win-rate", "p, adjusted", "no verdict", "queries by verdict"],
      of("win-rate").map((row) => [row.model, row.against, said(row), p(row), count(row.without_verdict), row.note])),
    byModel("Failure modes, share of answers", of("failure-mode")),
    folded(table("Failure modes, what changed", CHANGED, of("failure-mode-change").map(changed))),
    byModel("Safety checks, share passed", of("safety")),
    folded(table("Safety checks, what changed", CHANGED, of("safety-change").map(changed))),
    table("People and judge", ["one", "other", "Cohen's kappa", "comparisons", ""],
      of("agreement").map((row) => [row.model, row.against, said(row), count(row.n), row.note])),
  ].filter(Boolean));
}

const CHANGED = ["what", "from", "to", "difference", "p, adjusted"];
const changed = (row) => [words(row.what), row.against, row.model, said(row, true), p(row)];
const words = (text) => text.replaceAll("_", " ");
const count = (value) => (value === null ? "–" : value.toLocaleString("en"));
const p = ({ p_adjusted: found }) => (found === null ? "–" : found < 0.001 ? "< 0.001" : found.toPrecision(2));

function said(row, signed = false) {
  if (row.problem) return `data problem: ${row.problem}`;
  if (row.value === null) return "–";
  const write = (value) => pretty(digits(value, row.decimals ?? 3, signed));
  const ends = row.ci_low === null || row.ci_high === null ? "" : ` [${write(row.ci_low)}, ${write(row.ci_high)}]`;
  return write(row.value) + ends;
}

// A row a failure mode or check, a column a model; how much of a model has no verdict stands above.
function byModel(caption, rows) {
  const models = [...new Set(rows.map(({ model }) => model))];
  const cells = new Map(rows.map((row) => [JSON.stringify([row.what, row.model]), row]));
  const without = new Map(rows.map((row) => [row.model, row.without_verdict]));
  const head = models.map((model) => model + (without.get(model) ? ` (${without.get(model)} without a verdict)` : ""));
  const lines = [...new Set(rows.map(({ what }) => what))].map((what) => [words(what), ...models.map((model) => {
    const row = cells.get(JSON.stringify([what, model]));
    return row ? said(row) : "–";
  })]);
  return table(caption, ["", ...head], lines);
}

const folded = (shown) => shown && el("details", {}, el("summary", {}, shown.getAttribute("aria-label")), shown);

const LONG = 40;
const isFigure = (text) => /^[<+−–\d]/.test(text) && text.length < LONG;

function table(caption, head, lines) {
  if (!lines.length) return null;
  const looks = (text) => (isFigure(text) ? "number" : text.length > LONG ? "long" : "");
  const cell = (text, at) => (at ? el("td", { class: looks(text) }, text) : el("th", { scope: "row" }, text));
  const title = (text, at) => (text
    ? el("th", { scope: "col", class: at && isFigure(lines[0][at]) ? "number" : "" }, text) : el("td", {}));
  return el("div", { class: "scroller judged", tabindex: 0, role: "region", "aria-label": caption }, el("table", {},
    el("caption", {}, caption), el("thead", {}, el("tr", {}, head.map(title))),
    el("tbody", {}, lines.map((line) => el("tr", {}, line.map(cell))))));
}
