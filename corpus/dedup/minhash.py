"""MinHash signatures and the pairs they suggest.

The smallest value that a random hash function gives to a set's members is the same for two sets
with a probability equal to their Jaccard similarity (Broder 1997, "On the resemblance and
containment of documents"). Of `bands * rows` such minima, two documents are compared where all
`rows` of one band agree (Leskovec, Rajaraman & Ullman, "Mining of Massive Datasets", section 3.4):
a pair of similarity J is missed with probability (1 - J^rows)^bands. What is found are candidates;
`near` verifies them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from corpus.dedup.grams import Hashes, Numbers, batches, grams


@dataclass(frozen=True)
class Profile:
    """What counts as a near duplicate, and how thoroughly it is looked for."""

    n: int
    """words in a gram"""
    threshold: float
    """Jaccard similarity from which the less preferred document goes"""
    bands: int
    rows: int

    @property
    def num_minima(self) -> int:
        return self.bands * self.rows

    @property
    def least_estimate(self) -> float:
        """Candidates that look less similar than this, 3 sigma below the threshold, are dropped."""
        sigma = sqrt(self.threshold * (1 - self.threshold) / self.num_minima)
        return self.threshold - 3 * sigma


ProfileName = Literal["verified", "loose"]

PROFILES: dict[ProfileName, Profile] = {
    # misses a pair of similarity 0.82 once in 10^8
    "verified": Profile(n=5, threshold=0.8, bands=32, rows=4),
    # misses a pair of similarity 0.47 once in 100, one of 0.64 (8% of the words edited) never
    "loose": Profile(n=3, threshold=0.45, bands=42, rows=3),
}


@dataclass(frozen=True)
class Signatures:
    """What remains of documents once they were read: about 0.5 kB each, whatever their length."""

    documents: Numbers
    """their numbers; documents without a word are left out"""
    minima: NDArray[np.uint32]
    """one row a document"""
    digests: Hashes
    """equal for documents with the same grams the same number of times"""

    def save(self, path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, documents=self.documents, minima=self.minima, digests=self.digests)

    @classmethod
    def load(cls, path: Path) -> Self:
        with np.load(path, allow_pickle=False) as arrays:
            return cls(arrays["documents"], arrays["minima"], arrays["digests"])

    def only(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        return type(self)(self.documents[rows], self.minima[rows], self.digests[rows])

    @classmethod
    def join(cls, parts: Iterable[Self]) -> Self:
        """Those of several shards as one; documents must be numbered across shards."""
        every = list(parts)
        return cls(
            np.concatenate([part.documents for part in every]),
            np.concatenate([part.minima for part in every]),
            np.concatenate([part.digests for part in every]),
        )


class Candidates(NamedTuple):
    """Pairs of rows of `Signatures`, each once, with the share of minima that agree."""

    first: Numbers
    second: Numbers
    estimates: NDArray[np.float64]


def signatures(numbered: Iterable[tuple[int, str]], profile: Profile) -> Signatures:
    """Signatures of (number, text) pairs; a text is dropped as soon as its batch is done."""
    masks, factors = _permutations(profile.num_minima)
    parts = [_none(profile)]
    for numbers, texts in batches(numbered):
        hashes, counts = grams(texts, profile.n)
        present = np.flatnonzero(counts)
        if not len(present):
            continue
        starts = (np.cumsum(counts) - counts)[present]
        high = (hashes >> np.uint64(32)).astype(np.uint32)
        scratch = np.empty_like(high)
        minima = np.empty((profile.num_minima, len(present)), np.uint32)
        for mask, factor, row in zip(masks, factors, minima, strict=True):
            np.bitwise_xor(high, mask, out=scratch)
            np.multiply(scratch, factor, out=scratch)
            np.minimum.reduceat(scratch, starts, out=row)
        parts.append(
            Signatures(
                documents=np.array(numbers, np.int64)[present],
                minima=np.ascontiguousarray(minima.T),
                digests=np.add.reduceat(hashes, starts),
            )
        )
    return Signatures.join(parts)


def candidate_pairs(found: Signatures, profile: Profile) -> Candidates:
    """Pairs of rows that share a band and look similar enough, in ascending order.

    Memory grows with the pairs that survive; one band's pairs are never held all at once.
    """
    size = len(found.documents)
    survivors: list[Numbers] = []
    for band in range(profile.bands):
        for first, second in _pairs_of(_band_keys(found, profile, band)):
            codes = np.minimum(first, second) * size + np.maximum(first, second)
            agreeing = _agreement(found.minima, codes // size, codes % size)
            survivors.append(codes[agreeing >= profile.least_estimate])
        survivors = [np.unique(np.concatenate(survivors))] if survivors else []
    codes = survivors[0] if survivors else np.zeros(0, np.int64)
    first, second = codes // max(size, 1), codes % max(size, 1)
    return Candidates(first, second, _agreement(found.minima, first, second))


def _permutations(count: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Random permutations of 32 bits, each an exclusive or and a product with an odd number."""
    generator = np.random.Generator(np.random.PCG64(1997))
    drawn = generator.integers(0, 2**32, size=(2, count), dtype=np.uint32)
    return drawn[0], drawn[1] | np.uint32(1)


def _none(profile: Profile) -> Signatures:
    return Signatures(
        np.zeros(0, np.int64),
        np.zeros((0, profile.num_minima), np.uint32),
        np.zeros(0, np.uint64),
    )


def _band_keys(found: Signatures, profile: Profile, band: int) -> Hashes:
    """One number a document, equal where all minima of the band are."""
    keys = np.zeros(len(found.documents), np.uint64)
    for column in range(band * profile.rows, (band + 1) * profile.rows):
        keys = keys * np.uint64(0x9E3779B97F4A7C15) + found.minima[:, column]
        keys ^= keys >> np.uint64(29)
    return keys


def _pairs_of(keys: Hashes) -> Iterator[tuple[Numbers, Numbers]]:
    """All pairs of positions with the same key, in blocks of at most one pair a position."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    begins = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] ^ np.uint64(1)))
    sizes = np.diff(begins, append=len(ordered))
    ends = np.repeat(begins + sizes, sizes)
    alive = np.arange(len(ordered))
    step = 1
    while True:
        alive = alive[alive + step < ends[alive]]
        if not len(alive):
            return
        yield order[alive], order[alive + step]
        step += 1


def _agreement(minima: NDArray[np.uint32], first: Numbers, second: Numbers) -> NDArray[np.float64]:
    """The share of minima that agree, which estimates the Jaccard similarity."""
    result = np.empty(len(first))
    block = 1 << 14  # rows gathered at a time
    for start in range(0, len(first), block):
        here = slice(start, start + block)
        result[here] = (minima[first[here]] == minima[second[here]]).mean(axis=1)
    return result
