"""How a classifier of known sources does on a source that it never saw, and the threshold for it.

A random split of known sources flatters: two leaflets share half their sentences. So each source is
scored by a classifier that learned without it. Each of the other sources then stands for what is
not of the domain: it is laid beside all documents of the domain, both sides weighing the same, and
the threshold with the asked precision is found. The middle one of these is taken, within bounds:
leaving out one of two or three sources of a language leaves it with hardly any, and such a
classifier errs more than the one that learns from all. What the bounds are was chosen on the
development pairs of `benchmarks/domain_filter.py`.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from corpus.domain.evidence import Known
from corpus.domain.linear import Example
from corpus.domain.thresholds import choose

Floats = NDArray[np.float64]

BOUNDS = (0.4, 1.0)
"""log-odds of a threshold for unseen sources at a precision of `BOUNDS_AT`; another precision moves
both by as much as its own log-odds differ"""
BOUNDS_AT = 0.95


def scores_unseen(known: Known, together: Sequence[Sequence[str]] = ()) -> Floats:
    """Log-odds of each document by a classifier that learned without its source.

    Sources of one genre on both sides (`together`: health law and law) are left out together,
    because one without the other would teach the genre. nan where no language keeps both classes.
    """
    found = np.full(len(known.sources), np.nan)
    for source in np.unique(known.sources):
        left_out = {str(source)}.union(*(set(group) for group in together if source in group))
        model = known.without(left_out)
        if model is not None:
            places = np.flatnonzero(known.sources == source)
            found[places] = known.scores(model, places)
    return found


def threshold_unseen(examples: Sequence[Example], scores: Floats, precision: float) -> float | None:
    """Log-odds; None where a class has no source that was scored without itself."""
    told = ~np.isnan(scores)
    labels = np.array([example.label for example in examples], bool)
    sources = np.array([example.source for example in examples])
    found = []
    for other in np.unique(sources[told & ~labels]):
        chosen = np.flatnonzero(told & (labels | (sources == other)))
        some = [examples[place] for place in chosen.tolist()]
        if labels[chosen].any():
            cut, _ = choose(labels[chosen], scores[chosen], precision, even_weights(some))
            found.append(cut)
    if not found:
        return None
    moved = _log_odds(precision) - _log_odds(BOUNDS_AT)
    return float(np.clip(np.median(found), BOUNDS[0] + moved, BOUNDS[1] + moved))


def above_unseen(examples: Sequence[Example], scores: Floats, precision: float) -> Floats:
    """Log-odds of each document over a threshold that its source had no part in; nan where none."""
    found = np.full(len(examples), np.nan)
    for source in {example.source for example in examples}:
        mine = np.array([example.source == source for example in examples])
        others = np.flatnonzero(~mine)
        rest = [examples[place] for place in others.tolist()]
        threshold = threshold_unseen(rest, scores[others], precision)
        if threshold is not None:
            found[mine] = scores[mine] - threshold
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


def _log_odds(share: float) -> float:
    return math.log(share / (1 - share))
