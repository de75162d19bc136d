"""The Parquet files of a results repo: their columns, which other programs read by name."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from release.table import Difference

SCORES = {
    "model": str,
    "group": str,
    "metric": str,
    "value": float,
    "ci_low": float,
    "ci_high": float,
}
TASKS = {
    "model": str, "task": str, "group": str, "metric": str, "value": float, "ci_low": float,
    "ci_high": float, "n": int, "stderr": float, "method": str,
}  # fmt: skip
CALIBRATION = {
    "model": str, "group": str, "low": float, "high": float, "items": int, "confidence": float,
    "accuracy": float, "ci_low": float, "ci_high": float, "ece": float, "brier": float,
}  # fmt: skip
CHECKPOINTS = {
    "model": str, "checkpoint": str, "step": int, "tokens": int, "group": str, "metric": str,
    "value": float, "basis": str,
}  # fmt: skip
DIFFERENCES = {
    "before": str, "after": str, "group": str, "metric": str, "difference": float,
    "ci_low": float, "ci_high": float, "items": int, "p_value": float, "p_adjusted": float,
    "family": str, "verdict": str,
}  # fmt: skip


def difference(found: Difference) -> dict[str, Any]:
    row = asdict(found.change)
    return row | {
        "metric": "bits_per_byte",
        "items": row["documents"],
        "p_adjusted": found.p_adjusted,
        "family": found.family,
        "verdict": found.verdict,
    }


def checkpoint(point: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row a group; a point of a curve as `release.checkpoints` writes it."""
    said = {name: point[name] for name in ("checkpoint", "step", "tokens", "basis")}
    said |= {"model": point["run"], "metric": point["measure"]}
    return [said | {"group": group, "value": value} for group, value in point["scores"].items()]


def write(path: Path, rows: list[dict[str, Any]], columns: Mapping[str, type]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    types = {str: pa.string(), float: pa.float64(), int: pa.int64()}
    schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.Table.from_pylist(rows, schema=schema), path)
