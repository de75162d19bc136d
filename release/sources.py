"""The sources of a release: which are there, which would be fetched, which cannot be had so.

Only what a release file names with `fetch:` is ever fetched, and only into its own folder.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from corpus.build import SourceError, source_files
from corpus.settings import SourceSettings
from corpus.sources.fetch.request import describe, is_fetched
from release.recipe import Recipe


@dataclass(frozen=True)
class ToFetch:
    """A source that the next run fetches."""

    source: str
    into: str
    """folder below `data`"""
    what: str


def to_fetch(recipe: Recipe) -> list[ToFetch]:
    """What the next run fetches; raises SourceError with a sentence for each source that is
    neither there nor to be fetched."""
    found: list[ToFetch] = []
    missing: list[str] = []
    for name, settings in _used(recipe).items():
        if settings.fetch and not is_fetched(settings.fetch, recipe.data / settings.path):
            found.append(ToFetch(name, settings.path, describe(settings.fetch)))
            continue
        try:
            source_files(settings, recipe.data)
        except SourceError as error:
            missing.append(f"{name}: {error}" if recipe.data.is_dir() else str(error))
    if missing:
        raise SourceError("\n".join(dict.fromkeys(missing)))
    return found


def fetch_all(recipe: Recipe, progress: Callable[[str], None]) -> None:
    """Fetch what is to be fetched, one service after the other."""
    from corpus.sources.fetch.fetch import fetch

    sources = _used(recipe)
    for each in to_fetch(recipe):
        settings = sources[each.source].fetch
        if settings:
            say = partial(_say, progress, each.source)
            fetch(settings, recipe.data / each.into, recipe.data, say)


def _say(progress: Callable[[str], None], source: str, line: str) -> None:
    progress(f"{source}: {line}")


def _used(recipe: Recipe) -> dict[str, SourceSettings]:
    """The sources that a corpus or a fine-tuning takes."""
    names = [name for corpus in recipe.release.corpora.values() for name in corpus.sources]
    names += [tuning.examples for tuning in recipe.release.finetuning.values()]
    return {name: recipe.release.sources[name] for name in dict.fromkeys(names)}
