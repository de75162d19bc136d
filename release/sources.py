"""The sources of a release: which are there, which would be fetched, which cannot be had so.

Only what a release file names with `fetch:` is ever fetched, and only into its own folder.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from corpus.build import SourceError, source_files
from corpus.settings import SourceSettings
from corpus.sources.entry import entry_of
from corpus.sources.fetch.request import describe, is_fetched
from release.recipe import Recipe


@dataclass(frozen=True)
class ToFetch:
    """A source that the next run fetches."""

    source: str
    into: str
    """folder below `data`"""
    what: str


@dataclass(frozen=True)
class Sought:
    """The sources that are not there."""

    to_fetch: list[ToFetch] = field(default_factory=list)
    to_obtain: list[str] = field(default_factory=list)
    """a sentence for each that people have to put there first: what, and how"""
    left_out: list[str] = field(default_factory=list)
    """a sentence for each that is optional"""


def seek(recipe: Recipe) -> Sought:
    """Raises SourceError with a sentence for each source of which nobody says how to have it."""
    found = Sought()
    missing: list[str] = []
    for name, settings in _used(recipe).items():
        if settings.fetch and not is_fetched(settings.fetch, recipe.data / settings.path):
            found.to_fetch.append(ToFetch(name, settings.path, describe(settings.fetch)))
            continue
        try:
            if not source_files(settings, recipe.data):
                found.left_out.append(f"{name}: left out, no {settings.files} in {settings.path}")
        except SourceError as error:
            if not recipe.data.is_dir():
                missing.append(str(error))
            elif settings.entry:
                found.to_obtain.append(f"{name}: {error}")
            else:
                missing.append(f"{name}: {error}")
    evaluation = recipe.release.evaluation
    if evaluation and evaluation.judge:
        queries = evaluation.judge.queries
        if queries.obtain and not (recipe.data / queries.file).is_file():
            found.to_obtain.append(f"{queries.name}: there is no {queries.file}: {queries.obtain}")
    if missing:
        raise SourceError("\n".join(dict.fromkeys(missing)))
    return found


def fetch_all(recipe: Recipe, progress: Callable[[str], None]) -> None:
    """Fetch what is to be fetched, one service after the other; raises SourceError where sources
    have to be obtained first."""
    from corpus.sources.fetch.fetch import fetch

    sources, sought = _used(recipe), seek(recipe)
    if sought.to_obtain:
        raise SourceError("\n".join(sought.to_obtain))
    for line in sought.left_out:
        progress(line)
    for each in sought.to_fetch:
        settings = sources[each.source].fetch
        if settings:
            say = partial(_say, progress, each.source)
            fetch(settings, recipe.data / each.into, recipe.data, say)


def in_papers(recipe: Recipe) -> Iterator[str]:
    """What the papers count in the sources of each corpus, where all of them have an entry."""
    for name, corpus in recipe.release.corpora.items():
        named = [recipe.release.sources[source].entry for source in corpus.sources]
        papers = [entry_of(entry).paper for entry in named if entry]
        counted = [paper for paper in papers if paper]
        if not counted or len(counted) < len(named) or corpus.split != "train":
            continue
        documents = sum(paper.documents for paper in counted)
        words = sum(paper.words or 0 for paper in counted)
        said = f", {words:,} words" if words else ""
        yield f"{name}: the papers count {documents:,} documents{said} in its sources"


def _say(progress: Callable[[str], None], source: str, line: str) -> None:
    progress(f"{source}: {line}")


def _used(recipe: Recipe) -> dict[str, SourceSettings]:
    """The sources that a corpus or a fine-tuning takes, or a filter learns from."""
    release = recipe.release
    names = [name for filter in release.filters.values() for name in filter.sources]
    names += [name for corpus in release.corpora.values() for name in corpus.sources]
    names += [tuning.examples for tuning in release.finetuning.values()]
    return {name: recipe.release.sources[name] for name in dict.fromkeys(names)}
