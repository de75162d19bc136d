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

from corpus.dedup.grams import BATCH_CHARACTERS, Hashes, Numbers, grams
from corpus.dedup.minhash import (
    PROFILES,
    Candidates,
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
    found = signatures(((number, read_text(number)) for number in sorted(order)), settings)
    return choose(order, found, read_text, settings)


def choose(
    order: Sequence[int],
    found: Signatures,
    read_text: Callable[[int], str],
    profile: Profile,
) -> dict[int, Removal]:
    """Greedily, in the order given, for signatures already made; others take no part."""
    ranks = {number: rank for rank, number in enumerate(order)}
    if len(ranks) != len(order):
        raise ValueError("a document is named twice in the order of preference")
    found = found.only(np.array([number in ranks for number in found.documents.tolist()], bool))
    rank = np.array([ranks[number] for number in found.documents.tolist()], np.int64)
    original = _originals(found.digests, rank)
    distinct = np.flatnonzero(original == np.arange(len(original)))
    distinct = distinct[np.argsort(rank[distinct])]
    subset = found.only(distinct)
    removed = _choose_distinct(subset, candidate_pairs(subset, profile), read_text, profile)
    for row, copied in enumerate(original.tolist()):
        if copied != row:
            kept = int(found.documents[copied])
            removed[int(found.documents[row])] = removed.get(kept, Removal(kept, 1.0))
    return dict(sorted(removed.items()))


def jaccard(first: Hashes, second: Hashes) -> float:
    """Of two sets, given as sorted arrays without repetitions."""
    both = np.concatenate([first, second])
    both.sort()
    shared = int(np.count_nonzero(both[1:] == both[:-1]))
    return shared / (len(both) - shared)


def _originals(digests: Hashes, rank: Numbers) -> Numbers:
    """For each row the most preferred row with the same grams: itself, if there is none better."""
    by_rank = np.lexsort((rank, digests))
    _, begins, sizes = np.unique(digests[by_rank], return_index=True, return_counts=True)
    original = np.empty(len(digests), np.int64)
    original[by_rank] = np.repeat(by_rank[begins], sizes)
    return original


def _choose_distinct(
    found: Signatures,
    pairs: Candidates,
    read_text: Callable[[int], str],
    profile: Profile,
) -> dict[int, Removal]:
    """Rows of `found` are in order of preference, so the second of a pair is the one that may go.

    The candidate that looks most similar is verified first: most documents need one comparison.
    """
    wanted = np.union1d(pairs.first, pairs.second)
    sets = _GramSets(read_text, found.documents[wanted].tolist(), profile.n)
    removed: dict[int, Removal] = {}
    for row in np.lexsort((pairs.first, -pairs.estimates, pairs.second)).tolist():
        kept = int(found.documents[pairs.first[row]])
        document = int(found.documents[pairs.second[row]])
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
