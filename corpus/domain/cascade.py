"""Two classifiers: the cheap one decides what is clear, the expensive one the rest.

`low` and `high` are thresholds on the cheap classifier's log-odds: below `low` a document is out,
at or above `high` it is in, between them the expensive one decides at its own threshold. All are
chosen on validation documents: clear is what the cheap one decides as the expensive one would, but
for a stated share of the documents of the domain (below) and of those taken (above).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]
Score = Callable[[Sequence[str]], Floats]


class Band(NamedTuple):
    """Between the two thresholds the expensive classifier is asked."""

    low: float
    high: float


class Decided(NamedTuple):
    taken: Labels
    asked: Labels
    """which documents the expensive classifier was asked about"""
    cheap: Floats
    expensive: Floats
    """nan where it was not asked"""


def choose_band(
    labels: Labels, cheap: Floats, precision: float, recall: float, weights: Floats | None = None
) -> Band:
    """The narrowest band that loses at most 1 - `recall` of the domain below it and lets in at most
    1 - `precision` wrong documents above it.
    """
    weights = np.ones(len(cheap)) if weights is None else weights
    order = np.argsort(cheap, kind="stable")
    ordered, mine, heavy = cheap[order], labels[order], weights[order]
    lost = np.cumsum(np.where(mine, heavy, 0.0)) / max(float(heavy[mine].sum()), 1e-12)
    # The first document whose loss would be too much stays in the band, with its equals.
    beyond = np.flatnonzero(lost > 1 - recall + 1e-12)
    low = float(ordered[beyond[0]]) if len(beyond) else float("inf")
    right = np.cumsum(np.where(mine, heavy, 0.0)[::-1])[::-1]
    shares = right / np.cumsum(heavy[::-1])[::-1]
    first = np.append(True, ordered[1:] != ordered[:-1])
    pure = np.flatnonzero(first & (shares >= precision))
    high = float(ordered[pure[0]]) if len(pure) else float("inf")
    return Band(min(low, high), high)


def decide(
    texts: Sequence[str], cheap: Score, expensive: Score, band: Band, threshold: float
) -> Decided:
    """`threshold` is the expensive classifier's."""
    first = cheap(texts)
    asked = (first >= band.low) & (first < band.high)
    second = np.full(len(texts), np.nan)
    places = np.flatnonzero(asked)
    if len(places):
        second[places] = expensive([texts[place] for place in places.tolist()])
    taken = np.where(asked, second >= threshold, first >= band.high)
    return Decided(taken, asked, first, second)
