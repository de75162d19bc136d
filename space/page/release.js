// Where the results come from, what is wrong with them, and the repos of the release.

import { byId, el, link } from "./dom.js";

export function showOrigin(board) {
  const { source, release, status } = board;
  const lines = [];
  if (status === "nothing") {
    lines.push(el("p", { class: "nothing" }, "No results can be shown."), ...list(board.notes));
    byId("origin").textContent = "Nothing is shown in their place.";
  } else {
    const when = { snapshot: `Snapshot of ${source.date}`, local: `${source.name}, on this machine`, paper: `As printed: ${source.title}` }[source.kind] ?? "Read live";
    const where = source.repo ? `, ${source.repo}${source.revision ? ` at ${source.revision}` : ""}` : "";
    byId("origin").textContent = when + where;
    byId("origin").classList.toggle("snapshot", source.kind === "snapshot");
    if (board.notes.length) lines.push(el("p", {}, "Not read live:"), ...list(board.notes));
    if (board.problems.length) lines.push(el("p", {}, "Data problems:"), ...list(board.problems));
    if (board.about?.findings) lines.push(findings(board.about));
    if (!board.columns.length) lines.push(el("p", { class: "nothing" }, "The results hold no score."));
  }
  if (release) {
    byId("title").textContent = `${release.name} ${release.tag}`;
    document.title = `${release.name} ${release.tag}: compare`;
  }
  if (source?.kind === "paper") byId("title").textContent = source.title;
  if (source?.kind === "local" && !release) byId("title").textContent = source.name;
  byId("notes").replaceChildren(...lines);
  byId("notes").hidden = !lines.length;
}

const list = (texts) => [el("ul", {}, texts.map((text) => el("li", {}, text)))];

// What the consistency report says about a paper's tables: it accuses nobody, it gives reasons to look.
function findings({ source, findings: found }) {
  return el("details", {}, el("summary", {}, `${source ?? ""} The consistency report has ${found.length} findings about these tables.`),
    ...list(found));
}

export function showRelease({ release, models, about }) {
  byId("release").hidden = !release && !about?.citation;
  byId("repos").parentElement.hidden = !release;
  byId("release-words").hidden = !release;
  if (about?.citation) byId("cite").textContent = about.citation;
  if (!release) return;
  const signed = release.signature === "unsigned" ? "It is unsigned." : `Signature: ${release.signature}.`;
  byId("release-words").textContent = `${release.repos.length} repos, publication digest `
    + `${release.digest.slice(0, 16)}…. ${signed}`;
  const licences = new Map(models.map((model) => [model.repo, model.licence.join(", ")]));
  const head = ["repo", "what", "licence", "commit", "download"];
  byId("repos").replaceChildren(
    el("thead", {}, el("tr", {}, head.map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", {}, release.repos.map((repo) => el("tr", {},
      el("th", { scope: "row" }, link(repo.url, repo.id)),
      el("td", {}, repo.kind),
      el("td", {}, licences.get(repo.id) || "see its card"),
      el("td", {}, el("code", { title: repo.commit }, repo.commit.slice(0, 8))),
      el("td", {}, el("code", {}, command(repo, release.tag)))))));
  byId("cite").textContent = citation(release);
}

const command = (repo, tag) => `hf download ${repo.id}`
  + `${repo.type === "model" ? "" : ` --repo-type ${repo.type}`} --revision ${tag}`;

function citation(release) {
  const results = release.repos.at(-1);
  return [`@misc{${release.name.replaceAll(/[^A-Za-z0-9]/g, "")},`,
    `  title = {${release.name} ${release.tag}},`,
    `  howpublished = {\\url{${results.url}}},`,
    `  note = {publication digest ${release.digest}},`, "}"].join("\n");
}
