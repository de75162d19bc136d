"""Scores that say how a linear classifier does on sources that it never saw.

A random split of known sources flatters: two leaflets share half their sentences. So each source is
scored by a classifier that learned without it, and thresholds are chosen on those scores.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from corpus.domain.linear import Example, fit

Floats = NDArray[np.float64]


def scores_unseen(examples: Sequence[Example], seed: int = 0) -> Floats:
    """Log-odds of each document by a classifier without its source.

    nan where leaving the source out leaves its language with one class.
    """
    found = np.full(len(examples), np.nan)
    for source in sorted({example.source for example in examples}):
        mine = [number for number, e in enumerate(examples) if e.source == source]
        rest = [example for example in examples if example.source != source]
        languages = {examples[number].language for number in mine}
        both = {language for language in languages if _has_both(rest, language)}
        left = [e for e in rest if e.language in both or _has_both(rest, e.language)]
        scored = [number for number in mine if examples[number].language in both]
        if scored:
            model = fit(left, seed)
            found[scored] = model.logits([examples[number].text for number in scored])
    return found


def even_weights(examples: Sequence[Example]) -> Floats:
    """Both classes weigh the same, and within a class each source does."""
    sizes: dict[tuple[bool, str], int] = {}
    for example in examples:
        key = (example.label, example.source)
        sizes[key] = sizes.get(key, 0) + 1
    sources = {label: sum(key[0] == label for key in sizes) for label in (True, False)}
    weights = np.array([1 / sizes[e.label, e.source] / sources[e.label] for e in examples])
    return weights * len(examples) / weights.sum()


def _has_both(examples: Sequence[Example], language: str) -> bool:
    return len({e.label for e in examples if e.language == language}) == 2
