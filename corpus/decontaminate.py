"""Finding test questions in a corpus: words shared with the items of `tasks` artefacts.

    long items    a window of 13 words, the length used for GPT-3 (Brown et al. 2020, appendix C);
                  windows that stand in three or more items are templates and ignored
    short items   the whole question and one of its options within 50 words of it;
                  without options, the whole question from five words on

How much of an item stands in a document is its containment: the share of its windows that are
found; 1 for a short item. Windows are compared by 64-bit hashes: two different ones agree once in
2^64.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from corpus.dedup.grams import Hashes, Numbers, Words, hash_words, wholes, windows

N = 13
MIN_WORDS = 5
"""of a short item, options included: fewer would be found everywhere"""
MIN_QUESTION_WORDS = 3
TEMPLATE_ITEMS = 3
NEAR_WORDS = 50
"""how far from a short question its option may stand"""
_SEEN_BITS = 22


class Item(NamedTuple):
    """A test question."""

    id: str
    """task/item"""
    text: str
    """with its right answer: wrong options may be other items' answers"""
    question: str = ""
    options: tuple[str, ...] = ()


class Hits(NamedTuple):
    """Which items stand in which documents; equal lengths."""

    documents: Numbers
    items: Numbers
    """positions in `Questions.ids`"""
    containment: NDArray[np.float64]

    @classmethod
    def join(cls, parts: Iterable[Self]) -> Self:
        columns = zip(cls(*(np.zeros(0, kind) for kind in (int, int, float))), *parts, strict=True)
        return cls(*(np.concatenate(column) for column in columns))


class _Short(NamedTuple):
    item: int
    length: int
    options: frozenset[tuple[int, int]]
    """(number of words, hash)"""


class Questions:
    """An index of the windows of all items; memory grows with the tasks, not with the corpus."""

    def __init__(self, items: Iterable[Item]) -> None:
        every = list(items)
        self.ids = [item.id for item in every]
        self._short: dict[int, dict[int, list[_Short]]] = defaultdict(dict)
        owners: dict[int, set[int]] = defaultdict(set)
        for gram, number in _windows([item.text for item in every]):
            owners[gram].add(number)
        self._add_short(every)
        self._owners = {gram: who for gram, who in owners.items() if len(who) < TEMPLATE_ITEMS}
        self._num_grams = np.zeros(len(every), np.int64)
        for who in self._owners.values():
            self._num_grams[list(who)] += 1
        self._drop_short_templates()
        self._seen = {N: _sieve(self._owners)} if self._owners else {}
        self._seen |= {n: _sieve(entries) for n, entries in self._short.items()}

    def worst_by_document(self, hits: Hits) -> dict[int, str]:
        """Of each document in `hits` the id of the item that most of is in it."""
        order = np.lexsort((hits.items, -hits.containment, hits.documents))
        _, begins = np.unique(hits.documents[order], return_index=True)
        first = order[begins]
        return {
            document: self.ids[item]
            for document, item in zip(
                hits.documents[first].tolist(), hits.items[first].tolist(), strict=True
            )
        }

    def hits(self, numbers: Sequence[int], found: Words) -> Hits:
        """Items in a batch of documents, `numbers`, whose words are hashed already."""
        ends = np.cumsum(found.counts)
        matched: dict[tuple[int, int], set[int]] = defaultdict(set)
        whole: set[tuple[int, int]] = set()
        for n, hashes in windows(found, self._seen.keys()):
            starts = np.flatnonzero(self._seen[n][hashes >> np.uint64(64 - _SEEN_BITS)])
            documents = np.searchsorted(ends, starts, "right")
            inside = starts + n <= ends[documents]
            for start, document in zip(
                starts[inside].tolist(), documents[inside].tolist(), strict=True
            ):
                gram = int(hashes[start])
                if n == N:
                    for item in self._owners.get(gram, ()):
                        matched[document, item].add(gram)
                for short in self._short[n].get(gram, ()) if n in self._short else ():
                    first = int(ends[document] - found.counts[document])
                    around = found.hashes[
                        max(first, start - NEAR_WORDS) : min(
                            int(ends[document]), start + n + NEAR_WORDS
                        )
                    ]
                    if not short.options or _holds(around, short.options):
                        whole.add((document, short.item))
        shares = {
            key: len(grams) / float(self._num_grams[key[1]]) for key, grams in matched.items()
        } | dict.fromkeys(whole, 1.0)
        keys = sorted(shares)
        return Hits(
            np.array([numbers[document] for document, _ in keys], np.int64),
            np.array([item for _, item in keys], np.int64),
            np.array([shares[key] for key in keys], np.float64),
        )

    def _add_short(self, every: Sequence[Item]) -> None:
        questions = [item.question if item.options else item.text for item in every]
        options = [option for item in every for option in item.options]
        found = iter(_whole([*questions, *options]))
        asked = list(islice(found, len(every)))
        for number, (item, (length, gram)) in enumerate(zip(every, asked, strict=True)):
            mine = list(islice(found, len(item.options)))
            if not (MIN_QUESTION_WORDS if item.options else MIN_WORDS) <= length < N:
                continue
            near = frozenset(one for one in mine if one[0] and one[0] >= MIN_WORDS - length)
            if near or not item.options:
                self._short[length].setdefault(gram, []).append(_Short(number, length, near))

    def _drop_short_templates(self) -> None:
        """A question, or a question with an option, that stands in three or more items."""
        for entries in self._short.values():
            for gram, shorts in list(entries.items()):
                counts: dict[tuple[int, int] | None, int] = defaultdict(int)
                for short in shorts:
                    for option in short.options or (None,):
                        counts[option] += 1
                kept = []
                for short in shorts:
                    own = {o for o in short.options if counts[o] < TEMPLATE_ITEMS}
                    if own or (not short.options and counts[None] < TEMPLATE_ITEMS):
                        kept.append(short._replace(options=frozenset(own)))
                entries[gram] = kept


