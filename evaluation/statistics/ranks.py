"""Average ranks of models over tasks, and how far to trust them.

    average_ranks(score, "first")           rank 1 is the best; mean over tasks
    rank_intervals(score, stderr, ...)      the same with an interval, and groups of equals
    bootstrap_rank_intervals(tasks, ...)    the same from the answers to each question

How ties are counted changes the ranks, so the rule is named: `average` gives each the mean of the
places they share, `min` the best of them, `first` the places in table order. PARTAGES' Table 7
follows from its Tables 8 to 11 with `first` (35 of 35; `average` 7, `min` 11).

Intervals come from draws of the scores, ranked each time (Goldstein and Spiegelhalter 1996, JRSS A
159:385). Ranks are no smooth function of scores, and the plain bootstrap of them covers too seldom
(Hall and Miller 2009, Ann. Stat. 37:3929): noise upon noise pulls every model to the middle. So the
draws carry √2 of the standard error, the noise of the score and of its repetition, and the interval
spans the percentiles of the draws and their reflection about the rank that was found (the basic
interval of Davison and Hinkley 1997, ch. 5). Simulations in the tests: 93% to 99% where 95% is
asked, lowest where the models differ by less than their errors.
"""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluation.settings import EvaluationError
from evaluation.statistics.intervals import quantile

Ties = Literal["average", "min", "first"]
Floats = NDArray[np.float64]

MAX_DRAWN_CELLS = 60_000_000
"""draws × models × tasks; 120 draws of 5,000 models by 100 tasks"""
BINS = 1 << 12


class Ranks(NamedTuple):
    average: Floats
    low: Floats
    high: Floats
    tied_with: NDArray[np.int64]
    """the leader of the group that a model cannot be told apart from"""
    draws: int


def average_ranks(score: Floats, ties: Ties) -> Floats:
    """Models by tasks; higher is better."""
    found: Floats = np.column_stack([_ranks(task, ties) for task in score.T]).mean(axis=1)
    return found


def _ranks(score: Floats, ties: Ties) -> Floats:
    order = np.argsort(-score, kind="stable")
    places = np.empty(len(score))
    places[order] = np.arange(1, len(score) + 1)
    if ties == "first":
        return places
    _, at, counts = np.unique(-score, return_inverse=True, return_counts=True)
    first = np.cumsum(counts) - counts + 1
    shared = first if ties == "min" else first + (counts - 1) / 2
    return shared[at].astype(np.float64)


def rank_intervals(
    score: Floats, stderr: Floats, ties: Ties, *, confidence: float, draws: int, seed: int
) -> Ranks:
    if not (np.isfinite(score).all() and np.isfinite(stderr).all()):
        raise EvaluationError("ranks need a score and a standard error in every cell")
    draws = max(100, min(draws, MAX_DRAWN_CELLS // max(1, score.size)))
    average = average_ranks(score, ties)
    return _intervals(average, average, _drawn_ranks(score, stderr, draws, seed), confidence)


class Questions(NamedTuple):
    """Of one task that all models were asked alike: source questions by models, and by nothing."""

    right: Floats
    """sum of the scores of a question's answers"""
    asked: Floats
    """number of its answers"""


def bootstrap_rank_intervals(
    tasks: Sequence[Questions], ties: Ties, *, confidence: float, draws: int, seed: int
) -> Ranks:
    """Questions are drawn for all models at once, so what makes one hard tells no model apart."""
    generator = np.random.default_rng(seed)
    score = np.column_stack([task.right.sum(axis=0) / task.asked.sum() for task in tasks])
    draws = max(100, min(draws, MAX_DRAWN_CELLS // max(1, score.size)))
    drawn = np.empty((draws, *score.shape))
    for number, (right, asked) in enumerate(tasks):
        count = len(asked)
        # the noise of the score and of its repetition, and that of an unbiased variance
        widen = math.sqrt(2 * count / (count - 1))
        for draw in range(draws):
            times = np.bincount(generator.integers(0, count, size=count), minlength=count)
            found = times @ right / (times @ asked)
            drawn[draw, :, number] = score[:, number] + widen * (found - score[:, number])
    # equal answers are equal scores, whatever the order of the sums
    drawn = np.round(drawn, 12)
    places = np.array([average_ranks(each, "average") for each in drawn], dtype=np.float32)
    told = average_ranks(score, "average")
    return _intervals(average_ranks(score, ties), told, places, confidence)


def _intervals(
    average: Floats, told: Floats, drawn: NDArray[np.float32], confidence: float
) -> Ranks:
    """`told`: the ranks by which models are told apart."""
    models = len(average)
    tail = (1 - confidence) / 2
    below, above = np.quantile(drawn, [tail, 1 - tail], axis=0)
    return Ranks(
        average,
        np.clip(np.minimum.reduce([below, 2 * average - above, average]), 1, models),
        np.clip(np.maximum.reduce([above, 2 * average - below, average]), 1, models),
        _tied(told, drawn, quantile(confidence)),
        len(drawn),
    )


def _drawn_ranks(score: Floats, stderr: Floats, draws: int, seed: int) -> NDArray[np.float32]:
    """Average rank of each model in each draw; draws by models."""
    generator = np.random.default_rng(seed)
    # One row a task, so that a task's scores lie together.
    centre = np.ascontiguousarray(score.T, dtype=np.float32)
    spread = np.ascontiguousarray(stderr.T * math.sqrt(2), dtype=np.float32)
    tasks, models = centre.shape
    place = _binned_places if models > BINS // 8 else _sorted_places
    found = np.empty((draws, models), dtype=np.float32)
    for draw in range(draws):
        drawn = generator.standard_normal(centre.shape, dtype=np.float32)
        drawn *= spread
        drawn += centre
        found[draw] = place(drawn).sum(axis=0) / tasks
    return found


def _sorted_places(drawn: NDArray[np.float32]) -> NDArray[np.float64]:
    order = np.argsort(-drawn, axis=1)
    places = np.empty(drawn.shape)
    np.put_along_axis(places, order, np.arange(1.0, drawn.shape[1] + 1)[None, :], axis=1)
    return places


def _binned_places(drawn: NDArray[np.float32]) -> NDArray[np.float64]:
    """Ranks by counting: of thousands of models, those within 1/4096 of the range share a place."""
    low, high = drawn.min(axis=1, keepdims=True), drawn.max(axis=1, keepdims=True)
    drawn = (high - drawn) * ((BINS - 1) / np.maximum(high - low, np.float32(1e-9)))
    bins = drawn.astype(np.intp)
    bins += np.arange(len(drawn))[:, None] * BINS
    counts = np.bincount(bins.ravel(), minlength=len(drawn) * BINS).reshape(len(drawn), BINS)
    middle = np.cumsum(counts, axis=1) - (counts - 1) / 2
    places: NDArray[np.float64] = middle.ravel()[bins]
    return places


def _tied(average: Floats, drawn: NDArray[np.float32], z: float) -> NDArray[np.int64]:
    """Down the ranking, a model joins the leader's group until it is told apart from the leader."""
    order = np.argsort(average, kind="stable")
    tied = np.empty(len(average), dtype=np.int64)
    leader = order[0]
    for model in order:
        # the draws carry twice the variance
        spread = float((drawn[:, model] - drawn[:, leader]).std()) / math.sqrt(2)
        if average[model] - average[leader] > z * spread and model != leader:
            leader = model
        tied[model] = leader
    return tied
