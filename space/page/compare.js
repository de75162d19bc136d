// Two to four chosen models side by side: every shown column a row, and what was published about the
// differences between them.

import { pretty, score, difference } from "./board.js";
import { loadDifferences, loadIntervals, loadRest } from "./data.js";
import { el, openDialog } from "./dom.js";
import { cellText, cellWords, lineage, MARKS, size } from "./view.js";

export const FEW = 2;
export const MANY = 4;

export async function openComparison(board, columns, names) {
  const models = names.map((name) => board.models[board.index.get(name)]).filter(Boolean).slice(0, MANY);
  const title = models.map(({ name }) => name).join(", ");
  openDialog(title, el("p", {}, "Reading …"));
  try {
    await Promise.all([loadRest(board), loadIntervals(board, columns), loadDifferences(board, models[0].name)]);
  } catch (error) {
    openDialog(title, el("p", {}, `Nothing to show: ${error.message}.`));
    return;
  }
  const head = el("tr", {}, el("th", { scope: "col" }, "column"),
    models.map((model) => el("th", { scope: "col", class: "number" }, el("span", {}, model.name),
      el("span", { class: "sub" }, `${lineage(model)}, ${size(model.parameters)}`),
      el("span", { class: "sub" }, model.licence.join(", ") || "licence not stated"))));
  const rows = columns.map((column) => el("tr", {},
    el("th", { scope: "row" }, column.top, el("span", { class: "sub" }, column.label)),
    models.map((model, at) => cell(board, column, model, at ? models[0] : null))));
  openDialog(title,
    el("p", { class: "count" }, `Below each score its interval, then the published difference to ${models[0].name}, where there is one.`),
    el("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": "comparison" },
      el("table", {}, el("thead", {}, head), el("tbody", {}, rows))));
}

function cell(board, column, model, first) {
  const own = score(column, model.i);
  const { main, interval } = cellText(own);
  const gap = first && own.state === "value" ? difference(board, column, model.i, first.i) : null;
  const text = gap?.state === "value" ? cellText(gap) : null;
  return el("td", { class: `number ${own.state}`, title: cellWords(own) },
    el("span", {}, pretty(main)), el("span", { class: "sub" }, pretty(interval)),
    text ? el("span", { class: "sub" }, gap.mark ? [el("span", { class: `mark ${gap.mark}` }, MARKS[gap.mark]), " "] : null,
      pretty(`${text.main} ${text.interval}`)) : null);
}
