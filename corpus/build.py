"""From source files to a corpus: read and clean, decide, write.

    read → clean → languages → personal data → spill │ decide │ write shards, ledger, statistics

The two outer parts run as datatrove pipelines; `scratch` keeps what a killed run finished.
"""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from corpus.decide import Decision, Read, decide, preference, without_near_duplicates
from corpus.decontaminate import Questions, read_items
from corpus.fingerprint import Shares, words
from corpus.settings import CorpusSettings, SourceSettings
from corpus.sources.entry import entry_of
from corpus.sources.fetch.folder import FETCH_MANIFEST
from corpus.sources.fetch.request import is_fetched, request_of
from hub.disk import sha256_file, write_json
from hub.failure import BadInput
from hub.licences.rights import RecordedDecision
from hub.manifest import Number, Outcome, canonical_sha256

VERSION = 3
"""Raise it when the same settings and sources would give other bytes."""


class SourceError(BadInput):
    """A source that is not there."""


@dataclass(frozen=True)
class Built:
    corpus: Outcome
    excluded: Outcome


def source_files(settings: SourceSettings, data: Path) -> list[Path]:
    """The files of a source in a stable order; raises SourceError where there are none."""
    if not data.is_dir():
        raise SourceError(
            f"{data} is not a folder: name the folder of the sources with --set data=…"
        )
    folder = data / settings.path
    found = sorted(path for path in folder.glob(settings.files) if path.is_file())
    found = [path for path in found if path.name != FETCH_MANIFEST]
    if not found:
        how = f": {entry_of(settings.entry).obtain}" if settings.entry else ""
        raise SourceError(f"no file matches {settings.files} in {folder}{how}")
    return found


def source_digest(settings: SourceSettings, data: Path) -> dict[str, str]:
    """Content digest of every file of a source, by its name below `data`.

    Of one that is still to be fetched: what would be asked for, so that a plan can be made.
    """
    if settings.fetch and not is_fetched(settings.fetch, data / settings.path):
        return {"to be fetched": canonical_sha256(request_of(settings.fetch))}
    return {
        path.relative_to(data).as_posix(): sha256_file(path)
        for path in source_files(settings, data)
    }


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
) -> Built:
    """Write the corpus to `out` and what was left out to `excluded`.

    `tasks` maps the tasks to keep out to their `items.jsonl`; `shares` says which part of
    the documents is reserved for evaluation; `recorded` is what people decided about licences.
    """
    from corpus.pipeline import Clean, Languages, PersonalData, Spill, WriteShards, execute
    from corpus.pipeline import Read as ReadSources

    files = [
        (name, path) for name in settings.sources for path in source_files(sources[name], data)
    ]
    spill, decided = scratch / "spill", scratch / "decided"
    for folder in (spill, decided, out / "data", excluded / "data"):
        folder.mkdir(parents=True, exist_ok=True)
    progress(f"reading {len(files)} files of {len(settings.sources)} sources")
    reading = [
        ReadSources(files, sources), Clean(settings.clean), Languages(sources, data),
        PersonalData(settings), Spill(spill),
    ]  # fmt: skip
    execute(reading, settings.shards, workers, scratch / "read-log")
    survey = _survey(spill, settings.shards, Questions(read_items(tasks)))
    decisions = decide(survey.read, settings, sources, shares, recorded)
    decisions = _without_near_duplicates(decisions, settings, survey, spill)
    _write_decisions(decided, decisions, survey)
    progress(f"writing {sum(d.status == 'kept' for d in decisions)} of {len(decisions)} documents")
    writing = [WriteShards(spill, decided, out / "data", excluded / "data")]
    shutil.rmtree(scratch / "write-log", ignore_errors=True)
    execute(writing, settings.shards, workers, scratch / "write-log")
    return _describe(settings, decisions, survey, out, excluded)


@dataclass(frozen=True)
class _Survey:
    """What deciding needs of every document; texts stay on disk."""

    read: list[Read]
    places: list[tuple[int, int]]
    """(shard, byte offset) of each document"""
    edits: Counter[str]
    personal: Counter[str]


def _survey(spill: Path, shards: int, questions: Questions) -> _Survey:
    from corpus.pipeline import read_spill

    survey = _Survey([], [], Counter(), Counter())
    for shard in range(shards):
        for spilled in read_spill(spill / f"{shard:05d}.jsonl"):
            text = spilled.document.text
            survey.edits.update(spilled.edits)
            survey.personal.update(spilled.personal)
            survey.places.append((shard, spilled.offset))
            survey.read.append(
                Read(
                    document=replace(spilled.document, text=""),
                    fingerprint=spilled.fingerprint,
                    num_words=len(words(text)),
                    question=questions.found_in(text),
                    has_personal_data=bool(spilled.personal),
                )
            )
    return survey


