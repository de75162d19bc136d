"""How sure is a score? Intervals, standard errors and paired differences, as functions of numbers.

    wilson(81, 263, 0.95)                            Interval(0.255, 0.366)
    proportion(81, 263, 0.95)                        Estimate: value, that interval, standard error
    bits_per_byte(log_likelihoods, num_bytes, ...)   Estimate, its value as lm-eval computes it
    ratio_bootstrap(numerators, denominators, ...)   Estimate of Σ numerators / Σ denominators
    paired_ratio_difference(before, after, ...)      Estimate of after minus before

Two models read the same documents, so their scores rise and fall together: whether one is better is
read off the paired difference, never off two intervals that overlap or do not.

Sources: Wilson 1927 (JASA 22:209); Newcombe 1998 (Stat. Med. 17:857, table I); Cochran 1977,
Sampling Techniques, ch. 6 (ratio estimates); Efron and Tibshirani 1993, An Introduction to the
Bootstrap, ch. 13 (percentile interval); Koehn 2004 (EMNLP, paired bootstrap over test items).
"""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluation.settings import EvaluationError

BLOCK_DRAWS = 1 << 22
"""draws held in memory at once: 32 MiB of indices"""


class Interval(NamedTuple):
    low: float
    high: float


class Estimate(NamedTuple):
    value: float
    low: float
    high: float
    stderr: float


class Contrast(NamedTuple):
    """An estimated difference."""

    value: float
    low: float
    high: float
    stderr: float
    p: float
    """two-sided, by how many resamples lie on the other side of 0"""


def wilson(successes: int, n: int, confidence: float) -> Interval:
    """Score interval of a proportion; unlike value ± z·stderr it stays honest near 0 and 1."""
    if not 0 <= successes <= n or n == 0:
        raise EvaluationError(f"{successes} successes out of {n} is not a proportion")
    z = quantile(confidence)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At 0 and n the bound is exactly 0 and 1; the formula misses it by a rounding error.
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == n else centre + half
    return Interval(low, high)


def standard_error(p: float, n: int) -> float:
    """√(p(1−p)/(n−1)), lm-eval's `acc_stderr` (`mean_stderr` in lm_eval/api/metrics.py)."""
    if n < 2 or not 0 <= p <= 1:
        raise EvaluationError(f"a proportion of {p} out of {n} answers has no standard error")
    return math.sqrt(p * (1 - p) / (n - 1))


def proportion(successes: int, n: int, confidence: float) -> Estimate:
    low, high = wilson(successes, n, confidence)
    value = successes / n
    return Estimate(value, low, high, standard_error(value, n))


def bits_per_byte(
    log_likelihoods: Sequence[float],
    num_bytes: Sequence[int],
    *,
    confidence: float,
    resamples: int,
    seed: int,
) -> Estimate:
    """−Σ log-likelihood / (ln 2 · Σ bytes) over documents, log-likelihoods in nats.

    Bits per byte compare models with different tokenizers, which losses per token do not.
    """
    bits = [-nats / math.log(2) for nats in log_likelihoods]
    spread = ratio_bootstrap(bits, num_bytes, confidence=confidence, resamples=resamples, seed=seed)
    # lm-eval's order of operations (`bits_per_byte` over `weighted_mean`), kept to the last digit.
    value = -(sum(log_likelihoods) / sum(num_bytes)) / math.log(2)
    return _containing(value, spread)


def ratio_bootstrap(
    numerators: Sequence[float],
    denominators: Sequence[float],
    *,
    confidence: float,
    resamples: int,
    seed: int,
) -> Estimate:
    """A ratio of sums with the percentile interval over resampled items (documents).

    Items are the unit because the tokens of one document are not independent of each other.
    """
    columns = _columns(numerators, denominators)
    _check_denominators(columns[1])
    sums = _resampled_sums(columns, resamples, seed)
    value = float(columns[0].sum() / columns[1].sum())
    return _percentile(value, sums[0] / sums[1], confidence)


def paired_ratio_difference(
    before: Sequence[float],
    after: Sequence[float],
    denominators: Sequence[float],
    *,
    confidence: float,
    resamples: int,
    seed: int,
) -> Contrast:
    """Ratio of `after` minus ratio of `before`, both on the same items with the same denominators.

    Each resample draws items once for both sides, so what makes an item hard cancels out.
    """
    columns = _columns(before, after, denominators)
    _check_denominators(columns[2])
    sums = _resampled_sums(columns, resamples, seed)
    value = float((columns[1].sum() - columns[0].sum()) / columns[2].sum())
    replicates = (sums[1] - sums[0]) / sums[2]
    beyond = min(int((replicates <= 0).sum()), int((replicates >= 0).sum()))
    p = min(1.0, 2 * (1 + beyond) / (resamples + 1))
    return Contrast(*_percentile(value, replicates, confidence), p)


def quantile(confidence: float) -> float:
    """How many standard errors a two-sided interval reaches to each side."""
    if not 0 < confidence < 1:
        raise EvaluationError(f"a confidence of {confidence} is not between 0 and 1")
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def _columns(*columns: Sequence[float]) -> NDArray[np.float64]:
    if len({len(column) for column in columns}) != 1:
        lengths = ", ".join(str(len(column)) for column in columns)
        raise EvaluationError(f"items cannot be paired: the columns have {lengths} entries")
    stacked = np.asarray(columns, dtype=np.float64)
    if stacked.shape[1] < 2:
        raise EvaluationError("an interval over items needs at least 2 of them")
    if not np.isfinite(stacked).all():
        raise EvaluationError("an interval needs finite numbers, and one is infinite or missing")
    return stacked


def _check_denominators(denominators: NDArray[np.float64]) -> None:
    if (denominators <= 0).any():
        raise EvaluationError("every item needs a positive denominator, such as its bytes")


def _resampled_sums(columns: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """Sums of each column over `resamples` draws of items with replacement; one row a column."""
    generator = np.random.default_rng(seed)
    num_items = columns.shape[1]
    block = max(1, BLOCK_DRAWS // num_items)
    sums = [
        columns[:, generator.integers(0, num_items, size=(rows, num_items))].sum(axis=2)
        for rows in (min(block, resamples - start) for start in range(0, resamples, block))
    ]
    return np.concatenate(sums, axis=1)


def _percentile(value: float, replicates: NDArray[np.float64], confidence: float) -> Estimate:
    if not 0 < confidence < 1:
        raise EvaluationError(f"a confidence of {confidence} is not between 0 and 1")
    tail = (1 - confidence) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail])
    stderr = float(replicates.std(ddof=1))
    return _containing(value, Estimate(value, float(low), float(high), stderr))


def _containing(value: float, spread: Estimate) -> Estimate:
    """`value` with the interval of `spread`, widened where rounding left `value` just outside."""
    return Estimate(value, min(spread.low, value), max(spread.high, value), spread.stderr)
