"""The domain classifiers of a release as steps; the corpora that name one wait for it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from corpus.build import source_digest
from corpus.domain.settings import FilterSettings
from hub.disk import sha256_file
from hub.failure import BadInput
from hub.licences.recognise import recognise
from hub.manifest import Artefact, Input, Outcome, canonical_sha256
from release.recipe import Recipe
from release.steps.step import Place, Step, licensed

VERSION = 1
"""Raise it when the same settings, sources and answers would give another classifier."""


LABELS = "labels"


def labels_in(workdir: Path) -> Path:
    """Where the labellers' answers are kept."""
    return workdir / "cache" / "corpus" / LABELS


def steps(recipe: Recipe) -> Iterator[Step]:
    for name, settings in recipe.release.filters.items():
        yield _filter(name, settings, recipe)


def _filter(name: str, settings: FilterSettings, recipe: Recipe) -> Step:
    sources = {source: recipe.release.sources[source] for source in settings.sources}

    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        from corpus.domain.make import make

        outcome = make(
            settings, sources, recipe.data, place.cache / LABELS, place.out, place.progress
        )
        return {"": licensed(outcome, (recognise(settings.licence) or settings.licence,))}

    return Step(
        name=name,
        stage="corpus",
        kind="model",
        settings={
            "filter": settings.model_dump(mode="json"),
            "sources": {s: entry.model_dump(mode="json") for s, entry in sources.items()},
        },
        needs=(),
        sources=(
            *(
                Input(
                    role="source",
                    name=s,
                    digest=canonical_sha256(source_digest(entry, recipe.data)),
                )
                for s, entry in sources.items()
            ),
            *_sheet(settings, recipe.data),
        ),
        version=VERSION,
        build=run,
    )


def _sheet(settings: FilterSettings, data: Path) -> Iterator[Input]:
    """What people filled in is part of what the card says."""
    if settings.annotations:
        path = data / settings.annotations
        if not path.is_file():
            raise BadInput(f"there is no annotation sheet {path}: imprimatur annotate writes one")
        yield Input(role="source", name=path.name, digest=sha256_file(path))
