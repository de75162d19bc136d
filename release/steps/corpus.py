"""The corpora of a release as steps."""

from collections.abc import Iterator, Mapping

from corpus.build import VERSION, build, source_digest
from corpus.fingerprint import Shares
from corpus.settings import CorpusSettings, Mix, MixPart
from hub.failure import BadInput
from hub.manifest import Artefact, Input, Outcome, canonical_sha256
from release.recipe import Recipe
from release.steps.step import EXCLUDED, Place, Step


def steps(recipe: Recipe) -> Iterator[Step]:
    for name, settings in recipe.release.corpora.items():
        yield _corpus(name, settings, recipe)


def _corpus(name: str, settings: CorpusSettings, recipe: Recipe) -> Step:
    release, data = recipe.release, recipe.data
    sources = {source: release.sources[source] for source in settings.sources}
    shares = Shares(release.held_out, release.validation)
    recorded = tuple(d for d in release.decisions if d.documents or {*d.sources} & {*sources})

    contents = tuple(
        Input(role="source", name=s, digest=canonical_sha256(source_digest(entry, data)))
        for s, entry in sources.items()
    )
    gone = [entry.model_dump(mode="json", exclude={"held_by"}) for entry in release.withdrawn]
    withdrawn = {"withdrawn": gone} if gone else {}
    mix = settings.mix
    counting = mix.tokenizer if mix else settings.sized_in

    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        built = build(
            _sized(settings, have, place),
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
            release.withdrawn,
            cache=place.cache,
            digests={entry.name: entry.digest for entry in contents},
            tokenizer=have[counting].folder if counting else None,
            system=release.systems.corpus,
            classifier=have[settings.domain_filter].folder if settings.domain_filter else None,
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
        }
        | withdrawn,
        needs=(
            *(("tasks", task) for task in settings.decontaminate),
            *([("tokenizer", counting)] if counting else []),
            *([("filter", settings.domain_filter)] if settings.domain_filter else []),
            *([("size", settings.sized_as)] if settings.sized_as else []),
        ),
        sources=contents,
        version=VERSION,
        build=run,
        siblings=((EXCLUDED, "quarantine"),),
    )


def _sized(settings: CorpusSettings, have: Mapping[str, Artefact], place: Place) -> CorpusSettings:
    """With the size of another corpus as the budget of a mix of everything."""
    if not settings.sized_as:
        return settings
    from release.publication.sources import token_counts

    other, everything = have[settings.sized_as], MixPart(fill=True)
    if settings.sized_in:
        counts = token_counts(other, have[settings.sized_in], place.cache)
        if counts is None:
            raise BadInput(
                f"{settings.sized_in} has no tokenizer.json: {settings.sized_as} cannot be counted "
                "in its tokens"
            )
        size, unit = sum(counts.values()), "tokens"
    else:
        size, unit = int(other.manifest.numbers["words"].value), "words"
    if not size:
        raise BadInput(f"{settings.sized_as} is empty: there is no size to take from it")
    mix = Mix.model_validate(
        {"parts": [everything], "unit": unit, "tokenizer": settings.sized_in, "budget": size}
    )
    return settings.model_copy(update={"mix": mix})
