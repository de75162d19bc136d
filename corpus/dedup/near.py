"""Which near duplicates go, and for which document that stays.

    >>> texts = ["La dose est de 5 mg par jour.", "LA DOSE est de 5 mg par jour", "Autre chose."]
    >>> near_duplicates(texts.__getitem__, order=[1, 0, 2])
    {0: Removal(kept=1, jaccard=1.0)}

Documents are taken in the caller's order of preference. One stays unless it is similar to one that
stays already: a removal names a *kept* document and their true similarity, never a chain of
resemblances (A like B like C removes B, and keeps A and C). Similarity is the Jaccard index of the
sets of word n-grams, computed in full for every pair that counts; MinHash only says where to look.
Documents without words have no near duplicates.

For a corpus over several workers: `signatures` a shard, `Signatures.join`, `choose`.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus.dedup.grams import BATCH_CHARACTERS, Hashes, Numbers, grams
from corpus.dedup.minhash import (
    PROFILES,
    Profile,
    ProfileName,
    Signatures,
    candidate_pairs,
    signatures,
)

GRAM_SETS_BYTES = 256 << 20
"""Gram sets kept in memory while pairs are verified; beyond it, texts are read again."""


class Removal(NamedTuple):
    kept: int
    """the document that stays in its place"""
    jaccard: float


def near_duplicates(
    read_text: Callable[[int], str],
    order: Sequence[int],
    profile: ProfileName = "verified",
) -> dict[int, Removal]:
    """What goes among the documents of `order`, most preferred first.

    Texts are read once by ascending number, then once more for those that have a candidate.
    """
    settings = PROFILES[profile]
    ranks = {number: rank for rank, number in enumerate(order)}
    if len(ranks) != len(order):
        raise ValueError("a document is named twice in the order of preference")
    found = signatures(((number, read_text(number)) for number in sorted(order)), settings)
    return choose(found, read_text, settings, lambda some: sorted(some, key=ranks.__getitem__))


def choose(
    found: Signatures,
    read_text: Callable[[int], str],
    profile: Profile,
    prefer: Callable[[list[int]], list[int]],
) -> dict[int, Removal]:
    """Greedily, for signatures already made, whose `minima` may lie on disk.

    `prefer` sorts document numbers, most preferred first. It is asked once, about the documents
    that resemble another one: what is known about the others need never be looked at.
    """
    if not len(found.documents):
        return {}
    alike = _Alike(found.digests)
    distinct = np.flatnonzero(alike.first == np.arange(len(alike.first)))
    pairs = candidate_pairs(found.minima, distinct, profile)
    firsts, seconds = pairs.first, pairs.second
    involved = np.unique(np.concatenate([firsts, seconds, alike.copied()]))
    rank = np.zeros(len(found.documents), np.int64)
    numbers = found.documents[involved]
    place = dict(zip(numbers.tolist(), involved.tolist(), strict=True))
    for position, number in enumerate(prefer(numbers.tolist())):
        rank[place[number]] = position
    original = alike.originals(rank)
    left, right = original[firsts], original[seconds]
    swap = rank[left] > rank[right]
    left, right = np.where(swap, right, left), np.where(swap, left, right)
    removed = _choose_distinct(found, left, right, pairs.estimates, rank, read_text, profile)
    for row in np.flatnonzero(original != np.arange(len(original))).tolist():
        kept = int(found.documents[original[row]])
        removed[int(found.documents[row])] = removed.get(kept, Removal(kept, 1.0))
    return dict(sorted(removed.items()))


def jaccard(first: Hashes, second: Hashes) -> float:
    """Of two sets, given as sorted arrays without repetitions."""
    both = np.concatenate([first, second])
    both.sort()
    shared = int(np.count_nonzero(both[1:] == both[:-1]))
    return shared / (len(both) - shared)


class _Alike:
    """Rows with the same grams."""

    def __init__(self, digests: Hashes) -> None:
        order = np.argsort(digests, kind="stable")
        begins = np.flatnonzero(np.diff(digests[order], prepend=digests[order[:1]] ^ _ONE))
        sizes = np.diff(begins, append=len(order))
        self.first = np.empty(len(digests), np.int64)
        """for each row the first row with the same grams"""
        self.first[order] = np.repeat(order[begins], sizes)
        self._members = order[np.repeat(sizes > 1, sizes)]

    def copied(self) -> Numbers:
        """Rows that are not alone."""
        return self._members

    def originals(self, rank: Numbers) -> Numbers:
        """For each row the most preferred row with the same grams."""
        members = self._members
        best = members[np.lexsort((rank[members], self.first[members]))]
        _, begins, sizes = np.unique(self.first[best], return_index=True, return_counts=True)
        original = np.arange(len(self.first))
        original[best] = np.repeat(best[begins], sizes)
        return original


_ONE = np.uint64(1)


def _choose_distinct(
    found: Signatures,
    left: Numbers,
    right: Numbers,
    estimates: NDArray[np.float64],
    rank: Numbers,
    read_text: Callable[[int], str],
    profile: Profile,
) -> dict[int, Removal]:
    """Pairs of rows, the preferred one left, so that the right one is the one that may go.

    The candidate that looks most similar is verified first: most documents need one comparison.
    """
    wanted = np.union1d(left, right)
    wanted = wanted[np.argsort(rank[wanted])]
    sets = _GramSets(read_text, found.documents[wanted].tolist(), profile.n)
    removed: dict[int, Removal] = {}
    for pair in np.lexsort((rank[left], -estimates, rank[right])).tolist():
        kept = int(found.documents[left[pair]])
        document = int(found.documents[right[pair]])
        if kept in removed or document in removed:
            continue
        similarity = jaccard(sets[kept], sets[document])
        if similarity >= profile.threshold:
            removed[document] = Removal(kept, similarity)
    return removed


class _GramSets:
    """Sets of grams by document number, read ahead in the order in which they will be asked for."""

    def __init__(self, read_text: Callable[[int], str], wanted: Sequence[int], n: int) -> None:
        self._read_text = read_text
        self._wanted = wanted
        self._n = n
        self._position = {number: position for position, number in enumerate(wanted)}
        self._next = 0
        self._sets: OrderedDict[int, Hashes] = OrderedDict()
        self._bytes = 0

    def __getitem__(self, number: int) -> Hashes:
        if number in self._sets:
            self._sets.move_to_end(number)
        else:
            self._load(number)
        return self._sets[number]

    def _load(self, number: int) -> None:
        numbers, texts = [number], [self._read_text(number)]
        position = self._position[number]
        if position >= self._next:
            size = len(texts[0])
            for ahead in self._wanted[position + 1 :]:
                if size >= BATCH_CHARACTERS:
                    break
                numbers.append(ahead)
                texts.append(self._read_text(ahead))
                size += len(texts[-1])
            self._next = position + len(numbers)
        hashes, counts = grams(texts, self._n)
        for loaded, part in zip(numbers, np.split(hashes, np.cumsum(counts)[:-1]), strict=True):
            self._sets[loaded] = np.unique(part)
            self._bytes += self._sets[loaded].nbytes
        self._sets.move_to_end(number)
        while self._bytes > GRAM_SETS_BYTES and len(self._sets) > 1:
            self._bytes -= self._sets.popitem(last=False)[1].nbytes
