"""Whether the documents that a classifier is applied to are like those it was judged on.

Scores of the sample are kept as shares of ten bins of equal size; the population stability index of
what is scored now says how far they moved. By convention below 0.1 nothing moved, above 0.25 the
stated precision says little about these documents, and a new sample should be labelled.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 10
MOVED = 0.25
_LEAST = 1e-4
"""share of an empty bin: the index stays finite"""


@dataclass(frozen=True)
class Reference:
    """Bin edges (deciles of the sample's scores) and the sample's share of each bin."""

    edges: tuple[float, ...]
    shares: tuple[float, ...]


def reference(scores: NDArray[np.float64], weights: NDArray[np.float64] | None = None) -> Reference:
    weights = np.ones(len(scores)) if weights is None else weights
    order = np.argsort(scores)
    reach = np.cumsum(weights[order]) / weights.sum()
    places = np.searchsorted(reach, np.arange(1, BINS) / BINS)
    edges = np.unique(scores[order][np.minimum(places, len(scores) - 1)])
    counts = np.bincount(np.searchsorted(edges, scores, "right"), weights, len(edges) + 1)
    return Reference(tuple(edges.tolist()), tuple((counts / counts.sum()).tolist()))


def counted(known: Reference, scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many scores fall into each bin; counts of several batches add up."""
    places = np.searchsorted(np.array(known.edges), scores, "right")
    return np.bincount(places, minlength=len(known.shares))


def stability_index(known: Reference, counts: Sequence[int]) -> float:
    """Population stability index; 0 for equal distributions, nan where nothing was scored."""
    total = sum(counts)
    if not total:
        return float("nan")
    now = np.maximum(np.array(counts) / total, _LEAST)
    then = np.maximum(np.array(known.shares), _LEAST)
    return float(np.sum((now - then) * np.log(now / then)))
