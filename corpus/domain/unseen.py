"""Scores that say how a linear classifier does on sources that it never saw.

A random split of known sources flatters: two leaflets share half their sentences. So each source is
scored by a classifier that learned without it, and thresholds are chosen on those scores.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from corpus.domain.linear import Example, fit

Floats = NDArray[np.float64]

FOLDS = 4


def scores_unseen(
    examples: Sequence[Example],
    seed: int = 0,
    together: Sequence[Sequence[str]] = (),
    folds: int = FOLDS,
) -> Floats:
    """Log-odds of each document by a classifier that learned without its source.

    Sources are left out in `folds` groups, spread over languages and classes; those of one genre
    on both sides (`together`: health law and law) in one, because one without the other would teach
    the genre. nan where that leaves a language with one class.
    """
    found = np.full(len(examples), np.nan)
    fold_of = _folds(examples, together, folds)
    for fold in range(folds):
        rest = [example for example in examples if fold_of[example.source] != fold]
        classes: dict[str, set[bool]] = {}
        for example in rest:
            classes.setdefault(example.language, set()).add(example.label)
        both = {language for language, found_there in classes.items() if len(found_there) == 2}
        learned = [example for example in rest if example.language in both]
        scored = [
            number
            for number, example in enumerate(examples)
            if fold_of[example.source] == fold and example.language in both
        ]
        if scored and learned:
            model = fit(learned, seed)
            found[scored] = model.logits([examples[number].text for number in scored])
    return found


def _folds(
    examples: Sequence[Example], together: Sequence[Sequence[str]], folds: int
) -> dict[str, int]:
    """A source is in one fold, in whatever languages it is."""
    groups: dict[tuple[str, bool], set[str]] = {}
    for example in examples:
        groups.setdefault((example.language, example.label), set()).add(example.source)
    found: dict[str, int] = {}
    for _, sources in sorted(groups.items()):
        for place, source in enumerate(sorted(sources)):
            found.setdefault(source, place % folds)
    for group in together:
        known = [source for source in group if source in found]
        found |= dict.fromkeys(known, found[known[0]])
    return found


def even_weights(examples: Sequence[Example]) -> Floats:
    """Both classes weigh the same, and within a class each source does."""
    sizes: dict[tuple[bool, str], int] = {}
    for example in examples:
        key = (example.label, example.source)
        sizes[key] = sizes.get(key, 0) + 1
    sources = {label: sum(key[0] == label for key in sizes) for label in (True, False)}
    weights = np.array([1 / sizes[e.label, e.source] / sources[e.label] for e in examples])
    even: Floats = weights * len(examples) / weights.sum()
    return even
