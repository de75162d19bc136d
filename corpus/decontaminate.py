"""Finding test questions in a corpus: word 13-grams shared with a `tasks` artefact.

13 words is the length used for GPT-3 (Brown et al. 2020, appendix C). N-grams that occur in three
or more items are templates ("which of the following …") and ignored. Items shorter than 13 words
match as a whole, from five words on; below that a match would mean nothing.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from corpus.fingerprint import words

N = 13
MIN_WORDS = 5
TEMPLATE_ITEMS = 3


class Questions:
    """An index of the n-grams of all items; memory grows with the tasks, not with the corpus."""

    def __init__(self, items: Iterable[tuple[str, str]]) -> None:
        """`items`: (item id, text) pairs."""
        found: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for item, text in items:
            item_words = words(text)
            n = min(N, len(item_words))
            if n >= MIN_WORDS:
                for gram in _grams(item_words, n):
                    found[n][gram].add(item)
        self._by_length: dict[int, dict[str, str]] = {
            n: {gram: min(ids) for gram, ids in grams.items() if len(ids) < TEMPLATE_ITEMS}
            for n, grams in sorted(found.items())
        }

    def found_in(self, text: str) -> str | None:
        """The id of a question that `text` contains, or None."""
        text_words = words(text)
        for n, grams in self._by_length.items():
            for gram in _grams(text_words, n):
                if gram in grams:
                    return grams[gram]
        return None


def read_items(tasks: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    """Item ids and texts of `tasks` artefacts (name -> `items.jsonl`): a question with its answer.

    Wrong options are left out: they may be other items' answers, and would then look like
    templates.
    """
    for name, path in tasks.items():
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                item: dict[str, Any] = json.loads(line)
                question = (
                    item.get("text") or f"{item['context']} {item['options'][item['answer']]}"
                )
                yield f"{name}/{item['id']}", question


def _grams(sequence: list[str], n: int) -> Iterator[str]:
    for start in range(len(sequence) - n + 1):
        yield " ".join(sequence[start : start + n])
