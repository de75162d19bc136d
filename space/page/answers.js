// The questions behind a difference: which answers changed, by id and outcome, and their words where
// these may be shown.

import { el, openDialog } from "./dom.js";
import { pretty } from "./board.js";
import { addressOf, fetchJson } from "./data.js";

export async function openAnswers(before, after, column) {
  const title = `${after} against ${before}: ${column.top}, ${column.label}`;
  openDialog(title, el("p", {}, "Reading the answers …"));
  const wanted = { before, after, group: column.group, metric: column.metric };
  try {
    const found = await fetchJson("answers.json", wanted);
    openDialog(title, ...(found.problem ? [el("p", {}, `Nothing to show: ${found.problem}.`)]
      : table(found, before, after, column, wanted)));
  } catch (error) {
    openDialog(title, el("p", {}, `Nothing to show: ${error.message}.`));
  }
}

function table(found, before, after, column, wanted) {
  const outcome = (value) => (typeof value === "boolean" ? (value ? "right" : "wrong") : value.toFixed(3));
  const same = found.asked - found.gained - found.lost;
  const ways = typeof found.changed[0]?.before === "boolean" || column.better === "higher"
    ? [`${found.gained} wrong → right`, `${found.lost} right → wrong`]
    : [`${found.lost} lower`, `${found.gained} higher`];
  const head = ["task", "item", before, after, "change"].map((text, at) =>
    el("th", { scope: "col", class: at > 1 ? "number" : "" }, text));
  const rows = found.changed.map((item) => el("tr", {},
    el("td", {}, item.task), el("td", { class: item.text ? "long" : "" }, item.item, words(item)),
    el("td", { class: "number" }, outcome(item.before)),
    el("td", { class: "number" }, outcome(item.after)),
    el("td", { class: "number" }, change(item))));
  return [
    el("p", {}, `${found.asked} asked of both: ${ways.join(", ")}, ${same} the same.`
      + (found.not_shared ? ` ${found.not_shared} were not asked of both, or in other words.` : "")
      + (found.left_out ? ` The ${found.changed.length} largest changes are listed.` : "")),
    rows.length ? el("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": "changed answers" },
      el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows))) : null,
    el("p", {}, el("a", { href: addressOf("answers/", wanted) }, "Look at all of them one by one")),
  ].filter(Boolean);
}

const MOST = 240;
function words({ text, licence }) {
  if (!text) return null;
  const short = text.length > MOST ? `${text.slice(0, MOST)}…` : text;
  return el("span", { class: "sub", title: licence }, `${short} [${licence || "licence not stated"}]`);
}

function change({ before, after }) {
  if (typeof before === "boolean") return after ? "gained" : "lost";
  const value = after - before;
  return pretty(`${value > 0 ? "+" : ""}${value.toFixed(3)}`);
}
