"""Places in each column of a table, and who cannot be told apart: `ranks.parquet`.

Where all models of a column answered the same questions, the questions are drawn for all of them at
once, so that what makes one hard tells no model apart. Elsewhere ranks come from scores and their
standard errors, model by model, as if each had been asked other questions: that errs on the side of
a tie.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.results import Sample
from evaluation.statistics.intervals import quantile
from evaluation.statistics.ranks import (
    Questions,
    Ranks,
    bootstrap_rank_intervals,
    rank_intervals,
)

Answers = Mapping[str, Sequence[Sample]]
"""by model"""

RANKS = {
    "model": str, "group": str, "task": str, "metric": str, "rank": float, "rank_low": float,
    "rank_high": float, "tie": int,
}  # fmt: skip
DRAWS = 1000
SEED = 0
LOWER_IS_BETTER = {"bits_per_byte"}


def rank_rows(
    scores: Sequence[Mapping[str, Any]], confidence: float, answers: Answers | None = None
) -> list[dict[str, Any]]:
    """Of rows {model, group, metric, value, ci_low, ci_high}: a place for each, where at least two
    models have a score. Without answers half an interval stands for the standard error."""
    columns: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for row in scores:
        key = str(row["group"]), str(row.get("task") or ""), str(row["metric"])
        columns.setdefault(key, []).append(row)
    z = quantile(confidence)
    found: list[dict[str, Any]] = []
    for (group, task, metric), rows in columns.items():
        asked = _questions(rows, answers or {}, group, task, metric)
        if asked is not None:
            placed = _paired_places(asked, confidence)
        else:
            sign = -1 if metric in LOWER_IS_BETTER else 1
            value = np.array([sign * row["value"] for row in rows])
            error = np.array([(row["ci_high"] - row["ci_low"]) / 2 / z for row in rows])
            placed = places(value, error, confidence)
        for at, place in placed:
            name = rows[at]["model"]
            found.append({"model": name, "group": group, "task": task, "metric": metric, **place})
    return found


def _questions(
    rows: Sequence[Mapping[str, Any]], answers: Answers, group: str, task: str, metric: str
) -> Questions | None:
    """What all models of a column were asked in the same words; None where they were not."""
    if len(rows) < 2:
        return None
    given = [
        {
            (each.task, each.item, each.text_sha256): each
            for each in answers.get(row["model"], ())
            if (each.group, each.measure) == (group, metric) and task in ("", each.task)
        }
        for row in rows
    ]
    keys = sorted(given[0])
    if len(keys) < 2 or any(each.keys() != given[0].keys() for each in given):
        return None
    right = np.array([[_gained(each[key]) for each in given] for key in keys])
    return Questions(right, np.array([float(given[0][key].num_bytes or 1) for key in keys]))


def _gained(answer: Sample) -> float:
    """Higher is better; over what was asked (answers, bytes) it adds up to the score."""
    if answer.log_likelihood is not None:
        return answer.log_likelihood / math.log(2)
    return float(bool(answer.correct))


def places(
    value: NDArray[np.float64], error: NDArray[np.float64], confidence: float
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(index, rank with interval and number of its group of equals) of one column; higher is
    better, what has no value or no error is left out."""
    there = np.flatnonzero(np.isfinite(value) & np.isfinite(error))
    if len(there) < 2:
        return
    ranks = rank_intervals(
        value[there, None], error[there, None], "average",
        confidence=confidence, draws=DRAWS, seed=SEED,
    )  # fmt: skip

    def spread(one: int, two: int) -> float:
        return float(np.hypot(error[there[one]], error[there[two]]))

    ties = _ties(value[there], spread, quantile(confidence))
    for at, place in _numbered(ranks, ties):
        yield int(there[at]), place


def _paired_places(asked: Questions, confidence: float) -> Iterator[tuple[int, dict[str, Any]]]:
    ranks = bootstrap_rank_intervals(
        [asked], "average", confidence=confidence, draws=DRAWS, seed=SEED
    )
    total, count = asked.asked.sum(), len(asked.asked)
    value = asked.right.sum(axis=0) / total
    # what each question adds to a score beyond its share: a ratio, linearised (Cochran 1977, 2.11)
    beyond = asked.right - np.outer(asked.asked, value)

    def spread(one: int, two: int) -> float:
        apart = beyond[:, one] - beyond[:, two]
        return float(np.sqrt((apart**2).sum() * count / (count - 1)) / total)

    yield from _numbered(ranks, _ties(value, spread, quantile(confidence)))


def _ties(
    value: NDArray[np.float64], spread: Callable[[int, int], float], z: float
) -> dict[int, int]:
    """By index the number of its group: from the best down, a model joins the leader's group until
    its score is told apart from the leader's. In one column ranks cannot say this: of three models
    that differ by nothing but chance, the first and the last are two places apart all the same."""
    order = np.argsort(-value, kind="stable").tolist()
    leader, number = order[0], 1
    found = {}
    for model in order:
        if value[leader] - value[model] > z * spread(leader, model):
            leader, number = model, number + 1
        found[model] = number
    return found


def _numbered(ranks: Ranks, ties: Mapping[int, int]) -> Iterator[tuple[int, dict[str, Any]]]:
    for at in range(len(ranks.average)):
        yield (
            at,
            {
                "rank": float(ranks.average[at]),
                "rank_low": float(ranks.low[at]),
                "rank_high": float(ranks.high[at]),
                "tie": ties[at],
            },
        )
