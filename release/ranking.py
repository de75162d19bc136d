"""Places in each column of a table, and who cannot be told apart: `ranks.parquet`.

Ranks come from scores and their standard errors, model by model, as if each had been asked other
questions: that errs on the side of a tie. For pairs that were asked the same, the differences say
more.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.differences import quantile
from evaluation.statistics.ranks import rank_intervals

RANKS = {
    "model": str, "group": str, "task": str, "metric": str, "rank": float, "rank_low": float,
    "rank_high": float, "tie": int,
}  # fmt: skip
DRAWS = 1000
SEED = 0
LOWER_IS_BETTER = {"bits_per_byte"}


def rank_rows(scores: Sequence[Mapping[str, Any]], confidence: float) -> list[dict[str, Any]]:
    """Of rows {model, group, metric, value, ci_low, ci_high}: a place for each, where at least two
    models have a score. Half an interval stands for the standard error."""
    columns: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for row in scores:
        key = str(row["group"]), str(row.get("task") or ""), str(row["metric"])
        columns.setdefault(key, []).append(row)
    z = quantile(confidence)
    found: list[dict[str, Any]] = []
    for (group, task, metric), rows in columns.items():
        sign = -1 if metric in LOWER_IS_BETTER else 1
        value = np.array([sign * row["value"] for row in rows])
        error = np.array([(row["ci_high"] - row["ci_low"]) / 2 / z for row in rows])
        for at, place in places(value, error, confidence):
            name = rows[at]["model"]
            found.append({"model": name, "group": group, "task": task, "metric": metric, **place})
    return found


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
    leaders = sorted(set(ranks.tied_with.tolist()), key=lambda leader: float(ranks.average[leader]))
    ties = {leader: number + 1 for number, leader in enumerate(leaders)}
    for at, index in enumerate(there.tolist()):
        yield (
            index,
            {
                "rank": float(ranks.average[at]),
                "rank_low": float(ranks.low[at]),
                "rank_high": float(ranks.high[at]),
                "tie": ties[int(ranks.tied_with[at])],
            },
        )
