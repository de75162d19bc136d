"""Scores of several tasks as one figure.

    weighted_mean(score, n, stderr)   Σ nᵢ/N · scoreᵢ, standard error √Σ(nᵢ/N)²seᵢ²   (PARTAGES)
    plain_mean(score, stderr)         Σ scoreᵢ/k, standard error √(Σ seᵢ²)/k           (DeFineMed)

Both errors take the tasks as they are and the questions as drawn, independently between tasks
(Cochran 1977, ch. 5, stratified means). A missing cell makes the mean NaN: an average over fewer
tasks is another figure.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Means(NamedTuple):
    mean: Floats
    stderr: Floats


def weighted_mean(score: Floats, n: NDArray[np.int64], stderr: Floats) -> Means:
    """Over the last axis."""
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = n / n.sum(axis=-1, keepdims=True)
        spread = np.sqrt((weights**2 * stderr**2).sum(axis=-1))
        return Means((weights * score).sum(axis=-1), spread)


def plain_mean(score: Floats, stderr: Floats) -> Means:
    spread = np.sqrt((stderr**2).sum(axis=-1)) / score.shape[-1]
    return Means(score.mean(axis=-1), spread)
