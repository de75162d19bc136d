"""What a judge and people found about open answers, as the evaluation published it.

    judged.parquet   figure, model, against, what, value, ci_low, ci_high, n, without_verdict,
                     p_adjusted, note: a row a figure; optional

figure is one of win-rate, failure-mode, failure-mode-change, safety, safety-change, agreement,
position, warning. A value that is no number is none.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from board import flawed
from digits import decimals
from tables import read_arrays, tame

TEXTS = ("figure", "model", "against", "what")
NUMBERS = ("value", "ci_low", "ci_high")
NEEDED = dict.fromkeys(TEXTS, pa.string()) | dict.fromkeys(NUMBERS, pa.float64())
OPTIONAL = {
    "note": pa.string(), "p_adjusted": pa.float64(), "n": pa.int64(),
    "without_verdict": pa.int64(),
}  # fmt: skip
MAX_ROWS = 20_000
MAX_NOTE = 600


def read_judged(path: Path) -> list[dict[str, Any]]:
    """Rows to show; a figure that cannot be right has no value and says why."""
    arrays = {name: found[:MAX_ROWS] for name, found in read_arrays(path, NEEDED, OPTIONAL).items()}
    numbers = [arrays[name].to_numpy(zero_copy_only=False) for name in NUMBERS]
    reasons = flawed(*numbers)
    places = decimals((numbers[2] - numbers[1]) / 2)
    columns = {name: array.to_pylist() for name, array in arrays.items()}
    found = []
    for i, reason in enumerate(reasons):
        row = {name: tame(columns[name][i] or "") for name in TEXTS}
        row["note"] = tame(columns["note"][i] or "", MAX_NOTE)
        row |= {name: columns[name][i] for name in ("n", "without_verdict")}
        for name in (*NUMBERS, "p_adjusted"):
            value = columns[name][i]
            row[name] = value if value is not None and np.isfinite(value) and not reason else None
        row["problem"] = "" if columns["value"][i] is None else str(reason)
        found.append(row | {"decimals": places})
    return found
