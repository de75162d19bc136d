"""What is behind a difference: the questions whose answer changed from one model to another.

    samples/MODEL.parquet   task, group, measure, item, text_sha256, correct,
                            log_likelihood, num_bytes

Ids and outcomes, never texts. Only questions that both models were asked, with the same words, are
set side by side; nothing is averaged here.
"""

import math
from pathlib import Path
from typing import Any

import pyarrow as pa
from tables import Unreadable, read_rows, tame

SAMPLES = {
    **dict.fromkeys(("task", "group", "measure", "item", "text_sha256"), pa.string()),
    "log_likelihood": pa.float64(),
    "num_bytes": pa.int64(),
    "correct": pa.bool_(),
}
MAX_SHOWN = 200

Key = tuple[str, str, str]
Outcome = bool | float


def compare(before: Path, after: Path, group: str, metric: str) -> dict[str, Any]:
    """The items of a group whose outcome changed, the largest changes first."""
    old, new = _outcomes(before, group, metric), _outcomes(after, group, metric)
    if not old or not new:
        raise Unreadable(f"no answers are published for {tame(group)}, {tame(metric)}")
    shared = [key for key in old if key in new]
    changed = [key for key in shared if old[key] != new[key]]
    changed.sort(key=lambda key: (-abs(new[key] - old[key]), key))
    return {
        "asked": len(shared),
        "not_shared": len(old.keys() ^ new.keys()),
        "gained": sum(new[key] > old[key] for key in shared),
        "lost": sum(new[key] < old[key] for key in shared),
        "changed": [
            {"task": tame(key[0]), "item": tame(key[1]), "before": old[key], "after": new[key]}
            for key in changed[:MAX_SHOWN]
        ],
        "left_out": max(0, len(changed) - MAX_SHOWN),
    }


def _outcomes(path: Path, group: str, metric: str) -> dict[Key, Outcome]:
    rows = read_rows(path, SAMPLES)
    found: dict[Key, Outcome] = {}
    for i, measure in enumerate(rows["measure"]):
        if measure != metric or rows["group"][i] != group:
            continue
        outcome = _outcome(rows["correct"][i], rows["log_likelihood"][i], rows["num_bytes"][i])
        if outcome is not None:
            key = (str(rows["task"][i]), str(rows["item"][i]), str(rows["text_sha256"][i]))
            found[key] = outcome
    return found


def _outcome(
    correct: bool | None, log_likelihood: float | None, num_bytes: int | None
) -> Outcome | None:
    """Right or wrong; else the bits per byte of this one text."""
    if correct is not None:
        return correct
    if log_likelihood is None or not num_bytes or not math.isfinite(log_likelihood):
        return None
    return float(f"{-log_likelihood / math.log(2) / num_bytes:.6g}")
