"""Lines that are repeated over many documents of one source: headers, footers, notices.

A line goes where it stands in at least `min_documents` documents and in at least `min_share` of
all documents of its source, always among the first or last five lines, and where its form is that
of a notice, not of a finding: no digit in it, 3 to 30 words and at most 400 characters. A dose, a
date or a result has digits; a heading such as `Conclusion` has fewer words. What is removed is a
declared span of the text, and every line that goes is listed with its number of documents.

Lines are counted once a document. Of a line 64 bits are kept: two lines agree once in 2^64.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus.fingerprint import words
from corpus.units import hash_of

MIN_WORDS, MAX_WORDS = 3, 30
MAX_CHARACTERS = 400
EDGE_LINES = 5
"""counted from either end of a document, blank lines apart"""
_MERGE = 1 << 20


class Span(NamedTuple):
    start: int
    end: int


class Removed(NamedTuple):
    text: str
    spans: tuple[Span, ...]
    """of the text before"""


class LineCounts:
    """In how many documents each line stands."""

    def __init__(self) -> None:
        self.hashes: NDArray[np.uint64] = np.zeros(0, np.uint64)
        self.counts: NDArray[np.int64] = np.zeros(0, np.int64)
        self.documents = 0
        self._fresh: list[int] = []

    def add(self, text: str) -> None:
        self.documents += 1
        self._fresh += {hashed for hashed in _candidates(text.split("\n")) if hashed is not None}
        if len(self._fresh) >= _MERGE:
            self._merge()

    def save(self, path: Path) -> None:
        self._merge()
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(path.name + ".tmp")
        with temporary.open("wb") as file:
            np.savez(file, hashes=self.hashes, counts=self.counts, documents=self.documents)
        temporary.replace(path)

    def _merge(self) -> None:
        found, counts = np.unique(np.array(self._fresh, np.uint64), return_counts=True)
        self.hashes, self.counts = _summed([(self.hashes, self.counts), (found, counts)])
        self._fresh = []


class Boilerplate:
    """The lines that go from the documents of one source."""

    def __init__(self, lines: Iterable[int]) -> None:
        self._lines = frozenset(lines)

    @classmethod
    def read(cls, paths: Iterable[Path], min_documents: int, min_share: float) -> "Boilerplate":
        """From the counts of all parts of the source."""
        parts, documents = [], 0
        for path in paths:
            with np.load(path, allow_pickle=False) as saved:
                parts.append((saved["hashes"], saved["counts"]))
                documents += int(saved["documents"])
        hashes, counts = _summed(parts)
        enough = counts >= max(min_documents, min_share * documents)
        return cls(hashes[enough].tolist())

    def __len__(self) -> int:
        return len(self._lines)

    def remove(self, text: str) -> Removed:
        """Whole lines with their line end; blank lines that meet become one."""
        spans: list[Span] = []
        kept: list[str] = []
        position = 0
        lines = text.split("\n")
        for line, hashed in zip(lines, _candidates(lines), strict=True):
            end = position + len(line)
            if hashed is not None and hashed in self._lines:
                spans.append(Span(position, min(end + 1, len(text))))
            elif line or not kept or kept[-1]:
                kept.append(line)
            position = end + 1
        return Removed("\n".join(kept).strip("\n"), tuple(spans)) if spans else Removed(text, ())


def _candidates(lines: list[str]) -> list[int | None]:
    """For each line its hash, where its place and form are those of boilerplate."""
    written = [number for number, line in enumerate(lines) if line.strip()]
    edges = {*written[:EDGE_LINES], *written[-EDGE_LINES:]}
    return [_candidate(line) if n in edges else None for n, line in enumerate(lines)]


def _candidate(line: str) -> int | None:
    """The hash of a line whose form is that of boilerplate."""
    if len(line) > MAX_CHARACTERS or any(character.isnumeric() for character in line):
        return None
    found = words(line)
    if not MIN_WORDS <= len(found) <= MAX_WORDS:
        return None
    return hash_of(" ".join(found))


def _summed(
    parts: list[tuple[NDArray[np.uint64], NDArray[np.int64]]],
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    if not parts:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    hashes, places = np.unique(np.concatenate([part[0] for part in parts]), return_inverse=True)
    counts = np.zeros(len(hashes), np.int64)
    np.add.at(counts, places, np.concatenate([part[1] for part in parts]))
    return hashes, counts
