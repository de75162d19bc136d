"""Is one score above another? Two proportions, paired on their questions or not.

    unpaired(base, score, ...)              z test and interval, whole arrays of cells at once
    mcnemar(gained, lost)                   exact p-value of a paired change of one binary task
    paired_proportions(both, gained, ...)   its interval
    clustered(differences, tasks, clusters) bootstrap by question within task, for everything else
    detectable(stderr, confidence)          the smallest true difference a test would mostly see

Interval and test of unpaired proportions: Wald where both have 10 answers of either kind, the usual
rule of thumb; below that Newcombe's hybrid of Wilson intervals and the pooled z test, because Wald
promises more than it keeps near 0 and 1.

Sources: Newcombe 1998 (Stat. Med. 17:873, method 10, unpaired; 17:2635, method 10, paired);
McNemar 1947 (Psychometrika 12:153), exact as in Fagerland et al. 2013 (BMC Med. Res. Methodol.
13:91); Cohen 1988, ch. 6 (h); Davison and Hinkley 1997, ch. 3 (strata); Hesterberg 2015 (Am. Stat.
69:371: percentile intervals widened for few clusters); Miller 2024 (arXiv 2411.00640: clusters of
evaluation questions, paired differences, power).
"""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluation.settings import EvaluationError
from evaluation.statistics.intervals import BLOCK_DRAWS, quantile

Floats = NDArray[np.float64]

FEW = 10
"""answers of either kind below which a Wald interval is not trusted"""
POWER = 0.8


class Differences(NamedTuple):
    delta: Floats
    low: Floats
    high: Floats
    p: Floats
    stderr: Floats
    small: NDArray[np.bool_]
    """where the score interval was used"""


class Paired(NamedTuple):
    delta: float
    low: float
    high: float
    p: float
    stderr: float
    effect: float
    """paired: mean over standard deviation of the differences of clusters"""


def two_sided(z: Floats) -> Floats:
    """p-value of a normal deviate."""
    return np.array([math.erfc(abs(deviate) / math.sqrt(2)) for deviate in z.tolist()])


def unpaired(
    base: Floats, score: Floats, n_base: Floats, n: Floats,
    stderr_base: Floats, stderr: Floats, confidence: float,
) -> Differences:  # fmt: skip
    """Shares of n answers each, with their standard errors."""
    z = quantile(confidence)
    delta = score - base
    spread = np.sqrt(stderr_base**2 + stderr**2)
    few = np.minimum.reduce([base * n_base, (1 - base) * n_base, score * n, (1 - score) * n])
    small = (few < FEW - 1e-9) | np.isnan(spread) | (spread == 0)
    base_low, base_high = wilson_bounds(base, n_base, z)
    low_score, high_score = wilson_bounds(score, n, z)
    low = np.where(small, delta - np.hypot(score - low_score, base_high - base), delta - z * spread)
    high = np.where(
        small, delta + np.hypot(high_score - score, base - base_low), delta + z * spread
    )
    pooled = (base * n_base + score * n) / (n_base + n)
    null = np.sqrt(pooled * (1 - pooled) * (1 / n_base + 1 / n))
    with np.errstate(divide="ignore", invalid="ignore"):
        deviate = np.where(delta == 0, 0.0, delta / np.where(small, null, spread))
    return Differences(delta, low, high, two_sided(deviate), spread, small)


def wilson_bounds(share: Floats, n: Floats, z: float) -> tuple[Floats, Floats]:
    """Wilson 1927; `intervals.wilson` for arrays."""
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return np.maximum(0.0, centre - half), np.minimum(1.0, centre + half)


def cohen_h(base: Floats, score: Floats) -> Floats:
    """Effect size of two proportions; 0.2 is small, 0.5 medium, 0.8 large."""
    found: Floats = 2 * (np.arcsin(np.sqrt(score)) - np.arcsin(np.sqrt(base)))
    return found


def detectable(stderr: float, confidence: float, power: float = POWER) -> float:
    """The true difference that a two-sided test finds with probability `power`."""
    return (quantile(confidence) + NormalDist().inv_cdf(power)) * stderr


def mcnemar(gained: int, lost: int) -> float:
    """Two-sided exact p-value: of the answers that changed, half would be gains."""
    changed = gained + lost
    if changed == 0:
        return 1.0
    fewer = min(gained, lost)
    log_half = changed * math.log(2)
    tail = sum(
        math.exp(
            math.lgamma(changed + 1) - math.lgamma(k + 1) - math.lgamma(changed - k + 1) - log_half
        )
        for k in range(fewer + 1)
    )
    return min(1.0, 2 * tail)


