"""From scores to decisions: where to cut for a stated precision, and how sure that is.

Scores are those of documents that the classifier did not learn from. Weights say how many documents
of the corpus each one stands for, so that a sample drawn unevenly tells the corpus' precision.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]

RESAMPLES = 1_000
CONFIDENCE = 0.95
BINS = 10
EVEN_ODDS = 0.0
FEWEST = 100
"""documents of either class of a language to choose its own threshold on: with fewer a precision of
0.95 is not known to within four points"""


class Interval(NamedTuple):
    value: float
    low: float
    high: float


class Quality(NamedTuple):
    """Of the documents at or above a threshold; intervals by bootstrap over documents."""

    threshold: float
    precision: Interval
    recall: Interval
    f1: Interval
    reached: bool
    """whether any threshold has the precision that was asked for"""


class Curve(NamedTuple):
    """One point a distinct score, from the highest down."""

    thresholds: Floats
    precision: Floats
    recall: Floats


class Calibration(NamedTuple):
    slope: float
    offset: float
    error: float
    """expected calibration error: mean distance of probability and share, over ten equal bins"""


def curve(labels: Labels, scores: Floats, weights: Floats | None = None) -> Curve:
    """Precision and recall of `score >= threshold`."""
    weights = np.ones(len(scores)) if weights is None else weights
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    found = np.cumsum(np.where(labels[order], weights[order], 0.0))
    taken = np.cumsum(weights[order])
    last = np.append(ordered[1:] != ordered[:-1], True)
    whole = found[-1] if len(found) and found[-1] else np.nan
    return Curve(ordered[last], (found / taken)[last], (found / whole)[last])


def choose(
    labels: Labels, scores: Floats, precision: float, weights: Floats | None = None
) -> tuple[float, bool]:
    """The lowest threshold with at least `precision`, and whether there is one.

    Without one: the threshold of the highest precision, so that little that is wrong comes in.
    """
    points = curve(labels, scores, weights)
    enough = np.flatnonzero(points.precision >= precision)
    if len(enough):
        return float(points.thresholds[enough[-1]]), True
    return float(points.thresholds[np.argmax(points.precision)]), False


def thresholds_by_language(
    languages: Sequence[str],
    language_of: Sequence[str],
    labels: Labels,
    scores: Floats,
    weights: Floats,
    precision: float,
) -> tuple[dict[str, float], bool]:
    """Log-odds by language, and whether all reach `precision`.

    Never below even odds: documents that thresholds are chosen on are more like those that were
    learned than the web is, and there a lower one lets in what was never seen (measured in
    `benchmarks/domain_filter.py`). A language with too few documents takes the threshold of all.
    """
    said = np.array(language_of)
    every = choose(labels, scores, precision, weights)
    found: dict[str, float] = {}
    reached = True
    for language in languages:
        mine = said == language
        enough = min(int((labels[mine] == side).sum()) for side in (True, False)) >= FEWEST
        own = choose(labels[mine], scores[mine], precision, weights[mine]) if enough else every
        found[language] = max(own[0], EVEN_ODDS)
        reached = reached and own[1]
    return found, reached


def quality(
    labels: Labels,
    scores: Floats,
    threshold: float,
    weights: Floats | None = None,
    reached: bool = True,
    seed: int = 0,
) -> Quality:
    """Precision, recall and F1 at `threshold`, with percentile intervals."""
    weights = np.ones(len(scores)) if weights is None else weights
    taken = scores >= threshold

    def measure(chosen: NDArray[np.int64]) -> tuple[float, float, float]:
        return _rates(labels[chosen], taken[chosen], weights[chosen])

    found = bootstrap(measure, len(scores), seed)
    return Quality(threshold, found[0], found[1], found[2], reached)


def bootstrap(
    measure: Callable[[NDArray[np.int64]], tuple[float, ...]], size: int, seed: int = 0
) -> tuple[Interval, ...]:
    """Percentile intervals of each number that `measure` makes of drawn positions."""
    chance = np.random.default_rng(seed)
    value = measure(np.arange(size))
    drawn = np.array([measure(chance.integers(size, size=size)) for _ in range(RESAMPLES)])
    tails = (1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2
    known = [column[~np.isnan(column)] for column in drawn.T]
    bounds = [np.quantile(column, tails) if len(column) else (np.nan, np.nan) for column in known]
    return tuple(
        Interval(float(v), float(low), float(high))
        for v, (low, high) in zip(value, bounds, strict=True)
    )


def calibrate(labels: Labels, logits: Floats, weights: Floats | None = None) -> Calibration:
    """Platt's scaling: the logistic curve from log-odds to the share that is of the domain.

    With Platt's own targets, a little inside 0 and 1, so that a perfect separation stays finite.
    """
    from scipy.optimize import minimize

    weights = np.ones(len(logits)) if weights is None else weights
    yes, no = weights[labels].sum(), weights[~labels].sum()
    aims = np.where(labels, (yes + 1) / (yes + 2), 1 / (no + 2))

    def loss(point: Floats) -> tuple[float, Floats]:
        scaled = point[0] * logits + point[1]
        wrong = weights * (_sigmoid(scaled) - aims)
        value = float(weights @ (np.logaddexp(0, scaled) - aims * scaled))
        return value, np.array([wrong @ logits, wrong.sum()])

    slope, offset = minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS").x
    error = calibration_error(labels, _sigmoid(slope * logits + offset), weights)
    return Calibration(float(slope), float(offset), error)


def calibration_error(labels: Labels, probabilities: Floats, weights: Floats) -> float:
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    wrong = 0.0
    for number in range(BINS):
        mine = bins == number
        if weights[mine].sum():
            told = float(np.average(probabilities[mine], weights=weights[mine]))
            true = float(np.average(labels[mine], weights=weights[mine]))
            wrong += abs(told - true) * float(weights[mine].sum() / weights.sum())
    return wrong


def _rates(labels: Labels, taken: Labels, weights: Floats) -> tuple[float, float, float]:
    """nan where there is nothing to divide by: none taken, none of the domain."""
    right = float(weights[labels & taken].sum())
    out_of, whole = float(weights[taken].sum()), float(weights[labels].sum())
    precision = right / out_of if out_of else float("nan")
    recall = right / whole if whole else float("nan")
    both = out_of + whole
    return precision, recall, 2 * right / both if both else float("nan")


def _sigmoid(logits: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(logits, -500, 500)))
