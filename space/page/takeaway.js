// CSV, LaTeX and Markdown of exactly what is shown: same rows, columns, order and digits.

import { cellText, lineage, MARKS } from "./view.js";

const CERTAIN = { better: "better", worse: "worse", unclear: "uncertain" };

export const title = (view) => (view.base < 0
  ? "Scores" : `Differences to ${view.board.models[view.base].name}`);

const heading = (column) => `${column.group}, ${column.label}`;

export function toCsv(view) {
  const marked = view.base >= 0;
  const parts = ["", " (low)", " (high)", ...(marked ? [" (certainty)"] : [])];
  const head = ["model", "made from", ...view.columns.flatMap((c) => parts.map((p) => heading(c) + p))];
  const lines = view.rows.map(({ model, cells }) => [model.name, lineage(model), ...cells.flatMap((cell) => {
    const { main, interval } = cellText(cell);
    const [low, high] = interval ? interval.slice(1, -1).split(", ") : ["", ""];
    const first = cell.state === "missing" ? "" : main;
    return [first, low, high, ...(marked ? [CERTAIN[cell.mark] ?? ""] : [])];
  })]);
  return [head, ...lines].map((line) => line.map(csvField).join(",")).join("\r\n") + "\r\n";
}

// A spreadsheet would run a text that begins like a formula.
function csvField(text) {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^[+-]?[\d.]+(e[+-]?\d+)?$/i.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function toLatex(view) {
  const cell = (found) => {
    const { main, interval } = cellText(found);
    if (found.state !== "value") return found.state === "missing" ? "--" : latex(main);
    const best = found.mark === "better" ? `\\mathbf{${main}}` : main;
    return `$${best}$${interval ? ` {\\scriptsize $${interval}$}` : ""}`;
  };
  const lines = view.rows.map(({ model, cells }) => `${[latex(model.name), ...cells.map(cell)].join(" & ")} \\\\`);
  const note = view.base < 0 ? "" : "; bold: certainly better";
  return [
    `% ${title(view).replaceAll(/\s/g, " ")}${note}; intervals in brackets. Needs booktabs.`,
    `\\begin{tabular}{l${"r".repeat(view.columns.length)}}`,
    "\\toprule",
    `${["model", ...view.columns.map((c) => latex(heading(c)))].join(" & ")} \\\\`,
    "\\midrule", ...lines, "\\bottomrule", "\\end{tabular}", "",
  ].join("\n");
}

const LATEX = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}",
  "&": "\\&", "%": "\\%", $: "\\$", "#": "\\#", _: "\\_", "{": "\\{", "}": "\\}" };
const latex = (text) => text.replaceAll(/[\\~^&%$#_{}]/g, (c) => LATEX[c]);

export function toMarkdown(view) {
  const cell = (found) => {
    const { main, interval } = cellText(found);
    const mark = found.mark ? ` (${MARKS[found.mark]})` : "";
    return `${main}${interval ? ` ${interval}` : ""}${mark}`;
  };
  const line = (fields) => `| ${fields.join(" | ")} |`;
  return [
    line(["model", ...view.columns.map(heading)].map(markdown)),
    line(["---", ...view.columns.map(() => "---:")]),
    ...view.rows.map(({ model, cells }) => line([markdown(model.name), ...cells.map(cell)])), "",
  ].join("\n");
}

const markdown = (text) => text.replaceAll(/[\\`*_{}[\]<>#|!&]/g, "\\$&");
