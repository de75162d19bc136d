"""Many comparisons at once: adjusted p-values over a family of tests.

    holm(p)                 the chance of even one false claim in the family stays below α
    benjamini_hochberg(p)   the share of false ones among the claims stays below α

Sources: Holm 1979 (Scand. J. Stat. 6:65); Benjamini and Hochberg 1995 (JRSS B 57:289).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluation.settings import Correction


def adjust(p: ArrayLike, correction: Correction) -> NDArray[np.float64]:
    if correction == "none":
        return np.asarray(p, dtype=np.float64)
    return holm(p) if correction == "holm" else benjamini_hochberg(p)


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """Adjusted p-values in the order given; a test is significant where its is below α."""
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    factors = np.arange(len(values), 0, -1)
    found = np.empty_like(values)
    found[order] = np.minimum(1, np.maximum.accumulate(values[order] * factors))
    return found


def benjamini_hochberg(p: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")[::-1]
    factors = len(values) / np.arange(len(values), 0, -1)
    found = np.empty_like(values)
    found[order] = np.minimum(1, np.minimum.accumulate(values[order] * factors))
    return found
