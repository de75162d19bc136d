"""From source files to a corpus: read and clean, examine, decide, write.

    units (texts, facts) ─► signatures, test questions ─► decisions ─► shards, ledger, statistics
    one task a unit          one task a unit               here         one task a shard

Units and what was found in them lie in a cache, each in a folder named by what decides its content:
another threshold, use, split or task repeats what it decides and nothing else, and corpora of one
release share what they have in common. The cache may be deleted at any time.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from corpus.fingerprint import Shares
from corpus.outcome import Built
from corpus.settings import CorpusSettings, CorpusSystem, SourceSettings
from corpus.sources.entry import entry_of
from corpus.sources.fetch.folder import FETCH_MANIFEST
from corpus.sources.fetch.request import is_fetched, request_of
from hub.disk import sha256_file
from hub.failure import BadInput
from hub.licences.rights import RecordedDecision, Withdrawal
from hub.manifest import canonical_sha256

VERSION = 7
"""Raise it when the same settings and sources would give other bytes."""


class SourceError(BadInput):
    """A source that is not there."""


def source_files(settings: SourceSettings, data: Path) -> list[Path]:
    """The files of a source in a stable order.

    Raises SourceError where there are none and it is not optional, BadInput for a name that no
    manifest can hold.
    """
    if not data.is_dir():
        raise SourceError(
            f"{data} is not a folder: name the folder of the sources with --set data=…"
        )
    folder = data / settings.path
    found = sorted(path for path in folder.glob(settings.files) if path.is_file())
    found = [path for path in found if path.name != FETCH_MANIFEST]
    for name in (path.relative_to(data).as_posix() for path in found):
        try:
            name.encode()
        except UnicodeEncodeError:
            raise BadInput(f"the file {name!a} below data has no UTF-8 name: rename it") from None
    if not found and not settings.optional:
        how = f": {entry_of(settings.entry).obtain}" if settings.entry else ""
        raise SourceError(f"no file matches {settings.files} in {folder}{how}")
    return found


def source_digest(settings: SourceSettings, data: Path) -> dict[str, str]:
    """Content digest of every file of a source, by its name below `data`.

    Of one that is still to be had: what would be asked for, so that a plan can be made.
    """
    if settings.fetch and not is_fetched(settings.fetch, data / settings.path):
        return {"to be fetched": canonical_sha256(request_of(settings.fetch))}
    try:
        files = source_files(settings, data)
    except SourceError:
        if settings.entry and data.is_dir():
            return {"to be obtained": settings.entry}
        raise
    if settings.reader == "pdf":  # what the record beside a file says decides too
        records = (path.with_suffix(".json") for path in files)
        files = [*files, *(record for record in records if record.is_file())]
    return {path.relative_to(data).as_posix(): sha256_file(path) for path in files}


def build(
    settings: CorpusSettings,
    sources: dict[str, SourceSettings],
    data: Path,
    tasks: Mapping[str, Path],
    shares: Shares,
    workers: int,
    out: Path,
    excluded: Path,
    scratch: Path,
    progress: Callable[[str], None],
    recorded: Sequence[RecordedDecision] = (),
    withdrawn: Sequence[Withdrawal] = (),
    *,
    cache: Path | None = None,
    digests: Mapping[str, str] | None = None,
    tokenizer: Path | None = None,
    system: CorpusSystem | None = None,
    classifier: Path | None = None,
) -> Built:
    """Write the corpus to `out` and what was left out to `excluded`.

    `tasks` maps the tasks to keep out to their `items.jsonl`; `shares` says which part of
    the documents is reserved for evaluation; `recorded` is what people decided about licences,
    `withdrawn` what they took out; `digests` are those of the sources' content, taken here where
    they are not given; `tokenizer` is the folder of the model whose tokens the mixture is counted
    in, `classifier` that of the domain filter.
    """
    from corpus.census import all_hits, take_census
    from corpus.choosing import mixture, without_near_duplicates
    from corpus.decide import Judge, decide
    from corpus.domain.apply import TAKEN, all_scores
    from corpus.executors import LOCAL, execute
    from corpus.ledger import write_ledger
    from corpus.outcome import describe, with_scores, write_hits, write_lines
    from corpus.pipeline import WriteShards
    from corpus.reading import examine_units, read_units, score_units
    from corpus.units import Unit

    sources = {name: sources[name] for name in settings.sources}
    system = system or LOCAL
    decided = scratch / "decided"
    shutil.rmtree(decided, ignore_errors=True)
    for folder in (decided, out / "data", excluded / "data"):
        folder.mkdir(parents=True, exist_ok=True)

    def run(name: str, steps: Sequence[Any], num_tasks: int) -> None:
        execute(steps, num_tasks, workers, scratch / f"{name}-log", system)

    files = {name: source_files(entry, data) for name, entry in sources.items()}
    if digests is None:
        digests = {
            name: canonical_sha256(source_digest(entry, data)) for name, entry in sources.items()
        }
    progress(f"reading {sum(map(len, files.values()))} files of {len(files)} sources")
    units = read_units(settings, sources, data, files, digests, cache or scratch / "cache", run)
    examined = examine_units(settings, units, tasks, run)
    judge = Judge(settings, sources, recorded)
    hits = all_hits(units, examined.hits_folder)
    census = take_census(units, settings.sources, judge, hits, withdrawn)
    scores = None
    if classifier:
        scores = all_scores(units, score_units(units, classifier, run), classifier)
    outside = None if scores is None else scores.verdict != TAKEN
    fates = decide(census.known, census.allowed, census.leader, settings, shares, outside)
    without_near_duplicates(settings, census, fates, judge, examined.signatures_folder, scratch)
    mixed = mixture(settings, census, fates, tokenizer)
    found = examined.questions.worst_by_document(hits)
    ledger = out / "ledger.parquet"
    tallies = write_ledger(census, fates, judge, sources, found, ledger, decided, scores)
    progress(f"writing {len(fates.of('kept'))} of {len(fates.status)} documents")
    shards: list[list[Unit]] = [[] for _ in range(settings.shards)]
    for unit in units:
        shards[unit.part].append(unit)
    run("write", [WriteShards(shards, decided, out / "data", excluded / "data")], settings.shards)
    items = write_hits(out / "hits.parquet", tasks, examined.questions, hits, census, fates)
    write_lines(out / "boilerplate.parquet", units)
    built = describe(settings, tallies, units, mixed, items, out, excluded)
    return with_scores(built, scores, classifier) if scores and classifier else built
