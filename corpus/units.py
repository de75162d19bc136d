"""Cleaned documents on disk: what deciding needs apart from the texts.

A unit is the part of one source that one task reads. It is two files, both written under a
temporary name; the facts are renamed last, so that their presence means the unit is whole:

    articles-00000.text     the texts, UTF-8, one after another: any of them is one read
    articles-00000.facts    Arrow: a row a document, everything else that is known about it

Nothing here grows with the corpus: rows are written and read a few thousand at a time.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

BATCH_ROWS = 4096
READ_BYTES = 1 << 20
OPEN_UNITS = 256

FACTS = pa.schema(
    [
        ("id", pa.string()),
        ("id_hash", pa.uint64()),
        ("language", pa.string()),
        ("attribution", pa.string()),
        ("partition", pa.string()),
        # JSON: [[rank, statement], …]
        ("evidence", pa.string()),
        ("problem", pa.string()),
        ("fingerprint", pa.binary(32)),
        ("num_words", pa.int64()),
        ("num_bytes", pa.int64()),
        # JSON: {class: spans}; empty: none
        ("edits", pa.string()),
        ("personal", pa.string()),
    ]
)


class Unit(NamedTuple):
    source: str
    part: int
    """which shard of the corpus its documents go to"""
    files: tuple[Path, ...]
    folder: Path
    """named by what decides the content"""

    @property
    def texts(self) -> Path:
        return self.folder / f"{self.source}-{self.part:05d}.text"

    @property
    def facts(self) -> Path:
        return self.texts.with_suffix(".facts")

    @property
    def lines(self) -> Path:
        """The boilerplate taken out of its documents: line -> documents."""
        return self.texts.with_suffix(".lines.json")

    def beside(self, name: str) -> Path:
        """What was found out about its documents later."""
        return self.folder / name / f"{self.source}-{self.part:05d}.npz"


def write_unit(unit: Unit, rows: Iterable[tuple[dict[str, Any], str]]) -> None:
    """(facts, text) pairs; `num_bytes` and `id_hash` are filled in here."""
    temporary = [path.with_name(path.name + ".tmp") for path in (unit.texts, unit.facts)]
    with ExitStack() as stack:
        texts = stack.enter_context(temporary[0].open("wb"))
        facts = stack.enter_context(temporary[1].open("wb"))
        writer = stack.enter_context(pa.ipc.new_file(facts, FACTS))
        batch: list[dict[str, Any]] = []
        for row, text in rows:
            content = text.encode()
            texts.write(content)
            row["num_bytes"] = len(content)
            row["id_hash"] = hash_of(row["id"])
            batch.append(row)
            if len(batch) == BATCH_ROWS:
                writer.write_batch(pa.RecordBatch.from_pylist(batch, FACTS))
                batch = []
        writer.write_batch(pa.RecordBatch.from_pylist(batch, FACTS))
        writer.close()
        for stream in (texts, facts):
            stream.flush()
            os.fsync(stream.fileno())
    for path, final in zip(temporary, (unit.texts, unit.facts), strict=True):
        path.replace(final)


def hash_of(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def facts_of(unit: Unit, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Some columns of a unit, a few thousand rows at a time."""
    with pa.OSFile(str(unit.facts), "rb") as stream, pa.ipc.open_file(stream) as reader:
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number).select(columns)


def column(unit: Unit, name: str) -> NDArray[Any]:
    """A column of numbers."""
    parts = [batch[0].to_numpy(zero_copy_only=False) for batch in facts_of(unit, [name])]
    return np.concatenate(parts)


def fingerprints(unit: Unit) -> NDArray[np.uint64]:
    """The first 128 bits of each: two copies agree, two others do not."""
    parts = [
        np.frombuffer(b"".join(batch[0].to_pylist()), ">u8").reshape(-1, 4)[:, :2]
        for batch in facts_of(unit, ["fingerprint"])
    ]
    return np.concatenate(parts).astype(np.uint64)


def totals(unit: Unit, name: str) -> dict[str, int]:
    """Sums of a column of counts written as JSON."""
    found: dict[str, int] = {}
    for batch in facts_of(unit, [name]):
        for entry in batch[0].value_counts().to_pylist():
            for key, count in json.loads(entry["values"] or "{}").items():
                found[key] = found.get(key, 0) + count * entry["counts"]
    return found


def texts_of(unit: Unit) -> Iterator[str]:
    """Every text in order, streamed."""
    with unit.texts.open("rb", buffering=READ_BYTES) as stream:
        for batch in facts_of(unit, ["num_bytes"]):
            for size in batch[0].to_pylist():
                yield stream.read(size).decode()


class Texts:
    """Any text of any unit by its number in the corpus: one read each."""

    def __init__(self, units: Sequence[Unit], first: NDArray[np.int64]) -> None:
        self._units = units
        self._first = first
        self._open: dict[int, tuple[int, NDArray[np.int64]]] = {}

    def __getitem__(self, number: int) -> str:
        at = int(np.searchsorted(self._first, number, "right")) - 1
        if at not in self._open:
            if len(self._open) >= OPEN_UNITS:
                os.close(self._open.pop(next(iter(self._open)))[0])
            ends = np.cumsum(column(self._units[at], "num_bytes"))
            self._open[at] = os.open(self._units[at].texts, os.O_RDONLY), ends
        descriptor, ends = self._open[at]
        row = number - int(self._first[at])
        start = int(ends[row - 1]) if row else 0
        return os.pread(descriptor, int(ends[row]) - start, start).decode()

    def close(self) -> None:
        for descriptor, _ in self._open.values():
            os.close(descriptor)
        self._open.clear()
