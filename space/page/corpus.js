// The corpora: what they hold, what was left out and why, and their ledgers to search.

import { fetchJson } from "./data.js";
import { byId, el } from "./dom.js";
import { options } from "./controls.js";

const CHOICES = ["source", "status", "reason", "licence"];
const words = (name) => name.replaceAll("_", " ");
const count = (value) => value.toLocaleString("en");
let corpora = [];

export function wireCorpora({ release, which }) {
  const there = !which && (release?.repos ?? []).some(({ kind }) => kind === "corpus");
  byId("corpora").hidden = !there;
  if (!there) return;
  const ask = () => { if (byId("corpora-more").open && !corpora.length) read(); };
  byId("corpora-more").addEventListener("toggle", ask);
  byId("corpus").addEventListener("input", () => show());
  byId("ledger-form").addEventListener("submit", (event) => { event.preventDefault(); search(0); });
  for (const id of CHOICES) byId(`ledger-${id}`).addEventListener("input", () => search(0));
  ask();
}

async function read() {
  try {
    const found = await fetchJson("corpora.json");
    corpora = found.corpora ?? [];
    if (found.problem) throw new Error(found.problem);
  } catch (error) {
    byId("corpus-words").textContent = `The corpora cannot be read: ${error.message}`;
    return;
  }
  options("corpus", corpora.map(({ name, use }) => [name, use ? `${name} (${use})` : name]), corpora[0]?.name);
  show();
}

function show() {
  const corpus = corpora.find(({ name }) => name === byId("corpus").value);
  if (!corpus) return;
  const { numbers } = corpus;
  const of = (prefix) => Object.entries(numbers).filter(([name, value]) => name.startsWith(prefix) && value);
  const listed = (entries, prefix) => entries
    .map(([name, value]) => `${count(value)} ${words(name.slice(prefix.length))}`).join(", ");
  const removed = of("excluded_");
  const facts = [
    ["Documents", numbers.documents === undefined ? null
      : `${count(numbers.documents)} of ${count(numbers.read ?? numbers.documents)} that were read, ${count(numbers.words ?? 0)} words`],
    ["Licences", corpus.licence.join(", ")],
    ["Removed", removed.length ? listed(removed, "excluded_") : "nothing"],
    ["Kept apart", listed(of("split_"), "split_")],
    ["Contamination", `${count(numbers.excluded_contaminated ?? 0)} documents held questions of the evaluation and were removed`],
    ["Personal data", of("personal_").length ? listed(of("personal_"), "personal_") : "none was found"],
    ["Repaired", listed(of("cleaned_"), "cleaned_")],
  ].filter(([, text]) => text);
  byId("corpus-words").replaceChildren(...corpus.problems.map((text) => el("p", {}, text)),
    el("dl", {}, facts.flatMap(([name, text]) => [el("dt", {}, name), el("dd", {}, text)])));
  const counts = (found) => Object.entries(found).map(([name, value]) => `${name} ${count(value)}`).join(", ");
  const head = ["source", "documents", "words", "licences", "languages", "left out"];
  byId("sources").replaceChildren(
    el("thead", {}, el("tr", {}, head.map((text, at) => el("th", { scope: "col", class: at === 1 || at === 2 ? "number" : "" }, text)))),
    el("tbody", {}, corpus.sources.map((row) => el("tr", {}, el("th", { scope: "row" }, row.source),
      el("td", { class: "number" }, count(row.documents)), el("td", { class: "number" }, count(row.words)),
      el("td", {}, counts(row.licences)), el("td", {}, counts(row.languages)), el("td", {}, counts(row.excluded))))));
  for (const id of CHOICES) byId(`ledger-${id}`).value = "";
  search(0);
}

let asked = 0;
async function search(page) {
  asked += 1;
  const now = asked;
  const query = { corpus: byId("corpus").value, q: byId("ledger-q").value, page };
  for (const id of CHOICES) query[id] = byId(`ledger-${id}`).value;
  let found;
  try {
    found = await fetchJson("ledger.json", query);
  } catch (error) {
    found = { problem: error.message };
  }
  if (now !== asked) return;
  if (found.problem) {
    byId("ledger-count").textContent = `The ledger cannot be read: ${found.problem}.`;
    byId("ledger").replaceChildren();
    byId("ledger-pages").replaceChildren();
    return;
  }
  for (const id of CHOICES) {
    byId(`ledger-${id}`).parentElement.hidden = !found.choices[id];
    options(`ledger-${id}`, [["", "all"], ...(found.choices[id] ?? []).map((value) => [value, value])], query[id]);
  }
  byId("ledger-count").textContent = `${count(found.found)} of ${count(found.total)} documents.`;
  byId("ledger").replaceChildren(
    el("thead", {}, el("tr", {}, found.columns.map((name) => el("th", { scope: "col" }, words(name))))),
    el("tbody", {}, found.rows.map((row) => el("tr", {}, row.map((value, at) =>
      (at ? el("td", { class: found.columns[at] === "evidence" || found.columns[at] === "rule" ? "long" : "" }, String(value))
        : el("th", { scope: "row" }, String(value))))))));
  const turn = (text, to, there) => el("button", { type: "button", disabled: !there, click: () => search(to) }, text);
  byId("ledger-pages").replaceChildren(turn("Earlier", found.page - 1, found.page > 0),
    el("span", { class: "count" }, `page ${found.page + 1} of ${found.pages}`),
    turn("Later", found.page + 1, found.page + 1 < found.pages));
}
