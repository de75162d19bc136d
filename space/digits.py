"""As many digits as the error allows: two of an error that begins with 1 to 3.5, else one.

Particle Data Group, Review of Particle Physics, "Rounding". The median error of a column decides
for all of it, so that its figures stand below each other.
"""

import math

import numpy as np
from numpy.typing import NDArray

MOST = 8
FEW_ENOUGH = 3.55


def decimals(errors: NDArray[np.float64]) -> int | None:
    """Places after the point for values with these errors; None where no error is known."""
    known = errors[np.isfinite(errors) & (errors > 0)]
    if not len(known):
        return None
    middle = float(np.sort(known)[len(known) // 2])
    power = math.floor(math.log10(middle))
    kept = 1 if middle / 10.0**power < FEW_ENOUGH else 0
    return min(MOST, max(0, kept - power))
