// CSV, LaTeX and Markdown of exactly what is shown: same rows, columns, order and digits.

import { loadIntervals, loadRest } from "./data.js";
import { byId, el, openDialog } from "./dom.js";
import { cellText, lineage, MARKS } from "./view.js";

const CERTAIN = { better: "better", worse: "worse", unclear: "uncertain", first: "first group" };
const EXPORTS = { csv: [toCsv, "csv"], latex: [toLatex, "tex"], markdown: [toMarkdown, "md"] };

export function wireTakeAway(viewNow, linkNow) {
  byId("link").addEventListener("click", () => take("Link to this view", linkNow(), ""));
  for (const [id, [write, ending]] of Object.entries(EXPORTS)) {
    byId(id).addEventListener("click", async () => {
      try {
        await loadRest(viewNow().board);
        const view = viewNow();
        if (view.scores) await loadIntervals(view.board, view.columns);
        take(title(view), write(view), ending);
      } catch (error) {
        openDialog("Not read", el("p", {}, `Without its intervals the table is not whole: ${error.message}`));
      }
    });
  }
}

// Inside the Hub's frame the clipboard may be closed: the text is there to be copied by hand too.
function take(name, text, ending) {
  const area = el("textarea", { readonly: true, rows: ending ? 12 : 3, "aria-label": name });
  area.value = text;
  const said = el("span", { role: "status" });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = "Copied.";
    } catch {
      area.select();
      said.textContent = "Selected: copy it with the keyboard.";
    }
  };
  openDialog(name, area, el("p", { class: "bar" }, el("button", { type: "button", click: copy }, "Copy"),
    ending ? el("button", { type: "button", click: () => download(text, `scores.${ending}`) }, "Download") : null, said));
  copy();
}

function download(text, name) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export const title = (view) => {
  const of = view.board.about?.title ? `, ${view.board.about.title}` : "";
  if (view.ranked) return `Places${of}`;
  if (view.scores) return `Scores${of}`;
  return `Differences to ${view.board.models[view.base]?.name ?? "each family's base"}${of}`;
};

const heading = (column) => `${column.top}, ${column.label}`;
const cellsOf = (view, model) => view.columns.map((column) => view.cell(column, model.i));

export function toCsv(view) {
  const marked = !view.scores;
  const parts = ["", " (low)", " (high)", ...(marked ? [" (certainty)"] : []), ...(view.board.about?.title ? [" (note)"] : [])];
  const head = ["model", "made from", ...view.columns.flatMap((c) => parts.map((p) => heading(c) + p))];
  const lines = view.rows.map((model) => [model.name, lineage(model), ...cellsOf(view, model).flatMap((cell) => {
    const { main, interval } = cellText(cell);
    const [low, high] = interval ? interval.slice(1, -1).split(", ") : ["", ""];
    const first = cell.state === "missing" ? "" : main;
    return [first, low, high, CERTAIN[cell.mark] ?? "", cell.note ?? ""]
      .filter((_, at) => at < 3 || (at === 3 ? marked : view.board.about?.title));
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
    const best = found.mark === "better" || found.mark === "first" ? `\\mathbf{${main}}` : main;
    return `$${best}$${interval ? ` {\\scriptsize $${interval}$}` : ""}${found.note ? "$^{?}$" : ""}`;
  };
  const lines = view.rows.map((model) => `${[latex(model.name), ...cellsOf(view, model).map(cell)].join(" & ")} \\\\`);
  const bold = view.ranked ? "; bold: cannot be told apart from the best" : view.scores ? "" : "; bold: certainly better";
  return [
    `% ${title(view).replaceAll(/\s/g, " ")}${bold}; intervals in brackets. Needs booktabs.`,
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
    return `${main}${interval ? ` ${interval}` : ""}${mark}${found.note ? " (doubtful)" : ""}`;
  };
  const line = (fields) => `| ${fields.join(" | ")} |`;
  return [
    line(["model", ...view.columns.map(heading)].map(markdown)),
    line(["---", ...view.columns.map(() => "---:")]),
    ...view.rows.map((model) => line([markdown(model.name), ...cellsOf(view, model).map(cell)])), "",
  ].join("\n");
}

const markdown = (text) => text.replaceAll(/[\\`*_{}[\]<>#|!&]/g, "\\$&");
