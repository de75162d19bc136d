"""The merges of a release, and the candidates of its sweeps, as steps."""

from collections.abc import Iterator, Mapping

from hub.licences import compose
from hub.manifest import Artefact, Outcome
from merging.settings import MergingSettings, candidates, parents_of
from release.recipe import Recipe
from release.steps.step import Place, Step, licensed


def steps(recipe: Recipe) -> Iterator[Step]:
    for name, merging in recipe.release.merging.items():
        yield _merging(name, merging)
        for candidate, (_, settings) in candidates(name, merging).items():
            yield _merging(candidate, settings)


def _merging(name: str, settings: MergingSettings) -> Step:
    parents = parents_of(settings)

    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        from merging.merge import merge

        outcome = merge(
            settings, {parent: have[parent].folder for parent in parents}, place.out, place.progress
        )
        licences = compose.merged(have[parent].manifest.licence for parent in parents)
        return {"": licensed(outcome, licences)}

    return Step(
        name, "merging", "merge", settings.model_dump(mode="json", exclude={"sweep"}),
        tuple((f"parent-{number}", parent) for number, parent in enumerate(parents)), (), 1, run,
    )  # fmt: skip
