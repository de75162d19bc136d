"""From source files to a corpus: read and clean, decide, write.

    read → clean → spill │ decide │ write shards, ledger, statistics

The two outer parts run as datatrove pipelines; `scratch` keeps what a killed run finished.
"""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from corpus.decide import Decision, Read, decide
from corpus.decontaminate import Questions, read_items
from corpus.fingerprint import Shares, fingerprint, words
from corpus.settings import CorpusSettings, SourceSettings
from hub.disk import sha256_file, write_json
from hub.failure import BadInput
from hub.manifest import Number, Outcome

VERSION = 1
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
    found = sorted(path for path in data.glob(settings.files) if path.is_file())
    if not found:
        raise SourceError(f"no file matches {settings.files} in {data}")
    return found


def source_digest(settings: SourceSettings, data: Path) -> dict[str, str]:
    """Content digest of every file of a source, by its name below `data`."""
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
) -> Built:
    """Write the corpus to `out` and what was left out to `excluded`.

    `tasks` maps the tasks to keep out to their `items.jsonl`; `shares` says which part of
    the documents is reserved for evaluation.
    """
    from corpus.pipeline import Clean, Spill, WriteShards, execute
    from corpus.pipeline import Read as ReadSources

    files = [
        (name, path) for name in settings.sources for path in source_files(sources[name], data)
    ]
    spill, decided = scratch / "spill", scratch / "decided"
    for folder in (spill, decided, out / "data", excluded / "data"):
        folder.mkdir(parents=True, exist_ok=True)
    progress(f"reading {len(files)} files of {len(settings.sources)} sources")
    reading = [ReadSources(files, sources), Clean(), Spill(spill)]
    execute(reading, settings.shards, workers, scratch / "read-log")
    read, edits = _survey(spill, settings.shards, Questions(read_items(tasks)))
    decisions = decide(read, settings, sources, shares)
    _write_decisions(decided, decisions, spill, settings.shards)
    progress(f"writing {sum(d.status == 'kept' for d in decisions)} of {len(decisions)} documents")
    writing = [WriteShards(spill, decided, out / "data", excluded / "data")]
    shutil.rmtree(scratch / "write-log", ignore_errors=True)
    execute(writing, settings.shards, workers, scratch / "write-log")
    return _describe(settings, decisions, edits, out, excluded)


def _survey(spill: Path, shards: int, questions: Questions) -> tuple[list[Read], Counter[str]]:
    """What deciding needs of every document, texts left on disk."""
    from corpus.pipeline import read_spill

    read: list[Read] = []
    edits: Counter[str] = Counter()
    for shard in range(shards):
        for document, made in read_spill(spill / f"{shard:05d}.jsonl"):
            edits.update(made)
            read.append(
                Read(
                    document=replace(document, text=""),
                    fingerprint=fingerprint(document.text),
                    num_words=len(words(document.text)),
                    question=questions.found_in(document.text),
                )
            )
    return read, edits


def _write_decisions(folder: Path, decisions: list[Decision], spill: Path, shards: int) -> None:
    """Decisions beside the documents they are about: same shard, same order."""
    remaining: Iterator[Decision] = iter(decisions)
    for shard in range(shards):
        with (spill / f"{shard:05d}.jsonl").open("rb") as lines:
            count = sum(1 for _ in lines)
        rows = [json.dumps(asdict(next(remaining)), ensure_ascii=False) for _ in range(count)]
        (folder / f"{shard:05d}.jsonl").write_text("".join(row + "\n" for row in rows))


def _describe(
    settings: CorpusSettings,
    decisions: list[Decision],
    edits: Counter[str],
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
    for edit, count in sorted(edits.items()):
        numbers[f"cleaned_{edit}"] = Number(value=count, unit="spans")
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

    return pa.schema(
        [
            (name, pa.int64() if kind is int else pa.string())
            for name, kind in Decision.__annotations__.items()
        ]
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
