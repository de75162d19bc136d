"""Which documents of a corpus came, went and changed, by source and by licence.

A document is known by its id within its corpus, and changed where its text, its licence or the name
to credit did. Memory grows by some 200 bytes a document, not with the texts.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from release.diff.content import Content

GONE = "not among what was read"


class Document(NamedTuple):
    source: str
    licence: str
    attribution: str
    text: bytes
    """sha256 of the text"""


class Row(NamedTuple):
    """Documents of one source under one licence (as it is after the change)."""

    source: str
    licence: str
    added: int
    removed: int
    changed: int


@dataclass(frozen=True)
class CorpusDifference:
    corpus: str
    state: str
    """both, added, removed, or not published: only the number of documents is known"""
    before: int | None
    after: int | None
    rows: list[Row] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    """why documents are no longer in it, by the later ledger"""
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changed: dict[str, list[str]] = field(default_factory=dict)
    """id -> what changed: text, licence, attribution, source"""

    @property
    def same(self) -> bool:
        return self.state == "both" and not (self.added or self.removed or self.changed)


def compare(before: Content, after: Content) -> list[CorpusDifference]:
    """Every corpus of either release, in the order of the later one."""
    names = [*_corpora(after), *(name for name in _corpora(before) if name not in _corpora(after))]
    return [_corpus(name, before, after) for name in names]


def _corpora(content: Content) -> list[str]:
    return [n for n, one in content.artefacts.items() if one.manifest.kind == "corpus"]


def _corpus(name: str, before: Content, after: Content) -> CorpusDifference:
    sizes = _size(before, name), _size(after, name)
    if name not in before.artefacts or name not in after.artefacts:
        return CorpusDifference(name, "added" if sizes[0] is None else "removed", *sizes)
    if before.artefacts[name].manifest.digest == after.artefacts[name].manifest.digest:
        return CorpusDifference(name, "both", *sizes)
    folders = before.documents(name), after.documents(name)
    if folders[0] is None or folders[1] is None:
        return CorpusDifference(name, "not published", *sizes)
    old, new = dict(_kept(folders[0])), dict(_kept(folders[1]))
    added, removed = sorted(new.keys() - old.keys()), sorted(old.keys() - new.keys())
    changed = {
        id: [f for f in Document._fields if getattr(old[id], f) != getattr(new[id], f)]
        for id in sorted(old.keys() & new.keys())
        if old[id] != new[id]
    }
    counts: dict[tuple[str, str], Counter[str]] = {}
    for what, ids, documents in (
        ("added", added, new), ("removed", removed, old), ("changed", list(changed), new)
    ):  # fmt: skip
        for id in ids:
            where = documents[id].source, documents[id].licence
            counts.setdefault(where, Counter())[what] += 1
    rows = [
        Row(source, licence, count["added"], count["removed"], count["changed"])
        for (source, licence), count in sorted(counts.items())
    ]
    reasons = _reasons(folders[1], removed)
    return CorpusDifference(name, "both", *sizes, rows, reasons, added, removed, changed)


def _size(content: Content, name: str) -> int | None:
    artefact = content.artefacts.get(name)
    number = artefact.manifest.numbers.get("documents") if artefact else None
    return None if number is None else int(number.value)


def _kept(folder: Path) -> Iterator[tuple[str, Document]]:
    from pyarrow import parquet

    columns = ["id", "source", "licence", "attribution", "text"]
    for path in sorted((folder / "data").glob("*.parquet")):
        with parquet.ParquetFile(path) as opened:
            for batch in opened.iter_batches(columns=columns, batch_size=1024):
                for row in batch.to_pylist():
                    text = hashlib.sha256(row["text"].encode("utf-8", "surrogatepass")).digest()
                    yield (
                        row["id"],
                        Document(row["source"], row["licence"], row["attribution"], text),
                    )


def _reasons(folder: Path, ids: list[str]) -> dict[str, int]:
    """What the later ledger says of documents that are no longer in the corpus."""
    from pyarrow import parquet

    wanted = set(ids)
    found = Counter(dict.fromkeys([GONE], len(wanted)))
    with parquet.ParquetFile(folder / "ledger.parquet") as opened:
        for batch in opened.iter_batches(columns=["id", "status", "reason", "rule"]):
            for row in batch.to_pylist():
                if row["id"] in wanted:
                    wanted.discard(row["id"])
                    said = row["rule"] if row["reason"] == "licence" else row["reason"]
                    found[f"{row['status']}: {said}" if said else row["status"]] += 1
                    found[GONE] -= 1
    return {why: count for why, count in sorted(found.items()) if count}
