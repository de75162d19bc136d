"""A release file -> its steps, in an order in which everything a step needs comes before it.

A step makes one artefact (a corpus also its `-excluded` sibling). What crosses stages is carried
here: a stage gets folders and artefacts, never another stage.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Literal

from corpus.build import VERSION as CORPUS_VERSION
from corpus.build import build as build_corpus
from corpus.build import source_digest
from corpus.fingerprint import Shares, Split
from corpus.settings import CorpusSettings
from evaluation.settings import EvaluationSettings, TaskSettings
from hub.licences import compose
from hub.licences.recognise import recognise
from hub.manifest import Artefact, Input, Kind, Outcome, canonical_sha256
from merging.settings import MergingSettings, QuantisedSettings, parents_of
from release import merges
from release.recipe import Problem, Recipe, RecipeError, Release
from training.settings import TinyModel, TrainingSettings

Stage = Literal["corpus", "training", "merging", "evaluation"]
STAGES: tuple[Stage, ...] = ("corpus", "training", "merging", "evaluation")

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Place:
    """Where a step works."""

    out: Path
    excluded: Path
    """of a corpus: the sibling's folder"""
    scratch: Path
    """survives a kill, removed when the artefact is whole"""
    progress: Progress


Build = Callable[[Mapping[str, Artefact], Place], dict[str, Outcome]]
"""Makes the artefacts; the key "" is the step's own, others are suffixes of siblings."""


@dataclass(frozen=True)
class Step:
    name: str
    stage: Stage
    kind: Kind
    settings: dict[str, Any]
    """the part of the release file that decides the result"""
    needs: tuple[tuple[str, str], ...]
    """(role, name) of the artefacts it is made from"""
    sources: tuple[Input, ...]
    """what it reads from outside"""
    version: int
    build: Build
    siblings: tuple[tuple[str, Kind], ...] = ()
    """(suffix, kind) of what is made along with it"""


EXCLUDED = "-excluded"
RESULTS = "-results"
SWEEP = "-sweep"


