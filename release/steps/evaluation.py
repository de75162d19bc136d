"""The tasks of a release and the results of its models, as steps."""

from collections.abc import Iterator, Mapping

from corpus.fingerprint import Split
from evaluation.settings import EvaluationSettings, TaskSettings
from hub.manifest import Artefact, Outcome
from merging.settings import candidates, parents_of
from release.recipe import Recipe
from release.schema import Release
from release.steps.step import Place, Step, licensed

RESULTS = "-results"
VALIDATION = "-validation"


def steps(recipe: Recipe) -> Iterator[Step]:
    release = recipe.release
    if release.evaluation:
        for name, task in release.evaluation.tasks.items():
            yield _task(name, task)
        yield from _all_results(release, release.evaluation)


def _task(name: str, settings: TaskSettings) -> Step:
    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        from evaluation.tasks import export

        corpus = have[settings.corpus]
        return {"": licensed(export(name, settings, corpus, place.out), corpus.manifest.licence)}

    return Step(
        name, "evaluation", "tasks", settings.model_dump(mode="json"),
        (("corpus", settings.corpus),), (), 1, run,
    )  # fmt: skip


def _all_results(release: Release, settings: EvaluationSettings) -> Iterator[Step]:
    """Final figures on the held-out split; a sweep is compared on the validation split alone."""
    final = _on_split(release, settings, "held_out")
    for model in settings.models:
        yield _results(model, model + RESULTS, final)
    choosing = _on_split(release, settings, "validation")
    if choosing.tasks:
        for model in swept(release):
            yield _results(model, model + VALIDATION, choosing)


def swept(release: Release) -> dict[str, None]:
    """Models that are compared to choose a merge: the candidates, the merge, its parents."""
    found: dict[str, None] = {}
    for name, merging in release.merging.items():
        if merging.sweep:
            names = [*parents_of(merging), *candidates(name, merging), name]
            found |= dict.fromkeys(names)
    return found


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

    # what is said about the answers changes none of them
    part = settings.model_dump(mode="json", exclude={"models", "claims", "significance"}) | {
        "model": model
    }
    return Step(
        name, "evaluation", "results", part,
        (("model", model), *((f"tasks-{task}", task) for task in tasks)), (), 1, run,
    )  # fmt: skip
