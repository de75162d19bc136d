"""The board: every model against every column, ready to be shown. A column is a metric of a group
of tasks, or of one task.

Nothing is computed that the evaluation has not published. What is missing is NaN, and what cannot
be right (not a number, an interval that leaves out its value, two values for one cell) is a flaw
with its reason, and has no value.

    scores.parquet   model, group, metric, value, ci_low, ci_high; may have task, language, source
                     (the printed table it was taken from) and note (what speaks against a value)
    tasks.parquet    the same with `task`: what the groups are made of; optional
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from digits import decimals
from numpy.typing import NDArray
from published import Model, by_family
from tables import Unreadable, read_arrays, tame

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

TEXTS = ("model", "metric", "group", "task", "language", "source", "note")
NUMBERS = ("value", "ci_low", "ci_high")
NEEDED = dict.fromkeys(("model", "group", "metric"), pa.string()) | dict.fromkeys(
    NUMBERS, pa.float64()
)
OPTIONAL = dict.fromkeys(("task", "language", "source", "note"), pa.string())
MAX_CELLS = 4_000_000
"""models × columns; a table of two million different names would have more cells than memory"""

LOWER_IS_BETTER = {
    "bits_per_byte", "brier", "brier_score", "byte_perplexity", "ece", "loss", "perplexity",
    "word_perplexity",
}  # fmt: skip
HIGHER_IS_BETTER = {
    "acc", "acc_norm", "accuracy", "accuracy_percent", "bleu", "exact_match", "f1", "macro_f1",
    "mcc", "micro_f1", "rouge1", "rouge2", "rougeL",
}  # fmt: skip


@dataclass
class Column:
    metric: str
    group: str
    task: str
    """empty: the whole group"""
    language: str
    source: str
    better: str
    """lower, higher, or empty where we do not know the metric"""
    value: Floats
    """by the model's index, like the two ends of its interval; NaN is missing"""
    low: Floats
    high: Floats
    decimals: int | None = None
    flaws: dict[int, str] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        return self.metric, self.group, self.task


@dataclass
class Board:
    models: list[Model]
    columns: list[Column]
    problems: list[str]


def build(scores: Path, described: list[Model], tasks: Path | None = None) -> Board:
    """Both tables as one board; models that only the tables name are known by name alone."""
    parts = [_Part(scores), *([_Part(tasks)] if tasks else [])]
    known = {model.name: model for model in described}
    for part in parts:
        known |= {name: Model(name) for name in part.models if name not in known}
    models = by_family(known.values())
    index = {model.name: i for i, model in enumerate(models)}
    board = Board(models, [], [])
    for part in parts:
        board.columns += part.columns(index)
        if part.nameless:
            board.problems.append(
                f"{part.nameless} rows of {part.file} name no model, group or metric: left out"
            )
    flawed = sum(len(column.flaws) for column in board.columns)
    if flawed:
        board.problems.append(f"{flawed} scores cannot be right and are marked in the table")
    return board


def direction(metric: str) -> str:
    if metric in LOWER_IS_BETTER:
        return "lower"
    return "higher" if metric in HIGHER_IS_BETTER else ""


