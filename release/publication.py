"""Builds the exact content of every repo of a release, and passes the gate, before anything is
pushed.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import RepoCard

from evaluation.results import read_scores
from hub.cards import dataset as dataset_card
from hub.cards import model as model_card
from hub.cards import results as results_card
from hub.disk import sync_tree, write_atomically, write_json
from hub.failure import BadInput
from hub.manifest import Artefact, describe_files, verify_payload
from hub.publication import PUBLICATION, Publication, Repo, RepoType, digest_of
from release import claims, columns, papers, table
from release.beside import beside_corpus, beside_model
from release.front import fronts
from release.gate import gate
from release.ranking import RANKS, rank_rows
from release.recipe import Recipe
from release.steps import RESULTS


@dataclass(frozen=True)
class _Context:
    recipe: Recipe
    artefacts: Mapping[str, Artefact]
    scores: list[dict[str, Any]]
    claims: list[claims.Judged]

    @property
    def confidence(self) -> float:
        """Of every interval of the release; without an evaluation there is none to speak of."""
        evaluation = self.recipe.release.evaluation
        return evaluation.confidence if evaluation else 0.0

    @property
    def tag(self) -> str:
        return f"v{self.recipe.release.version}"

    def repo(self, name: str) -> str:
        release = self.recipe.release
        return f"{release.namespace}/{release.release}-{name}"

    @property
    def corpora(self) -> list[str]:
        """What is kept for evaluation stays unpublished, or it would not stay unseen."""
        found = self.recipe.release.corpora.items()
        return [name for name, corpus in found if corpus.split == "train"]

    @property
    def models(self) -> list[str]:
        return [*self.recipe.release.training, *self.recipe.release.merging]

    @property
    def links(self) -> dict[str, str]:
        """Markdown links, by tag, to everything that is published."""
        corpora = {
            n: f"[{self.repo(n)}](/datasets/{self.repo(n)}/tree/{self.tag})" for n in self.corpora
        }
        models = {n: f"[{self.repo(n)}](/{self.repo(n)}/tree/{self.tag})" for n in self.models}
        return corpora | models

    def title(self, name: str) -> str:
        return f"{self.recipe.release.release} · {name}"


def assemble(
    recipe: Recipe, artefacts: Mapping[str, Artefact], workdir: Path
) -> tuple[Publication, Path]:
    """The publication of these artefacts and its folder.

    Raises Refused where a licence says no, or a claim about the results does not hold.
    """
    gate(recipe, artefacts)
    judged = claims.judge(recipe, artefacts, workdir)
    context = _Context(recipe, artefacts, table.scores(recipe.release, artefacts), judged)
    building = workdir / "publication" / "building"
    shutil.rmtree(building, ignore_errors=True)
    repos = [
        *(_repo(context, building, "dataset", name) for name in context.corpora),
        *(_repo(context, building, "model", name) for name in context.models),
        _results(context, building),
        *([_space(context, building)] if recipe.release.space else []),
    ]
    release = recipe.release
    publication = Publication(
        release=release.release,
        version=release.version,
        namespace=release.namespace,
        digest=digest_of(tuple(repos)),
        repos=tuple(repos),
    )
    sync_tree(building)
    write_json(building / PUBLICATION, publication.model_dump(mode="json"))
    final = building.with_name(publication.digest[:12])
    for earlier in building.parent.iterdir():
        if earlier != building:
            shutil.rmtree(earlier)
    building.replace(final)
    return publication, final


def _repo(context: _Context, building: Path, kind: RepoType, name: str) -> Repo:
    artefact = context.artefacts[name]
    verify_payload(artefact)
    folder = building / kind / context.repo(name)
    for file in artefact.manifest.files:
        _place(artefact.folder / file.path, folder / file.path)
    card = _dataset_card(context, name, folder) if kind == "dataset" else _model_card(context, name)
    write_atomically(folder / "README.md", card.encode())
    if kind == "dataset":
        beside_corpus(folder, context.title(name), artefact)
    else:
        _training_content(context, name, folder)
    public = artefact.manifest.model_dump(mode="json")
    write_json(folder / "manifest.json", public)
    return _describe(context, kind, name, artefact.manifest.kind, artefact.manifest.digest, folder)


def _describe(
    context: _Context, kind: RepoType, name: str, artefact_kind: str, digest: str, folder: Path
) -> Repo:
    paths = [p.relative_to(folder).as_posix() for p in sorted(folder.rglob("*")) if p.is_file()]
    return Repo(
        type=kind, id=context.repo(name), artefact=name, kind=artefact_kind, digest=digest,
        files=describe_files(folder, paths),
    )  # fmt: skip


def _dataset_card(context: _Context, name: str, folder: Path) -> str:
    release = context.recipe.release
    artefact = context.artefacts[name]
    return dataset_card.render(
        dataset_card.DatasetCard(
            repo=context.repo(name),
            tag=context.tag,
            title=context.title(name),
            description=release.description,
            use=release.corpora[name].use,
            manifest=artefact.manifest,
            statistics=_statistics(artefact),
            languages=_languages(context, [name]),
            rights={
                s: release.sources[s].rights_basis.words for s in release.corpora[name].sources
            },
            decisions=_decisions(context, name),
            personal_data=release.corpora[name].personal_data,
            names=release.corpora[name].names,
            links=context.links,
        ),
        folder,
    )


def _decisions(context: _Context, name: str) -> list[tuple[str, str, str, str]]:
    """(rule, what it is about, who, why) of every recorded decision about a source of `name`."""
    sources = set(context.recipe.release.corpora[name].sources)
    return [
        (one.rule, ", ".join([*one.sources, *one.documents]), one.who, one.why)
        for one in context.recipe.release.decisions
        if one.documents or sources & set(one.sources)
    ]


def _model_card(context: _Context, name: str) -> str:
    release = context.recipe.release
    manifest = context.artefacts[name].manifest
    parents = [entry.name for entry in manifest.inputs if entry.name in context.models]
    corpora = _training_corpora(context, name)
    relation = "merge" if name in release.merging else "finetune" if parents else None
    return model_card.render(
        model_card.ModelCard(
            repo=context.repo(name),
            tag=context.tag,
            name=name,
            title=context.title(name),
            description=release.description,
            manifest=manifest,
            languages=_languages(context, corpora),
            base_models=[context.repo(parent) for parent in parents],
            relation=relation,
            datasets=[context.repo(corpus) for corpus in corpora],
            results_repo=context.repo("results"),
            scores=context.scores,
            confidence=context.confidence,
            links=context.links,
            position=release.training_position,
        )
    )


def _training_content(context: _Context, name: str, folder: Path) -> None:
    corpora = _training_corpora(context, name)
    parents = [entry.name for entry in context.artefacts[name].manifest.inputs]
    beside_model(
        folder,
        context.recipe.release,
        context.repo(name),
        [context.repo(parent) for parent in parents if parent in context.models],
        {corpus: context.artefacts[corpus] for corpus in corpora},
        _languages(context, corpora),
        context.links,
    )


def _training_corpora(context: _Context, name: str) -> list[str]:
    """Every corpus that went into a model, through all its ancestors."""
    found: dict[str, None] = {}
    for entry in context.artefacts[name].manifest.inputs:
        if entry.name in context.corpora:
            found[entry.name] = None
        elif entry.name in context.models:
            found |= dict.fromkeys(_training_corpora(context, entry.name))
    return list(found)


def _statistics(artefact: Artefact) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((artefact.folder / "statistics.json").read_bytes())
    return rows


def _languages(context: _Context, corpora: list[str]) -> list[str]:
    """ISO 639 codes, the most frequent first."""
    counts: dict[str, int] = {}
    for name in corpora:
        for row in _statistics(context.artefacts[name]):
            for tag, count in row["languages"].items():
                language = tag.split("-")[0].lower()
                counts[language] = counts.get(language, 0) + count
    return sorted(counts, key=lambda language: (-counts[language], language))


def _results(context: _Context, building: Path) -> Repo:
    """Gathers the results of all models; the repo that takes `release.json`."""
    folder = building / "dataset" / context.repo("results")
    evaluation = context.recipe.release.evaluation
    tasks: list[dict[str, Any]] = []
    for model in evaluation.models if evaluation else []:
        artefact = context.artefacts[model + RESULTS]
        verify_payload(artefact)
        _place(artefact.folder / "samples.parquet", folder / "samples" / f"{model}.parquet")
        tasks += [asdict(score) for score in read_scores(artefact)]
    columns.write(folder / "tasks.parquet", tasks, columns.TASKS)
    found = table.differences(context.recipe.release, context.artefacts)
    columns.write(folder / "scores.parquet", context.scores, columns.SCORES)
    ranks = rank_rows(context.scores, context.confidence)
    columns.write(folder / "ranks.parquet", ranks, RANKS)
    write_json(folder / "models.json", {"models": _models(context)})
    rows = [columns.difference(each) for each in found]
    columns.write(folder / "differences.parquet", rows, columns.DIFFERENCES)
    points = fronts(context.recipe.release, context.artefacts)
    if points:
        write_json(folder / "front.json", [asdict(point) for point in points])
    if context.claims:
        write_json(folder / "claims.json", [judged.row() for judged in context.claims])
    card = results_card.ResultsCard(
        repo=context.repo("results"),
        tag=context.tag,
        title=context.title("results"),
        description=context.recipe.release.description,
        scores=context.scores,
        confidence=context.confidence,
        claims=[judged.sentence() for judged in context.claims],
        changes=[
            (
                f"{what}, {change.group}",
                change.before,
                change.after,
                table.interval(change),
                verdict,
            )
            for what, change, _, _, verdict in found
        ],
        judged=table.judged_how(evaluation, found),
        front=[asdict(point) for point in points],
        links=context.links,
    )
    write_atomically(folder / "README.md", results_card.render(card).encode())
    return _describe(context, "dataset", "results", "results", "", folder)


def _models(context: _Context) -> list[dict[str, Any]]:
    """What the Space says about each model without asking its repo."""
    manifests = {name: context.artefacts[name].manifest for name in context.models}
    return [
        {
            "name": name,
            "kind": manifest.kind,
            "repo": context.repo(name),
            "parents": [entry.name for entry in manifest.inputs if entry.name in manifests],
            "licence": list(manifest.licence),
            "parameters": manifest.numbers["parameters"].value
            if "parameters" in manifest.numbers
            else None,
            "languages": _languages(context, _training_corpora(context, name)),
        }
        for name, manifest in manifests.items()
    ]


def _space(context: _Context, building: Path) -> Repo:
    """The app as it stands, told where its results are and what it shows."""
    settings = context.recipe.release.space
    source = context.recipe.path.parent / (settings.folder if settings else "")
    if not (source / "app.py").is_file():
        raise BadInput(f"{source} is not a Space: there is no app.py in it")
    folder = building / "space" / context.repo("space")
    for path in sorted(source.rglob("*")):
        parts = path.relative_to(source).parts
        if path.is_file() and not any(part.startswith((".", "__")) for part in parts):
            _place(path, folder / path.relative_to(source))
    papers.write(folder / "papers")
    write_json(
        folder / "source.json", {"results_repo": context.repo("results"), "revision": context.tag}
    )
    card = RepoCard.load(source / "README.md")
    card.data.title = context.recipe.release.release
    card.data.models = [context.repo(name) for name in context.models]
    card.data.datasets = [context.repo("results")]
    # a new file: the one placed above may be a link to the source itself
    write_atomically(folder / "README.md", str(card).encode())
    return _describe(context, "space", "space", "space", "", folder)


def _place(source: Path, target: Path) -> None:
    """The same bytes a second time without the space, where the disk allows links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
