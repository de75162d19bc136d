"""The tasks of a release and the results of its models, as steps."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from corpus.fingerprint import Split
from evaluation.settings import (
    CheckpointSettings,
    EvaluationError,
    EvaluationSettings,
    TaskSettings,
)
from evaluation.translation.settings import TranslationSettings
from hub.licences import compose
from hub.manifest import Artefact, Outcome
from release import checkpoints
from release.recipe import Recipe
from release.schema import Release
from release.steps.step import Place, Step, licensed

RESULTS = "-results"
CHECKPOINTS = "-checkpoints"


def steps(recipe: Recipe) -> Iterator[Step]:
    release = recipe.release
    if release.evaluation:
        for name, task in release.evaluation.tasks.items():
            yield _step_of(name, task, recipe.data)
        yield from _all_results(release, release.evaluation)
        for name, rule in release.evaluation.checkpoints.items():
            yield _checkpoints(name, rule, release, release.evaluation)


def _step_of(name: str, settings: TaskSettings, data: Path) -> Step:
    if settings.corpus:
        return _task(name, settings)
    if settings.translation:
        return _translation(name, settings.translation, data)
    return _benchmark(name, settings, data)


def _task(name: str, settings: TaskSettings) -> Step:
    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        from evaluation.tasks.heldout import export

        corpus = have[settings.corpus]
        return {"": licensed(export(name, settings, corpus, place.out), corpus.manifest.licence)}

    return Step(
        name, "evaluation", "tasks", settings.model_dump(mode="json", exclude={"translation"}),
        (("corpus", settings.corpus),), (), 1, run,
    )  # fmt: skip


def _benchmark(name: str, settings: TaskSettings, data: Path) -> Step:
    """A task about files of this machine, or of lm-eval's library."""
    from evaluation.tasks import benchmarks, library

    ours = settings.lm_eval in benchmarks.names()

    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        if ours:
            return {"": benchmarks.export(name, settings, data, place.out)}
        return {"": library.export(name, settings, place.out)}

    return Step(
        name, "evaluation", "tasks", settings.model_dump(mode="json", exclude={"translation"}),
        (), benchmarks.inputs(name, settings, data) if ours else (), 1, run,
    )  # fmt: skip


def _translation(name: str, settings: TranslationSettings, data: Path) -> Step:
    """Raises Refused where the questions may not go to the translator: at `plan`."""
    from evaluation.translation.translate import VERSION, inputs, translate

    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        source, cache = have[settings.of], place.cache / "translations"
        outcome = translate(name, settings, source, data, cache, place.out, place.progress)
        return {"": licensed(outcome, compose.merged([source.manifest.licence]))}

    return Step(
        name, "evaluation", "tasks", settings.part(), (("task", settings.of),),
        inputs(settings, data), VERSION, run,
    )  # fmt: skip


def unpinned_tasks(settings: EvaluationSettings | None) -> tuple[list[str], list[str]]:
    """What the Hub has to give before it can be asked, and what no Hub can give."""
    from evaluation.tasks import benchmarks, library, papers

    if settings is None:
        return [], []
    unpinned, refused = [], []
    for name, task in settings.tasks.items():
        if not task.lm_eval or task.lm_eval in benchmarks.names():
            continue
        try:
            if said := library.unpinned(task):
                unpinned.append(f"{name}: {said}")
        except EvaluationError as error:
            refused.append(f"{name}: {error}")
    return unpinned + papers.undefined(settings.papers), refused


def split_of(release: Release, task: TaskSettings) -> Split:
    """Whether a task is for choosing between models or for the final figures."""
    return release.corpora[task.corpus].split if task.corpus else task.split


def _all_results(release: Release, settings: EvaluationSettings) -> Iterator[Step]:
    """Final figures, on the held-out split alone: no sweep has seen it."""
    final = _on_split(release, settings, "held_out")
    for model in settings.models:
        yield _results(model, model + RESULTS, final)
    for name, members in settings.ensembles.items():
        yield _ensemble(name, members, final)


def validation(release: Release) -> EvaluationSettings | None:
    """The evaluation with the tasks that models are chosen by; None without any."""
    if release.evaluation is None:
        return None
    choosing = _on_split(release, release.evaluation, "validation")
    return choosing if choosing.tasks else None


def _on_split(release: Release, settings: EvaluationSettings, split: Split) -> EvaluationSettings:
    """The same settings with the tasks of one split only."""
    tasks = {n: t for n, t in settings.tasks.items() if split_of(release, t) == split}
    return settings.model_copy(update={"tasks": tasks})


def _results(model: str, name: str, settings: EvaluationSettings) -> Step:
    tasks = list(settings.tasks)

    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        from evaluation.cache import Cache
        from evaluation.harness import evaluate

        questions = {task: have[task] for task in tasks}
        cache = Cache(place.cache, have[model].manifest.digest, settings.system.part())
        outcome = evaluate(
            settings, model, have[model].folder, questions, place.out, place.progress, cache=cache
        )
        return {"": outcome}

    return Step(
        name, "evaluation", "results", part(settings) | {"model": model},
        (("model", model), *asked(settings)), (), 1, run,
    )  # fmt: skip


def _ensemble(name: str, members: tuple[str, ...], settings: EvaluationSettings) -> Step:
    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        from evaluation.ensemble import ensemble

        results = [have[member + RESULTS] for member in members]
        return {"": ensemble(name, results, settings, place.out)}

    needs = tuple((f"answers-{number}", one + RESULTS) for number, one in enumerate(members))
    return Step(
        name + RESULTS, "evaluation", "results", part(settings) | {"ensemble": list(members)},
        needs, (), 2, run,
    )  # fmt: skip


def compared_on(
    rule: CheckpointSettings, release: Release, settings: EvaluationSettings
) -> EvaluationSettings:
    """Validation tasks; the papers' rule looks at the final ones and says so."""
    split: Split = "held_out" if rule.rule == "most-improvements" else "validation"
    found = _on_split(release, settings, split)
    tasks = {name: task for name, task in found.tasks.items() if task.measure == rule.measure}
    return found.model_copy(update={"tasks": tasks})


def _checkpoints(
    name: str, rule: CheckpointSettings, release: Release, settings: EvaluationSettings
) -> Step:
    training = release.training[name]
    on = compared_on(rule, release, settings)

    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        return {"": checkpoints.compare(name, training, rule, on, have, place)}

    return Step(
        name + CHECKPOINTS, "evaluation", "results",
        part(on) | {"rule": rule.model_dump(mode="json"), "steps": list(training.checkpoints)},
        (("base", training.base), ("model", name), *asked(on)), (), 1, run,
    )  # fmt: skip


def part(settings: EvaluationSettings) -> dict[str, Any]:
    """What is said about the answers changes none of them."""
    said = {
        "models", "ensembles", "checkpoints", "claims", "significance", "judge", "system",
        "publish_questions",
    }  # fmt: skip
    # of a translated task its digest decides, which is among the inputs
    leave = dict.fromkeys(said, True) | {"tasks": {"__all__": {"translation"}}}
    system = settings.system.part()
    where = {"system": system} if system else {}
    return settings.model_dump(mode="json", exclude=leave) | where


def asked(settings: EvaluationSettings | None) -> Iterator[tuple[str, str]]:
    """(role, name) of the tasks, as a step needs them."""
    for task in settings.tasks if settings else ():
        yield f"tasks-{task}", task