def _without_near_duplicates(
    decisions: list[Decision], settings: CorpusSettings, survey: _Survey, spill: Path
) -> list[Decision]:
    from corpus.dedup.near import near_duplicates
    from corpus.pipeline import read_spill

    if settings.dedup == "exact":
        return decisions

    def text_of(position: int) -> str:
        shard, offset = survey.places[position]
        return next(read_spill(spill / f"{shard:05d}.jsonl", offset)).document.text

    removed = near_duplicates(text_of, preference(decisions, settings), settings.dedup)
    return without_near_duplicates(decisions, removed)


def _write_decisions(folder: Path, decisions: list[Decision], survey: _Survey) -> None:
    """Decisions beside the documents they are about: same shard, same order."""
    by_shard: dict[int, list[str]] = {}
    for decision, (shard, _) in zip(decisions, survey.places, strict=True):
        by_shard.setdefault(shard, []).append(json.dumps(asdict(decision), ensure_ascii=False))
    for path in folder.glob("*.jsonl"):
        path.unlink()
    for shard, rows in by_shard.items():
        (folder / f"{shard:05d}.jsonl").write_text("".join(row + "\n" for row in rows), "utf-8")


def _describe(
    settings: CorpusSettings,
    decisions: list[Decision],
    survey: _Survey,
    out: Path,
    excluded: Path,
) -> Built:
    from corpus.pipeline import write_parquet

    write_parquet(out / "ledger.parquet", [asdict(d) for d in decisions], _ledger_schema())
    kept = [decision for decision in decisions if decision.status == "kept"]
    write_json(out / "statistics.json", _statistics(settings, decisions))
    numbers = {
        "documents": Number(value=len(kept), unit="documents"),
        "words": Number(value=sum(decision.num_words for decision in kept), unit="words"),
        "read": Number(value=len(decisions), unit="documents"),
    }
    for split in ("train", "validation", "held_out"):
        count = sum(decision.status == split for decision in decisions)
        if count:
            numbers[f"split_{split}"] = Number(value=count, unit="documents")
    for reason, count in sorted(Counter(d.reason for d in decisions if d.reason).items()):
        numbers[f"excluded_{reason}"] = Number(value=count, unit="documents")
    train_only = sum(d.reason == "licence" and d.may_train == "allowed" for d in decisions)
    if train_only:
        numbers["train_only"] = Number(value=train_only, unit="documents")
    for edit, count in sorted(survey.edits.items()):
        numbers[f"cleaned_{edit}"] = Number(value=count, unit="spans")
    for kind, count in sorted(survey.personal.items()):
        numbers[f"personal_{kind}"] = Number(value=count, unit="spans")
    payload = [p.relative_to(out).as_posix() for p in out.rglob("*.parquet")]
    left_out = [p.relative_to(excluded).as_posix() for p in excluded.rglob("*.parquet")]
    num_excluded = sum(decision.status == "excluded" for decision in decisions)
    return Built(
        corpus=Outcome(
            (*payload, "statistics.json"), numbers, tuple(sorted({d.licence for d in kept}))
        ),
        excluded=Outcome(
            tuple(left_out), {"documents": Number(value=num_excluded, unit="documents")}
        ),
    )


def _ledger_schema() -> Any:
    import pyarrow as pa

    types = {int: pa.int64(), float: pa.float64()}
    return pa.schema(
        [(name, types.get(kind, pa.string())) for name, kind in Decision.__annotations__.items()]
    )


def _statistics(settings: CorpusSettings, decisions: list[Decision]) -> list[dict[str, Any]]:
    """Per source: documents and words kept, and what was left out for which reason."""
    rows = []
    for source in settings.sources:
        mine = [decision for decision in decisions if decision.source == source]
        kept = [decision for decision in mine if decision.status == "kept"]
        rows.append(
            {
                "source": source,
                "documents": len(kept),
                "words": sum(decision.num_words for decision in kept),
                "languages": dict(sorted(Counter(d.language for d in kept if d.language).items())),
                "licences": dict(sorted(Counter(decision.licence for decision in kept).items())),
                "excluded": dict(sorted(Counter(d.reason for d in mine if d.reason).items())),
            }
        )
    return rows
