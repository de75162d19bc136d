"""Differences and ranks as the evaluation published them; nothing is subtracted or judged here.

    differences.parquet   before, after, group, metric, difference, ci_low, ci_high, items: paired,
                          `after` minus `before`; since 0.1 also p_value, p_adjusted, family,
                          verdict, and task where it is of one task
    ranks.parquet         model, group, metric, rank, rank_low, rank_high, tie: places among the
                          models of the table; tie 1 are those that cannot be told apart from the
                          first, tie 2 those from the first of the others, and so on

Both are given for one base or one board at a time: 5,000 models have too many pairs for one answer.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from board import Board, encode_names, flawed
from digits import decimals
from numpy.typing import NDArray
from tables import read_arrays, tame

NEEDED = dict.fromkeys(("before", "after", "group", "metric"), pa.string()) | dict.fromkeys(
    ("difference", "ci_low", "ci_high"), pa.float64()
)
OPTIONAL = (
    dict.fromkeys(("task", "family", "verdict"), pa.string())
    | dict.fromkeys(("p_value", "p_adjusted"), pa.float64())
    | {"items": pa.int64()}
)
VERDICTS = {
    "better": "better", "worse": "worse", "no clear difference": "unclear", "none": "unclear",
}  # fmt: skip
PLACES = ("rank", "rank_low", "rank_high")
RANKS = (
    dict.fromkeys(("model", "group", "metric"), pa.string())
    | dict.fromkeys(PLACES, pa.float64())
    | {"tie": pa.int64()}
)
RANKS_OPTIONAL = {"task": pa.string()}
MAX_GIVEN = 200_000


@dataclass
class Differences:
    """One file, whole; `between` picks from it."""

    path: Path
    board: Board

    @cached_property
    def _read(self) -> tuple[dict[str, Any], dict[str, tuple[list[str], Any]], NDArray[np.bool_]]:
        arrays = read_arrays(self.path, NEEDED, OPTIONAL)
        names = ("before", "after", "group", "metric", "task", "family", "verdict")
        coded = {name: encode_names(arrays[name]) for name in names}
        numbers = {
            name: arrays[name].to_numpy(zero_copy_only=False)
            for name in ("difference", "ci_low", "ci_high", "p_value", "p_adjusted", "items")
        }
        ends = numbers["ci_low"], numbers["ci_high"]
        sound = flawed(numbers["difference"], *ends) == ""
        sound &= np.isfinite(ends[0])
        here = {model.name for model in self.board.models}
        for name in ("before", "after"):
            texts, codes = coded[name]
            if texts:
                sound &= np.array([text in here for text in texts])[codes]
        return numbers, coded, sound

    @property
    def problem(self) -> str:
        left_out = int((~self._read[2]).sum())
        if not left_out:
            return ""
        return (
            f"{left_out} differences cannot be right, or are of models that are not here: left out"
        )

    @property
    def bases(self) -> list[str]:
        """The models that something was compared with, in the order of the board."""
        _, coded, sound = self._read
        texts, codes = coded["before"]
        named = {texts[code] for code in np.unique(codes[sound])}
        return [model.name for model in self.board.models if model.name in named]

    def between(self, name: str) -> dict[str, Any]:
        """All that have `name` on one side; without a name, each model against the base of its
        family. A pair read from its other end changes its sign."""
        _, coded, sound = self._read
        chosen = np.zeros(len(sound), dtype=bool)
        for side in ("before", "after"):
            texts, codes = coded[side]
            if name in texts:
                chosen |= codes == texts.index(name)
        if not name:
            chosen = self._to_their_own
        picked = np.flatnonzero(chosen & sound)[:MAX_GIVEN]
        rows = [self._row(i, name or None) for i in picked]
        by_column: dict[tuple[str, ...], list[float]] = {}
        for row in rows:
            column = row["metric"], row["group"], row["task"]
            by_column.setdefault(column, []).append((row["high"] - row["low"]) / 2)
        places = {column: decimals(np.array(half)) for column, half in by_column.items()}
        for row in rows:
            row["decimals"] = places[row["metric"], row["group"], row["task"]]
        return {"base": tame(name), "rows": rows}

    @property
    def _to_their_own(self) -> NDArray[np.bool_]:
        _, coded, sound = self._read
        family = {model.name: model.family for model in self.board.models}
        before, after = coded["before"], coded["after"]
        place = {name: i for i, name in enumerate(before[0])}
        wanted = np.array(
            [place.get(family.get(name, ""), -1) for name in after[0]], dtype=np.int64
        )
        return wanted[after[1]] == before[1] if len(wanted) else sound & False

    def rows(self) -> list[dict[str, Any]]:
        """For programs: every difference, `after` minus `before`."""
        sound = self._read[2]
        return [self._named(i) for i in np.flatnonzero(sound)[:MAX_GIVEN]]

    def _named(self, i: int) -> dict[str, Any]:
        numbers, coded, _ = self._read
        row: dict[str, Any] = {name: texts[codes[i]] for name, (texts, codes) in coded.items()}
        for name, values in numbers.items():
            value = float(values[i])
            row[name] = None if value != value else int(value) if name == "items" else value
        return row

    def _row(self, i: int, base: str | None) -> dict[str, Any]:
        found = self._named(i)
        back = base is not None and found["before"] != base
        value, low, high = found["difference"], found["ci_low"], found["ci_high"]
        mark = VERDICTS.get(found["verdict"], "")
        if back:
            value, low, high = -value, -high, -low
            mark = {"better": "worse", "worse": "better"}.get(mark, mark)
        return {
            "model": found["before"] if back else found["after"],
            "metric": found["metric"], "group": found["group"], "task": found["task"],
            "value": value, "low": low, "high": high, "items": found["items"], "mark": mark,
            "p": found["p_value"], "p_adjusted": found["p_adjusted"], "family": found["family"],
        }  # fmt: skip


def read_ranks(path: Path) -> list[dict[str, Any]]:
    """Places with their intervals, as they are published."""
    arrays = read_arrays(path, RANKS, RANKS_OPTIONAL)
    coded = {name: encode_names(arrays[name]) for name in ("model", "group", "metric", "task")}
    numbers = [arrays[name].to_numpy(zero_copy_only=False) for name in PLACES]
    ties = arrays["tie"].to_pylist()
    return [
        {name: texts[codes[i]] for name, (texts, codes) in coded.items()}
        | {name: float(values[i]) for name, values in zip(PLACES, numbers, strict=True)}
        | {"tie": ties[i]}
        for i in np.flatnonzero(flawed(*numbers) == "")[:MAX_GIVEN]
        if np.isfinite(numbers[1][i])
    ]
