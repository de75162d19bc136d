"""The corpora of a release as steps."""

from collections.abc import Iterator, Mapping

from corpus.build import VERSION, build, source_digest
from corpus.fingerprint import Shares
from corpus.settings import CorpusSettings
from hub.manifest import Artefact, Input, Outcome, canonical_sha256
from release.recipe import Recipe
from release.steps.step import Place, Step

EXCLUDED = "-excluded"
"""the sibling that is never published"""


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

    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        built = build(
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
            release.withdrawn,
            cache=place.cache,
            digests={entry.name: entry.digest for entry in contents},
            tokenizer=have[mix.tokenizer].folder if mix and mix.tokenizer else None,
            system=release.systems.corpus,
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
            *([("tokenizer", mix.tokenizer)] if mix and mix.tokenizer else []),
        ),
        sources=contents,
        version=VERSION,
        build=run,
        siblings=((EXCLUDED, "quarantine"),),
    )