def steps(recipe: Recipe) -> list[Step]:
    """Every step of the release; raises RecipeError for artefacts that need each other."""
    release = recipe.release
    found: dict[str, Step] = {}
    for name, corpus in release.corpora.items():
        found[name] = _corpus(name, corpus, recipe)
    for name, model in release.models.items():
        found[name] = _tiny(name, model.tiny)
    for name, training in release.training.items():
        found[name] = _training(name, training, release)
    choosing = validation(release)
    for name, merging in release.merging.items():
        found[name] = _merging(name, merging, choosing)
        if merging.sweep and choosing:
            found[name + SWEEP] = _sweep(name, merging, choosing)
    for name, quantised in release.quantised.items():
        found[name] = _quantised(name, quantised, choosing)
    if release.evaluation:
        for name, task in release.evaluation.tasks.items():
            found[name] = _task(name, task)
        for step in _all_results(release, release.evaluation):
            found[step.name] = step
    graph = {name: [needed for _, needed in step.needs] for name, step in found.items()}
    try:
        return [found[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle = " needs ".join(reversed(error.args[1]))
        raise RecipeError([Problem(str(recipe.path), None, f"a circle: {circle}")]) from None


def _corpus(name: str, settings: CorpusSettings, recipe: Recipe) -> Step:
    release, data = recipe.release, recipe.data
    sources = {source: release.sources[source] for source in settings.sources}
    shares = Shares(release.held_out, release.validation)
    recorded = tuple(d for d in release.decisions if d.documents or {*d.sources} & {*sources})

    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        built = build_corpus(
            settings,
            sources,
            data,
            {task: have[task].folder / "items.jsonl" for task in settings.decontaminate},
            shares,
            release.workers,
            place.out,
            place.excluded,
            place.scratch,
            place.progress,
            recorded,
        )
        return {"": built.corpus, EXCLUDED: built.excluded}

    return Step(
        name=name,
        stage="corpus",
        kind="corpus",
        settings={
            "corpus": settings.model_dump(mode="json"),
            "sources": {s: entry.model_dump(mode="json") for s, entry in sources.items()},
            "shares": list(shares),
            "decisions": [entry.model_dump(mode="json") for entry in recorded],
        },
        needs=tuple(("tasks", task) for task in settings.decontaminate),
        sources=tuple(
            Input(role="source", name=s, digest=canonical_sha256(source_digest(entry, data)))
            for s, entry in sources.items()
        ),
        version=CORPUS_VERSION,
        build=run,
        siblings=((EXCLUDED, "quarantine"),),
    )


def _tiny(name: str, settings: TinyModel) -> Step:
    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        from training.tiny import create

        outcome = create(settings, have[settings.corpus], place.out)
        return {"": _licensed(outcome, (recognise(settings.licence) or settings.licence,))}

    return Step(
        name, "training", "model", settings.model_dump(mode="json"),
        (("corpus", settings.corpus),), (), 1, run,
    )  # fmt: skip


def _training(name: str, settings: TrainingSettings, release: Release) -> Step:
    use = release.corpora[settings.corpus].use
    part = settings.model_dump(mode="json") | {"position": release.training_position}

    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        from training.pretrain import pretrain

        base, corpus = have[settings.base], have[settings.corpus]
        outcome = pretrain(settings, base.folder, corpus, place.out, place.scratch, place.progress)
        licences = compose.adapted(
            base.manifest.licence, use, corpus.manifest.licence, release.training_position
        )
        return {"": _licensed(outcome, licences)}

    return Step(
        name, "training", "model", part,
        (("base", settings.base), ("corpus", settings.corpus)), (), 1, run,
    )  # fmt: skip


def _merging(name: str, settings: MergingSettings, choosing: EvaluationSettings | None) -> Step:
    parents = parents_of(settings)
    by_sweep = settings.sweep is not None and settings.sweep.choose != "as configured"

    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        swept = have[name + SWEEP] if by_sweep else None
        texts = merges.validation_texts(choosing, have)
        return {"": merges.merge(settings, swept, texts, have, place)}

    return Step(
        name, "merging", "merge", settings.model_dump(mode="json", exclude={"sweep"}),
        (
            *((f"parent-{number}", parent) for number, parent in enumerate(parents)),
            *((("sweep", name + SWEEP),) if by_sweep else ()),
            *_asked(choosing),
        ), (), 2, run,
    )  # fmt: skip


def _sweep(name: str, settings: MergingSettings, choosing: EvaluationSettings) -> Step:
    parents = parents_of(settings)

    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        return {"": merges.sweep(name, settings, choosing, have, place)}

    return Step(
        name + SWEEP, "evaluation", "results",
        {"merging": settings.model_dump(mode="json"), "evaluation": _part(choosing)},
        (
            *((f"parent-{number}", parent) for number, parent in enumerate(parents)),
            *_asked(choosing),
        ), (), 1, run,
    )  # fmt: skip


def _quantised(name: str, settings: QuantisedSettings, choosing: EvaluationSettings | None) -> Step:
    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        texts = merges.validation_texts(choosing, have)
        return {"": merges.quantise(settings, texts, have, place)}

    return Step(
        name, "merging", "quantised", settings.model_dump(mode="json"),
        (("model", settings.model), *_asked(choosing)), (), 1, run,
    )  # fmt: skip


def _asked(settings: EvaluationSettings | None) -> Iterator[tuple[str, str]]:
    for task in settings.tasks if settings else ():
        yield f"tasks-{task}", task


def _task(name: str, settings: TaskSettings) -> Step:
    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        from evaluation.tasks import export

        corpus = have[settings.corpus]
        return {"": _licensed(export(name, settings, corpus, place.out), corpus.manifest.licence)}

    return Step(
        name, "evaluation", "tasks", settings.model_dump(mode="json"),
        (("corpus", settings.corpus),), (), 1, run,
    )  # fmt: skip


def _all_results(release: Release, settings: EvaluationSettings) -> Iterator[Step]:
    """Final figures, on the held-out split alone: no sweep has seen it."""
    final = _on_split(release, settings, "held_out")
    for model in settings.models:
        yield _results(model, model + RESULTS, final)
    for name, members in settings.ensembles.items():
        yield _ensemble(name, members, final)


def _ensemble(name: str, members: tuple[str, ...], settings: EvaluationSettings) -> Step:
    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        from evaluation.ensemble import ensemble

        results = [have[member + RESULTS] for member in members]
        return {"": ensemble(name, results, settings, place.out)}

    needs = tuple((f"answers-{number}", one + RESULTS) for number, one in enumerate(members))
    return Step(
        name + RESULTS, "evaluation", "results", _part(settings) | {"ensemble": list(members)},
        needs, (), 1, run,
    )  # fmt: skip


def validation(release: Release) -> EvaluationSettings | None:
    """The evaluation with the tasks that models are chosen by; None without any."""
    if release.evaluation is None:
        return None
    choosing = _on_split(release, release.evaluation, "validation")
    return choosing if choosing.tasks else None


def _on_split(release: Release, settings: EvaluationSettings, split: Split) -> EvaluationSettings:
    """The same settings with the tasks of one split only."""
    tasks = {n: t for n, t in settings.tasks.items() if release.corpora[t.corpus].split == split}
    return settings.model_copy(update={"tasks": tasks})


def _results(model: str, name: str, settings: EvaluationSettings) -> Step:
    tasks = list(settings.tasks)

    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        from evaluation.harness import evaluate

        asked = {task: have[task] for task in tasks}
        outcome = evaluate(settings, model, have[model].folder, asked, place.out, place.progress)
        return {"": outcome}

    return Step(
        name, "evaluation", "results", _part(settings) | {"model": model},
        (("model", model), *_asked(settings)), (), 1, run,
    )  # fmt: skip


def _part(settings: EvaluationSettings) -> dict[str, Any]:
    """What is said about the answers changes none of them."""
    return settings.model_dump(
        mode="json", exclude={"models", "ensembles", "claims", "significance"}
    )


def _licensed(outcome: Outcome, licence: tuple[str, ...]) -> Outcome:
    return Outcome(outcome.payload, outcome.numbers, licence)