class _Part:
    """One file: names as codes, numbers as arrays."""

    def __init__(self, path: Path) -> None:
        arrays = read_arrays(path, NEEDED, OPTIONAL)
        self.file = path.name
        coded = {name: encode_names(arrays[name]) for name in TEXTS}
        self.names = {name: names for name, (names, _) in coded.items()}
        whole = np.ones(len(arrays["model"]), dtype=bool)
        for name in ("model", "metric", "group"):
            blank = np.array([not text for text in self.names[name]], dtype=bool)
            whole &= ~blank[coded[name][1]] if len(blank) else whole
        self.nameless = int((~whole).sum())
        self.codes = {name: codes[whole] for name, (_, codes) in coded.items()}
        self.numbers = {
            name: arrays[name].to_numpy(zero_copy_only=False)[whole] for name in NUMBERS
        }
        used = np.unique(self.codes["model"], return_index=True)
        order = np.argsort(used[1])
        self.models = [self.names["model"][code] for code in used[0][order]]

    def columns(self, index: dict[str, int]) -> list[Column]:
        places, keys = self._places()
        if len(keys) * len(index) > MAX_CELLS:
            raise Unreadable(
                f"{self.file} has {len(index)} models by {len(keys)} columns: more than this page"
                " shows"
            )
        model = np.array([index.get(name, 0) for name in self.names["model"]], dtype=np.int64)
        row = model[self.codes["model"]]
        cells = np.full((3, len(keys), len(index)), np.nan)
        flat = places * len(index) + row
        problem = flawed(*(self.numbers[name] for name in NUMBERS))
        counts = np.bincount(flat, minlength=len(keys) * len(index)) if len(flat) else flat
        twice = counts[flat] > 1
        sound = (problem == "") & ~twice
        for number, name in enumerate(NUMBERS):
            cells[number].reshape(-1)[flat[sound]] = self.numbers[name][sound]
        columns = [self._column(key, *cells[:, at]) for at, key in enumerate(keys)]
        for i in np.flatnonzero(~sound):
            reason = "more than one value is published for it" if twice[i] else str(problem[i])
            columns[places[i]].flaws[int(row[i])] = reason
        noted = np.array([bool(text) for text in self.names["note"]], dtype=bool)
        for i in np.flatnonzero(noted[self.codes["note"]]) if len(noted) else ():
            columns[places[i]].notes[int(row[i])] = self.names["note"][self.codes["note"][i]]
        return columns

    def _places(self) -> tuple[Integers, list[dict[str, str]]]:
        """The column of each row, and every column: metrics in order of appearance, then groups
        and tasks in theirs."""
        parts = ("metric", "group", "task", "language")
        key = np.zeros(len(self.codes["model"]), dtype=np.int64)
        for name in parts:
            key = key * len(self.names[name]) + self.codes[name]
        _, first, places = np.unique(key, return_index=True, return_inverse=True)
        metrics: dict[int, int] = {}
        for at in np.sort(first):
            metrics.setdefault(int(self.codes["metric"][at]), len(metrics))
        order = sorted(
            range(len(first)),
            key=lambda i: (metrics[int(self.codes["metric"][first[i]])], first[i]),
        )
        position = np.empty(len(first), dtype=np.int64)
        position[order] = np.arange(len(first))
        keys = [
            {name: self.names[name][self.codes[name][first[i]]] for name in (*parts, "source")}
            for i in order
        ]
        return position[places], keys

    def _column(self, key: dict[str, str], value: Floats, low: Floats, high: Floats) -> Column:
        better = direction(key["metric"])
        return Column(
            key["metric"], key["group"], key["task"], key["language"], key["source"],
            better, value, low, high,
            decimals=decimals((high - low) / 2),
        )  # fmt: skip


def encode_names(array: pa.Array) -> tuple[list[str], Integers]:
    """Names safe to show, each once, and for every row which of them it is; null is empty."""
    coded = array.fill_null("").dictionary_encode()
    names = [tame(text) for text in coded.dictionary.to_pylist()]
    known = {name: i for i, name in enumerate(dict.fromkeys(names))}
    again = np.array([known[name] for name in names], dtype=np.int64)
    codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return list(known), again[codes] if len(codes) else codes


def flawed(value: Floats, low: Floats, high: Floats) -> NDArray[np.object_]:
    """Why these numbers cannot be values and their intervals; empty where they can."""
    ends = (~np.isnan(low)).astype(int) + ~np.isnan(high)
    with np.errstate(invalid="ignore"):
        largest = np.fmax(np.fmax(np.abs(value), np.abs(low)), np.abs(high))
        slack = 1e-9 * np.where(np.isfinite(largest), largest, 0)  # last bits of two computations
        inside = (low - slack <= value) & (value <= high + slack)
    finite = np.isfinite(value)
    bounded = np.isfinite(low) & np.isfinite(high)
    found = np.full(len(value), "", dtype=object)
    for i in np.flatnonzero(~finite | (ends == 1) | ((ends == 2) & ~(bounded & inside))):
        found[i] = _reason(float(value[i]), float(low[i]), float(high[i]), int(ends[i]))
    return found


def _reason(value: float, low: float, high: float, ends: int) -> str:
    if not np.isfinite(value):
        return "its row holds no number" if np.isnan(value) else f"its value is {value}"
    if ends == 1:
        return f"its interval has one end only; its value is {value:.6g}"
    if not (np.isfinite(low) and np.isfinite(high)):
        return f"its interval is {low} to {high}; its value is {value:.6g}"
    return f"its interval, {low:.6g} to {high:.6g}, leaves out its value, {value:.6g}"


def score_rows(board: Board) -> list[dict[str, Any]]:
    """Every score there is, for programs."""
    return [
        {
            "model": model.name, "group": column.group, "task": column.task,
            "metric": column.metric, "value": _number(column.value[i]),
            "ci_low": _number(column.low[i]), "ci_high": _number(column.high[i]),
            "problem": column.flaws.get(i), "note": column.notes.get(i),
        }
        for column in board.columns
        for i, model in enumerate(board.models)
        if column.value[i] == column.value[i] or i in column.flaws
    ]  # fmt: skip


def _number(value: float) -> float | None:
    return None if value != value else float(value)