def read_items(tasks: Mapping[str, Path]) -> Iterator[Item]:
    """The items of `tasks` artefacts (name -> `items.jsonl`)."""
    for name, path in tasks.items():
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                item: dict[str, Any] = json.loads(line)
                id = f"{name}/{item['id']}"
                if item.get("text"):
                    yield Item(id, item["text"])
                else:
                    options, question = tuple(item["options"]), item["context"]
                    yield Item(id, f"{question} {options[item['answer']]}", question, options)


@lru_cache(2)
def indexed(tasks: tuple[tuple[str, Path], ...]) -> Questions:
    """The index of some tasks, made once in each process."""
    return Questions(read_items(dict(tasks)))


def _windows(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The hash of each window of N words, with the number of its text."""
    found = hash_words(texts)
    ends = np.cumsum(found.counts)
    for n, hashes in windows(found, {N}):
        owners = np.searchsorted(ends, np.arange(len(hashes)), "right")
        inside = np.arange(len(hashes)) + n <= ends[owners]
        yield from zip(hashes[inside].tolist(), owners[inside].tolist(), strict=True)


def _whole(texts: Sequence[str]) -> list[tuple[int, int]]:
    """The number of words of each text, and their hash."""
    found = hash_words(texts)
    return list(zip(found.counts.tolist(), wholes(found).tolist(), strict=True))


def _sieve(grams: Iterable[int]) -> NDArray[np.bool_]:
    """Which first bits occur among `grams`: nearly all words are passed over by one look."""
    seen = np.zeros(1 << _SEEN_BITS, bool)
    hashes: Hashes = np.array(list(grams), np.uint64)
    seen[hashes >> np.uint64(64 - _SEEN_BITS)] = True
    return seen


def _holds(around: Hashes, options: frozenset[tuple[int, int]]) -> bool:
    part = Words(around, np.array([len(around)]))
    wanted = {size for size, _ in options}
    return any(
        (size, value) in options
        for size, found in windows(part, wanted)
        for value in found.tolist()
    )
