"""What a release publishes about the adaptation itself; each file is optional.

front.json            the points of every sweep: merge, candidate (t=0.25), measure, on_front,
                      scores by group
checkpoints.parquet   model, step, group, metric, value; may have tokens, ci_low, ci_high, basis
                      (selected on which split)
calibration.parquet   model, group, confidence, accuracy, items: one row a bin of answers with
                      like confidence; may have ci_low, ci_high, ece, brier
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from source import read_json
from tables import Unreadable, read_arrays, tame

Fetch = Callable[[str], Path | None]

CHECKPOINTS = dict.fromkeys(("model", "group", "metric"), pa.string()) | dict.fromkeys(
    ("step", "value"), pa.float64()
)
CHECKPOINTS_OPTIONAL = dict.fromkeys(("tokens", "ci_low", "ci_high"), pa.float64()) | {
    "basis": pa.string()
}
CALIBRATION = dict.fromkeys(("model", "group"), pa.string()) | dict.fromkeys(
    ("confidence", "accuracy", "items"), pa.float64()
)
CALIBRATION_OPTIONAL = dict.fromkeys(("ci_low", "ci_high", "ece", "brier"), pa.float64())
MAX_POINTS = 20_000
_STEP = re.compile(r"\w+=(\d+(?:\.\d+)?)")


def read_adaptation(fetch: Fetch) -> dict[str, Any]:
    found: dict[str, Any] = {"problems": []}
    readers: Mapping[str, tuple[str, Callable[[Path], list[dict[str, Any]]]]] = {
        "front": ("front.json", _front),
        "checkpoints": ("checkpoints.parquet", _checkpoints),
        "calibration": ("calibration.parquet", _calibration),
    }
    for name, (file, take) in readers.items():
        try:
            path = fetch(file)
            found[name] = take(path) if path else []
        except Unreadable as error:
            found[name] = []
            found["problems"].append(str(error))
    return found


def _front(path: Path) -> list[dict[str, Any]]:
    try:
        return [
            {
                "merge": tame(point["merge"]),
                "candidate": tame(point["candidate"]),
                "metric": tame(point["measure"]),
                "at": _at(str(point["candidate"])),
                "scores": {tame(g): float(v) for g, v in point["scores"].items()},
                "on_front": bool(point["on_front"]),
            }
            for point in read_json(path, list)[:MAX_POINTS]
        ]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Unreadable("front.json does not hold what is expected of it") from None


def _at(candidate: str) -> float | None:
    """Where on the sweep's path: 0.25 of `t=0.25`; what is no step of a sweep lies on no path."""
    found = _STEP.fullmatch(candidate)
    return float(found[1]) if found else None


def _checkpoints(path: Path) -> list[dict[str, Any]]:
    return _rows(path, CHECKPOINTS, CHECKPOINTS_OPTIONAL, ("step", "value"))


def _calibration(path: Path) -> list[dict[str, Any]]:
    return _rows(path, CALIBRATION, CALIBRATION_OPTIONAL, ("confidence", "accuracy"))


def _rows(
    path: Path,
    needed: Mapping[str, pa.DataType],
    optional: Mapping[str, pa.DataType],
    numbers: tuple[str, ...],
) -> list[dict[str, Any]]:
    """Rows whose numbers are numbers."""
    columns = {k: v.to_pylist() for k, v in read_arrays(path, needed, optional).items()}
    rows = [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]
    tamed = [{k: tame(v) if isinstance(v, str) else _sound(v) for k, v in r.items()} for r in rows]
    return [row for row in tamed if all(row[name] is not None for name in numbers)][:MAX_POINTS]


def _sound(value: float | None) -> float | None:
    return None if value is None or value != value or abs(value) == float("inf") else value
