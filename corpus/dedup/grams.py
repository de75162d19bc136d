"""Hashed word n-grams of many texts at once, as numpy arrays.

Words are those of `corpus.fingerprint.words`: case-folded runs of letters, digits and underscores
of the NFC form. Cutting and hashing them one by one costs more than everything that follows, so a
batch of texts becomes one array of code points:

    code points → table look-up → word boundaries → hash of each word → hash of each n-gram

A word's hash is a polynomial in its letters modulo 2^64, taken for all words at once as differences
of one running sum; it does not depend on where the word stands, so batches may be cut anywhere.
Two different n-grams share a hash once in 2^64: "exact" below means exact up to that.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus.fingerprint import words

Hashes = NDArray[np.uint64]
Numbers = NDArray[np.int64]

BATCH_CHARACTERS = 1 << 20
"""Texts are taken about this many characters at a time: arrays of a few MB stay near the cores."""

_MULTIPLIER = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
_GRAM_MULTIPLIER = 0xD6E8FEB86659FD93
_NOT_A_WORD = re.compile(r"\W")
_HANGUL_JAMO = range(0x1100, 0x1200)

_UNKNOWN, _GAP, _WORD, _COMPOSES = 0, 1, 2, 3


class Words(NamedTuple):
    """The words of several texts, one text after another."""

    hashes: Hashes
    counts: Numbers
    """how many words each text has"""


class Grams(NamedTuple):
    """The n-grams of several texts, one text after another."""

    hashes: Hashes
    counts: Numbers
    """how many of them each text has; 0 for a text without words"""


def grams(texts: Sequence[str], n: int) -> Grams:
    """Hashes of all word n-grams; a text of fewer than n words is one gram, the whole of it."""
    return grams_of(hash_words(texts), n)


def grams_of(found: Words, n: int) -> Grams:
    """The same where the words are hashed already."""
    hashed, num_words = found
    starts = np.cumsum(num_words) - num_words
    counts = np.where(num_words >= n, num_words - n + 1, np.minimum(num_words, 1))
    # Where each gram begins: the words of its text, less the last n - 1.
    offsets = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    begins = np.repeat(starts, counts) + offsets
    lengths = np.repeat(np.minimum(num_words, n), counts)
    padded = np.concatenate([hashed, np.zeros(n, np.uint64)])
    result = np.zeros(len(begins), np.uint64)
    short = bool((lengths < n).any())
    for k in range(n):
        word = padded[begins + k]
        if short:
            word *= lengths > k
        result = result * np.uint64(_GRAM_MULTIPLIER) + word
    return Grams(_scatter(result), counts)


def batches(numbered: Iterable[tuple[int, str]]) -> Iterator[tuple[list[int], list[str]]]:
    """Numbered texts in groups of about `BATCH_CHARACTERS`, in the order given."""
    numbers: list[int] = []
    texts: list[str] = []
    size = 0
    for number, text in numbered:
        numbers.append(number)
        texts.append(text)
        size += len(text)
        if size >= BATCH_CHARACTERS:
            yield numbers, texts
            numbers, texts, size = [], [], 0
    if numbers:
        yield numbers, texts


def hash_words(texts: Sequence[str]) -> Words:
    """One hash a word, and the number of words of each text."""
    pieces: list[str] = []
    owners: list[int] = []
    for owner, text in enumerate(texts):
        for piece in _cut(text):
            pieces.append(piece)
            owners.append(owner)
    found: list[Hashes] = []
    counts = np.zeros(len(texts), np.int64)
    for numbers, some in batches(enumerate(pieces)):
        hashed, num_words = _hash_batch(some)
        found.append(hashed)
        np.add.at(counts, [owners[number] for number in numbers], num_words)
    return Words(np.concatenate(found) if found else np.zeros(0, np.uint64), counts)


def windows(found: Words, lengths: Collection[int]) -> Iterator[tuple[int, Hashes]]:
    """(n, hash of the n words from each word on) for each of `lengths`, ascending.

    Windows run over the ends of texts: the caller looks where a window lies once it matters.
    """
    value = np.zeros(len(found.hashes), np.uint64)
    for n in range(1, min(max(lengths, default=0), len(value)) + 1):
        value = value[: len(found.hashes) - n + 1] * np.uint64(_GRAM_MULTIPLIER)
        value += found.hashes[n - 1 :]
        if n in lengths:
            yield n, _scatter(value.copy())


def wholes(found: Words) -> Hashes:
    """The hash of all words of each text, as `windows` gives it for that many; 0 without words."""
    ends = np.cumsum(found.counts)
    owners = np.repeat(np.arange(len(ends)), found.counts)
    after = ends[owners] - 1 - np.arange(len(found.hashes))
    powers = _geometric(_GRAM_MULTIPLIER, int(found.counts.max(initial=0)) + 1)
    running = np.zeros(len(found.hashes) + 1, np.uint64)
    np.cumsum(found.hashes * powers[after], out=running[1:])
    return _scatter(running[ends] - running[ends - found.counts])


def _cut(text: str) -> Iterator[str]:
    """A long text in pieces between words, so that a book needs no more memory than a page."""
    start = 0
    while len(text) - start > 2 * BATCH_CHARACTERS:
        gap = _NOT_A_WORD.search(text, start + BATCH_CHARACTERS)
        # A combining mark is no word character but belongs to the letter before it.
        while gap and unicodedata.category(gap.group())[0] == "M":
            gap = _NOT_A_WORD.search(text, gap.end())
        if gap is None:
            break
        yield text[start : gap.start()]
        start = gap.end()
    yield text[start:]


def _hash_batch(texts: list[str]) -> tuple[Hashes, Numbers]:
    points, ends = _code_points(texts)
    classes = _TABLE.classes(points)
    if (classes == _COMPOSES).any():
        holders = np.unique(np.searchsorted(ends, np.flatnonzero(classes == _COMPOSES), "right"))
        texts = list(texts)
        for holder in holders.tolist():
            texts[holder] = " ".join(words(texts[holder]))
        points, ends = _code_points(texts)
        classes = _TABLE.classes(points)
    is_word = np.zeros(len(points) + 1, np.int8)
    np.greater_equal(classes, _WORD, out=is_word[:-1], casting="unsafe")
    edges = np.flatnonzero(np.diff(is_word, prepend=np.int8(0)))
    starts, stops = edges[0::2], edges[1::2]
    powers, inverses = _POWERS.upto(len(points) + 1)
    running = np.zeros(len(points) + 1, np.uint64)
    np.cumsum(_TABLE.letters[points] * powers[: len(points)], out=running[1:])
    hashed = (running[stops] - running[starts]) * inverses[starts]
    counts = np.diff(np.searchsorted(starts, ends), prepend=0)
    return _scatter(hashed), counts


def _code_points(texts: list[str]) -> tuple[NDArray[np.uint32], Numbers]:
    """All texts with a line end after each, and where each one stops."""
    joined = "\n".join([*texts, ""])
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    return points, np.cumsum([len(text) + 1 for text in texts])


def _scatter(values: Hashes) -> Hashes:
    """Each bit moves all bits of the result, one to one (the finaliser of MurmurHash3)."""
    values ^= values >> np.uint64(33)
    values *= np.uint64(0xFF51AFD7ED558CCD)
    values ^= values >> np.uint64(33)
    values *= np.uint64(0xC4CEB9FE1A85EC53)
    values ^= values >> np.uint64(33)
    return values


class _Table:
    """What each code point is, looked up once per code point that occurs.

    `_COMPOSES` marks those whose folding is not a matter of one code point: combining marks,
    decomposed forms, `ß`. Texts with one of them are folded by Python, as in `fingerprint`.
    """

    def __init__(self) -> None:
        self._classes = np.zeros(0x110000, np.uint8)
        self.letters = np.zeros(0x110000, np.uint64)
        """a random number for each case-folded word character, 0 for the others"""

    def classes(self, points: NDArray[np.uint32]) -> NDArray[np.uint8]:
        classes = self._classes[points]
        if (classes == _UNKNOWN).any():
            for point in np.unique(points[classes == _UNKNOWN]).tolist():
                self._learn(point)
            classes = self._classes[points]
        return classes

    def _learn(self, point: int) -> None:
        character = chr(point)
        folded = character.casefold()
        if character.isalnum() or character == "_":
            self._classes[point] = _WORD
            self.letters[point : point + 1] = _scatter(np.array([ord(folded[0])], np.uint64))
        else:
            self._classes[point] = _GAP
        if (
            len(folded) > 1
            or unicodedata.category(character)[0] == "M"
            or point in _HANGUL_JAMO
            or not unicodedata.is_normalized("NFC", character)
        ):
            self._classes[point] = _COMPOSES


class _Powers:
    """Powers of `_MULTIPLIER` modulo 2^64 and of its inverse, as many as were ever needed."""

    def __init__(self) -> None:
        self._powers = self._inverses = np.ones(0, np.uint64)

    def upto(self, size: int) -> tuple[Hashes, Hashes]:
        if len(self._powers) < size:
            room = 1 << size.bit_length()
            self._powers = _geometric(_MULTIPLIER, room)
            self._inverses = _geometric(pow(_MULTIPLIER, -1, 2**64), room)
        return self._powers, self._inverses


def _geometric(ratio: int, size: int) -> Hashes:
    result = np.full(size, ratio, np.uint64)
    result[0] = 1
    return np.cumprod(result)


_TABLE = _Table()
_POWERS = _Powers()
