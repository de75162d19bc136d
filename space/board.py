"""The board: every model against every (metric, group), ready to be shown.

Nothing is computed that the evaluation has not published. What is missing is None, and what cannot
be right (not a number, an interval that leaves out its value, two values for one cell) is a flaw
with its reason, and has no value.

    scores.parquet        model, group, metric, value, ci_low, ci_high
    differences.parquet   before, after, group, metric, difference, ci_low, ci_high, items
                          (optional; paired, `after` minus `before`)
"""

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from published import Model, by_family
from tables import read_rows, tame

SCORES = {name: pa.string() for name in ("model", "group", "metric")} | {
    name: pa.float64() for name in ("value", "ci_low", "ci_high")
}
DIFFERENCES = (
    {name: pa.string() for name in ("before", "after", "group", "metric")}
    | {name: pa.float64() for name in ("difference", "ci_low", "ci_high")}
    | {"items": pa.int64()}
)
LOWER_IS_BETTER = {
    "bits_per_byte", "brier", "brier_score", "byte_perplexity", "ece", "loss", "perplexity",
    "word_perplexity",
}  # fmt: skip
HIGHER_IS_BETTER = {
    "acc", "acc_norm", "accuracy", "bleu", "exact_match", "f1", "macro_f1", "mcc", "micro_f1",
    "rouge1", "rouge2", "rougeL",
}  # fmt: skip


@dataclass
class Column:
    metric: str
    group: str
    better: str
    """lower, higher, or empty where we do not know the metric"""
    value: list[float | None]
    low: list[float | None]
    high: list[float | None]
    flaws: dict[int, str] = field(default_factory=dict)
    """by the model's index"""


@dataclass(frozen=True)
class Difference:
    before: str
    after: str
    metric: str
    group: str
    value: float
    low: float
    high: float
    items: int | None


@dataclass
class Board:
    models: list[Model]
    columns: list[Column]
    differences: list[Difference]
    problems: list[str]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def build(scores: Path, differences: Path | None, described: list[Model]) -> Board:
    rows = read_rows(scores, SCORES)
    problems: list[str] = []
    names = {key: _names(rows[key]) for key in ("model", "group", "metric")}
    whole = [i for i in range(len(rows["value"])) if all(names[key][i] for key in names)]
    if len(whole) < len(rows["value"]):
        count = len(rows["value"]) - len(whole)
        problems.append(f"{count} rows of scores.parquet name no model, group or metric: left out")
    published = {model.name: model for model in described}
    scored = {names["model"][i]: Model(names["model"][i]) for i in whole}
    models = by_family(
        {**published, **{k: v for k, v in scored.items() if k not in published}}.values()
    )
    index = {model.name: i for i, model in enumerate(models)}
    columns = _columns([(names["metric"][i], names["group"][i]) for i in whole], len(models))
    for i in whole:
        column = columns[names["metric"][i], names["group"][i]]
        cell = (rows["value"][i], rows["ci_low"][i], rows["ci_high"][i])
        _fill(column, index[names["model"][i]], *cell)
    board = Board(models, list(columns.values()), [], problems)
    flawed = sum(len(column.flaws) for column in board.columns)
    if flawed:
        problems.append(f"{flawed} scores cannot be right and are marked in the table")
    if differences is not None:
        _add_differences(board, differences)
    return board


def _names(texts: list[str | None]) -> list[str]:
    """Each distinct name is tamed once: a table repeats them."""
    known = {text: tame(text) if text else "" for text in set(texts)}
    return [known[text] for text in texts]


def _columns(found: list[tuple[str, str]], num_models: int) -> dict[tuple[str, str], Column]:
    """Metrics in order of appearance, and within each its groups."""
    metrics = list(dict.fromkeys(metric for metric, _ in found))
    ordered = sorted(dict.fromkeys(found), key=lambda column: metrics.index(column[0]))
    return {
        (metric, group): Column(
            metric,
            group,
            direction(metric),
            value=[None] * num_models,
            low=[None] * num_models,
            high=[None] * num_models,
        )
        for metric, group in ordered
    }


def direction(metric: str) -> str:
    if metric in LOWER_IS_BETTER:
        return "lower"
    return "higher" if metric in HIGHER_IS_BETTER else ""


def _fill(
    column: Column, row: int, value: float | None, low: float | None, high: float | None
) -> None:
    if column.value[row] is not None or row in column.flaws:
        flaw = "more than one value is published for it"
    else:
        flaw = _flaw(value, low, high)
    if flaw:
        column.flaws[row] = flaw
        value = low = high = None
    column.value[row], column.low[row], column.high[row] = _short(value), _short(low), _short(high)


def _flaw(value: float | None, low: float | None, high: float | None) -> str:
    """Why these three numbers cannot be a score and its interval; empty if they can."""
    if value is None:
        return "its row holds no value"
    if not math.isfinite(value):
        return f"its value is {value}"
    if low is None and high is None:
        return ""
    if low is None or high is None:
        return f"its interval has one end only; its value is {value:.6g}"
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"its interval is {low} to {high}; its value is {value:.6g}"
    slack = 1e-9 * max(abs(value), abs(low), abs(high))  # the last bits of two computations
    if not low - slack <= value <= high + slack:
        return f"its interval, {low:.6g} to {high:.6g}, leaves out its value, {value:.6g}"
    return ""


def _short(value: float | None) -> float | None:
    """Seven digits are more than any interval here justifies, and half the bytes to send."""
    return None if value is None else float(f"{value:.7g}")


def _add_differences(board: Board, path: Path) -> None:
    rows = read_rows(path, DIFFERENCES)
    names = {key: _names(rows[key]) for key in ("before", "after", "group", "metric")}
    known = {model.name for model in board.models}
    left_out = 0
    for i, value in enumerate(rows["difference"]):
        low, high = rows["ci_low"][i], rows["ci_high"][i]
        before, after = names["before"][i], names["after"][i]
        if {before, after} - known or low is None or high is None or _flaw(value, low, high):
            left_out += 1
            continue
        board.differences.append(
            Difference(
                before,
                after,
                names["metric"][i],
                names["group"][i],
                value=value,
                low=low,
                high=high,
                items=rows["items"][i],
            )
        )
    if left_out:
        board.problems.append(
            f"{left_out} differences cannot be right, or are of models that are not here: left out"
        )
