"""MinHash signatures and the pairs they suggest.

The smallest value that a random hash function gives to a set's members is the same for two sets
with a probability equal to their Jaccard similarity (Broder 1997, "On the resemblance and
containment of documents"). Of `bands * rows` such minima, two documents are compared where all
`rows` of one band agree (Leskovec, Rajaraman & Ullman, "Mining of Massive Datasets", section 3.4):
a pair of similarity J is in no common band with probability (1 - J^rows)^bands. A pair whose minima
agree too seldom to be above the threshold (`least_estimate`) is dropped as well. What is left are
candidates; `near` verifies them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import IO, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from corpus.dedup.grams import Hashes, Numbers, Words, batches, grams_of, hash_words

BLOCK_ROWS = 1 << 14
"""Rows gathered at a time."""

RANGE_ROWS = 1 << 23
"""Keys of a band that are sorted at a time: about 0.5 GB with what sorting needs."""


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
    # misses a pair of similarity 0.82 twice in 10,000, by its estimate; its bands once in 10^8
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

    def save(self, file: IO[bytes]) -> None:
        np.savez(file, documents=self.documents, minima=self.minima, digests=self.digests)

    @classmethod
    def load(cls, path: Path) -> Self:
        with np.load(path, allow_pickle=False) as arrays:
            return cls(arrays["documents"], arrays["minima"], arrays["digests"])

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
    parts = [
        batch_signatures(numbers, hash_words(texts), profile)
        for numbers, texts in batches(numbered)
    ]
    return Signatures.join([no_signatures(profile), *parts])


def batch_signatures(numbers: Sequence[int], found: Words, profile: Profile) -> Signatures:
    """Of one batch of documents whose words are hashed already."""
    masks, factors = _permutations(profile.num_minima)
    hashes, counts = grams_of(found, profile.n)
    present = np.flatnonzero(counts)
    if not len(present):
        return no_signatures(profile)
    starts = (np.cumsum(counts) - counts)[present]
    high = (hashes >> np.uint64(32)).astype(np.uint32)
    scratch = np.empty_like(high)
    minima = np.empty((profile.num_minima, len(present)), np.uint32)
    for mask, factor, row in zip(masks, factors, minima, strict=True):
        np.bitwise_xor(high, mask, out=scratch)
        np.multiply(scratch, factor, out=scratch)
        np.minimum.reduceat(scratch, starts, out=row)
    return Signatures(
        documents=np.array(numbers, np.int64)[present],
        minima=np.ascontiguousarray(minima.T),
        digests=np.add.reduceat(hashes, starts),
    )


def candidate_pairs(minima: NDArray[np.uint32], distinct: Numbers, profile: Profile) -> Candidates:
    """Pairs of `distinct` rows that share a band and look similar enough, in ascending order.

    `minima` may be a memory map: a band is worked through in ranges of its keys of at most
    `RANGE_ROWS` documents or so, and of the pairs only those that survive are held.
    """
    size = len(minima)
    ranges = 1 + size // RANGE_ROWS
    known = np.zeros(0, np.int64)
    for band in range(profile.bands):
        keys = _band_keys(minima, profile, band)
        belongs = (keys[distinct] % np.uint64(ranges)).astype(np.uint16)
        fresh = [np.zeros(0, np.int64)]
        for number in range(ranges):
            rows = distinct[belongs == number]
            for one, other in _pairs_of(keys[rows]):
                first, second = rows[one], rows[other]
                codes = np.minimum(first, second) * size + np.maximum(first, second)
                codes = codes[~_among(codes, known)]
                agreeing = _agreement(minima, codes // size, codes % size)
                fresh.append(codes[agreeing >= profile.least_estimate])
        known = np.union1d(known, np.concatenate(fresh))
    first, second = known // max(size, 1), known % max(size, 1)
    return Candidates(first, second, _agreement(minima, first, second))


def _among(codes: Numbers, known: Numbers) -> NDArray[np.bool_]:
    """Which `codes` are in `known`, which is sorted."""
    if not len(known):
        return np.zeros(len(codes), bool)
    places = np.minimum(np.searchsorted(known, codes), len(known) - 1)
    found: NDArray[np.bool_] = known[places] == codes
    return found


def _permutations(count: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Random permutations of 32 bits, each an exclusive or and a product with an odd number."""
    generator = np.random.Generator(np.random.PCG64(1997))
    drawn = generator.integers(0, 2**32, size=(2, count), dtype=np.uint32)
    return drawn[0], drawn[1] | np.uint32(1)


def no_signatures(profile: Profile) -> Signatures:
    """Of no documents: what every join can start with."""
    return Signatures(
        np.zeros(0, np.int64),
        np.zeros((0, profile.num_minima), np.uint32),
        np.zeros(0, np.uint64),
    )


def _band_keys(minima: NDArray[np.uint32], profile: Profile, band: int) -> Hashes:
    """One number a document, equal where all minima of the band are."""
    keys = np.zeros(len(minima), np.uint64)
    columns = slice(band * profile.rows, (band + 1) * profile.rows)
    for start in range(0, len(minima), BLOCK_ROWS):
        here = slice(start, start + BLOCK_ROWS)
        for column in np.asarray(minima[here, columns]).T:
            mixed = keys[here] * np.uint64(0x9E3779B97F4A7C15) + column
            keys[here] = mixed ^ (mixed >> np.uint64(29))
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
    for start in range(0, len(first), BLOCK_ROWS):
        here = slice(start, start + BLOCK_ROWS)
        result[here] = (minima[first[here]] == minima[second[here]]).mean(axis=1)
    return result
