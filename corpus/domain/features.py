"""Hashed features of many texts at once, as numpy arrays.

A feature is a word, or a run of five letters inside a word with its boundaries counted as letters
(`_herz`, `therz`, `rapie`): words tell domains apart, runs find the stems that German compounds and
related languages share. Letters are case-folded and lose their accents, every digit is the same, so
that a dose in one document is like a dose in another.

    code points → table look-up → hash of each word, of each run → number of a weight

Hashes are polynomials modulo 2^64, taken for all places at once as differences of one running sum.
A feature counts once a text, however often it stands there: what a form repeats says no more.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BITS = 18
"""2^18 weights, a megabyte: more were not better on the texts of `benchmarks/domain_filter.py`"""
RUN_LETTERS = 5
MAX_CHARACTERS = 20_000
"""of a document; what it is about shows long before"""
BATCH_CHARACTERS = 1 << 18
BATCH_TEXTS = 1 << 12
"""texts taken at a time: arrays that stay near the cores, and text and feature in one uint32"""

Features = NDArray[np.uint32]
_GAP = np.uint32(1)
_MULTIPLIER = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64


class Distinct(NamedTuple):
    """The different features of several texts, one text after another, in ascending order."""

    numbers: Features
    """of weights, below 2^BITS"""
    counts: NDArray[np.int64]
    """how many each text has; 0 for a text without a letter or digit"""


def batches(texts: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    """Runs of neighbours of a size that `distinct` takes, with the number of the first."""
    start = size = 0
    for number, text in enumerate(texts):
        size += min(len(text), MAX_CHARACTERS)
        if size >= BATCH_CHARACTERS or number + 1 - start == BATCH_TEXTS:
            yield start, texts[start : number + 1]
            start, size = number + 1, 0
    if start < len(texts):
        yield start, texts[start:]


def distinct(texts: Sequence[str]) -> Distinct:
    """Of at most BATCH_TEXTS texts."""
    letters, ends = _letters(texts)
    is_gap = letters == _GAP
    size = len(letters)
    powers, inverses = _POWERS.upto(size + 1)
    running = np.zeros(size + 1, np.uint64)
    np.cumsum(letters * powers[:size], out=running[1:])
    # A word begins behind a gap and stops at the next one; every text begins and ends with a gap.
    gaps = np.flatnonzero(is_gap)
    starts, stops = gaps[:-1] + 1, gaps[1:]
    is_word = stops > starts
    starts, stops = starts[is_word], stops[is_word]
    words = _numbers((running[stops] - running[starts]) * inverses[starts])
    # A run may have a gap at its ends, not inside.
    gaps_before = np.zeros(size + 1, np.int32)
    np.cumsum(is_gap, out=gaps_before[1:])
    last = max(size - RUN_LETTERS + 1, 0)
    inside = gaps_before[RUN_LETTERS - 1 : RUN_LETTERS - 1 + last] - gaps_before[1 : 1 + last]
    begins = np.flatnonzero(inside == 0)
    runs = _numbers((running[begins + RUN_LETTERS] - running[begins]) * inverses[begins])
    owned = [
        _owned(words, np.searchsorted(starts, ends)), _owned(runs, np.searchsorted(begins, ends))
    ]  # fmt: skip
    keys = np.sort(np.concatenate(owned))
    is_first = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=is_first[1:])
    keys = keys[is_first]
    bounds = np.arange(1, len(texts) + 1, dtype=np.uint64) << np.uint64(BITS)
    counts = np.diff(np.searchsorted(keys, bounds), prepend=0)
    return Distinct(keys & np.uint32((1 << BITS) - 1), counts)


def _owned(numbers: Features, until: NDArray[np.int64]) -> Features:
    """Features with the number of their text above them."""
    owners = np.repeat(np.arange(len(until), dtype=np.uint32), np.diff(until, prepend=0))
    return numbers | (owners << np.uint32(BITS))


def _letters(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """One number a letter, gaps around every text, and where each text stops."""
    cut = [unicodedata.normalize("NFC", text[:MAX_CHARACTERS]) for text in texts]
    joined = "\n".join(["", *cut, ""])
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    return _TABLE.letters(points), np.cumsum([len(text) + 1 for text in cut])


def _numbers(hashes: NDArray[np.uint64]) -> Features:
    """The upper bits after a mix: those of a polynomial are not yet spread."""
    hashes ^= hashes >> np.uint64(32)
    hashes *= np.uint64(0xD6E8FEB86659FD93)
    return (hashes >> np.uint64(64 - BITS)).astype(np.uint32)


class _Table:
    """What each code point is, worked out once per code point that occurs."""

    def __init__(self) -> None:
        self._letters = np.zeros(0x110000, np.uint64)

    def letters(self, points: NDArray[np.uint32]) -> NDArray[np.uint64]:
        letters = self._letters[points]
        if not letters.all():
            for point in np.unique(points[letters == 0]).tolist():
                self._letters[point] = _letter(chr(point))
            letters = self._letters[points]
        return letters


def _letter(character: str) -> int:
    if character.isdigit():
        return _scattered(ord("0"))
    if not character.isalnum():
        return int(_GAP)
    base = unicodedata.normalize("NFD", character.casefold())[0]
    return _scattered(ord(base))


def _scattered(point: int) -> int:
    return (point * 0xD6E8FEB86659FD93 + 0x2545F4914F6CDD1D) % 2**64 | 2


class _Powers:
    """Powers of `_MULTIPLIER` modulo 2^64 and of its inverse, as many as were ever needed."""

    def __init__(self) -> None:
        self._powers = self._inverses = np.ones(0, np.uint64)

    def upto(self, size: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        if len(self._powers) < size:
            room = 1 << size.bit_length()
            self._powers = _geometric(_MULTIPLIER, room)
            self._inverses = _geometric(pow(_MULTIPLIER, -1, 2**64), room)
        return self._powers, self._inverses


def _geometric(ratio: int, size: int) -> NDArray[np.uint64]:
    result = np.full(size, ratio, np.uint64)
    result[0] = 1
    return np.cumprod(result)


_TABLE = _Table()
_POWERS = _Powers()