def paired_proportions(
    both: int, gained: int, lost: int, neither: int, confidence: float
) -> Paired:
    """Counts of questions by who answered them rightly; both, the new one, the old one, neither."""
    n = both + gained + lost + neither
    if min(both, gained, lost, neither) < 0 or n == 0:
        raise EvaluationError(f"{both}, {gained}, {lost}, {neither} are not counts of questions")
    z = quantile(confidence)
    new, old = (both + gained) / n, (both + lost) / n
    bounds = wilson_bounds(np.array([new, old]), np.array([n, n], dtype=np.float64), z)
    (new_low, old_low), (new_high, old_high) = bounds[0].tolist(), bounds[1].tolist()
    phi = _association(both, gained, lost, neither)
    delta = new - old
    down, up, back, out = new - new_low, old_high - old, new_high - new, old - old_low
    low = delta - math.sqrt(max(0.0, down**2 - 2 * phi * down * up + up**2))
    high = delta + math.sqrt(max(0.0, back**2 - 2 * phi * back * out + out**2))
    variance = max(0.0, (gained + lost) / n - delta**2)
    stderr = math.sqrt(variance / max(1, n - 1))
    effect = delta / math.sqrt(variance) if variance else 0.0
    return Paired(delta, low, high, mcnemar(gained, lost), stderr, effect)


def _association(both: int, gained: int, lost: int, neither: int) -> float:
    """Newcombe's φ, with his continuity correction where it is positive."""
    margins = (both + gained) * (lost + neither) * (both + lost) * (gained + neither)
    if margins == 0:
        return 0.0
    cross = both * neither - gained * lost
    n = both + gained + lost + neither
    corrected = max(cross - n / 2, 0.0) if cross > 0 else float(cross)
    return corrected / math.sqrt(margins)


def clustered(
    differences: Sequence[float],
    tasks: Sequence[str],
    clusters: Sequence[str],
    *,
    confidence: float,
    resamples: int,
    seed: int,
) -> Paired:
    """Mean difference over all answers; questions are drawn within their task, whole.

    The translations, seeds and shots of a source question are one cluster: they are right and
    wrong together, and counting them as so many questions would make any difference certain.
    """
    strata = _strata(differences, tasks, clusters)
    generator = np.random.default_rng(seed)
    totals = np.zeros((2, resamples))
    variance = 0.0
    size = sum(float(stratum[1].sum()) for stratum in strata)
    delta = sum(float(stratum[0].sum()) for stratum in strata) / size
    for sums in strata:
        count = sums.shape[1]
        block = max(1, BLOCK_DRAWS // count)
        # widens the spread of few clusters to that of an unbiased variance
        widen = math.sqrt(count / (count - 1))
        for start in range(0, resamples, block):
            rows = min(block, resamples - start)
            drawn = sums[:, generator.integers(0, count, size=(rows, count))].sum(axis=2)
            centre = sums.sum(axis=1, keepdims=True)
            totals[:, start : start + rows] += centre + widen * (drawn - centre)
        residual = sums[0] - delta * sums[1]
        variance += count / (count - 1) * float(((residual - residual.mean()) ** 2).sum())
    replicates = totals[0] / totals[1]
    tail = (1 - confidence) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail]).tolist()
    stderr = math.sqrt(variance) / size
    beyond = min((replicates <= 0).sum(), (replicates >= 0).sum())
    p = min(1.0, 2 * (1 + float(beyond)) / (resamples + 1))
    num_clusters = sum(stratum.shape[1] for stratum in strata)
    effect = delta / (stderr * math.sqrt(num_clusters)) if stderr else 0.0
    return Paired(delta, min(low, delta), max(high, delta), p, stderr, effect)


def _strata(
    differences: Sequence[float], tasks: Sequence[str], clusters: Sequence[str]
) -> list[Floats]:
    """For each task two rows, sum of differences and number of answers; one column a question."""
    if not len(differences) == len(tasks) == len(clusters):
        raise EvaluationError("every difference needs its task and its question")
    if not np.isfinite(differences).all():
        raise EvaluationError("a paired comparison needs finite differences")
    found: dict[str, dict[str, list[float]]] = {}
    for difference, task, cluster in zip(differences, tasks, clusters, strict=True):
        cell = found.setdefault(task, {}).setdefault(cluster, [0.0, 0.0])
        cell[0] += difference
        cell[1] += 1
    for task, questions in found.items():
        if len(questions) < 2:
            raise EvaluationError(f"task {task!r} has one question: an interval needs at least 2")
    if not found:
        raise EvaluationError("there is nothing to compare")
    return [np.array(list(questions.values())).T for questions in found.values()]
