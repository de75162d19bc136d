"""The merges of a release, their sweeps and the smaller copies of its models, as steps."""

from collections.abc import Iterator, Mapping

from evaluation.settings import EvaluationSettings
from hub.manifest import Artefact, Outcome
from merging.settings import MergingSettings, QuantisedSettings, parents_of
from release import merges
from release.recipe import Recipe
from release.steps.evaluation import asked, part, validation
from release.steps.step import Place, Step

SWEEP = "-sweep"


def steps(recipe: Recipe) -> Iterator[Step]:
    release = recipe.release
    choosing = validation(release)
    for name, merging in release.merging.items():
        yield _merging(name, merging, choosing)
        if merging.sweep and choosing:
            yield _sweep(name, merging, choosing)
    for name, quantised in release.quantised.items():
        yield _quantised(name, quantised, choosing)


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
            *asked(choosing),
        ), (), 2, run,
    )  # fmt: skip


def _sweep(name: str, settings: MergingSettings, choosing: EvaluationSettings) -> Step:
    parents = parents_of(settings)

    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        return {"": merges.sweep(name, settings, choosing, have, place)}

    return Step(
        name + SWEEP, "evaluation", "results",
        {"merging": settings.model_dump(mode="json"), "evaluation": part(choosing)},
        (
            *((f"parent-{number}", parent) for number, parent in enumerate(parents)),
            *asked(choosing),
        ), (), 1, run,
    )  # fmt: skip


def _quantised(name: str, settings: QuantisedSettings, choosing: EvaluationSettings | None) -> Step:
    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        texts = merges.validation_texts(choosing, have)
        return {"": merges.quantise(settings, texts, have, place)}

    return Step(
        name, "merging", "quantised", settings.model_dump(mode="json"),
        (("model", settings.model), *asked(choosing)), (), 2, run,
    )  # fmt: skip
