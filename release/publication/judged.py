"""What the judge found, for the results dataset, its card and the Space.

    judge/          judge.json, verdicts.parquet, modes.parquet, safety.parquet, as they were made
    judged.parquet  every figure of them in one table, a row each:

    figure          win-rate, failure-mode, failure-mode-change, safety, safety-change, agreement,
                    position, warning
    model, against  the later model and the earlier one; of an agreement the two who judged
    what            the failure mode or the check
    value, ci_low, ci_high, n, p_adjusted
    without_verdict answers of the judge that are no verdict, and nobody's win
    note            a warning's sentence; verdicts by kind

No text of a query, an answer or a reason is in any of them.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hub.disk import place
from hub.manifest import Artefact, verify_payload

FOLDER = "judge"
TABLE = "judged.parquet"
TEXTS = ("figure", "model", "against", "what", "note")
FIGURES = ("value", "ci_low", "ci_high", "p_adjusted")
COUNTS = ("n", "without_verdict")


def publish(judge: Artefact, folder: Path) -> list[dict[str, Any]]:
    """Put the records and the table into a results repo; returns the rows."""
    verify_payload(judge)
    for file in judge.manifest.files:
        place(judge.folder / file.path, folder / FOLDER / file.path)
    found = list(rows(json.loads((judge.folder / "judge.json").read_bytes())))
    _write(folder / TABLE, found)
    return found


def rows(said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """From `judge.json`; a rate that could not be told has no value, and its counts."""
    for sentence in said["warnings"]:
        yield _row("warning", note=sentence)
    if said["position"]:
        yield _row("position", rate=said["position"])
    for one in said["win_rates"]:
        yield _row(
            "win-rate", one["later"], one["earlier"], "", one["rate"], _verdicts(one),
            without_verdict=sum(one["bad"].values()), p_adjusted=one["p_adjusted"],
        )  # fmt: skip
    without = said["failure_modes_without_verdict"]
    for one in said["failure_modes"]:
        bad = sum(without.get(one["model"], {}).values())
        yield _row("failure-mode", one["model"], "", one["mode"], one["rate"], without_verdict=bad)
    for one in said["failure_mode_changes"]:
        yield _row(
            "failure-mode-change", one["later"], one["earlier"], one["mode"], one["change"],
            p_adjusted=one["p_adjusted"],
        )  # fmt: skip
    for one in said["safety"]:
        yield _row("safety", one["model"], "", one["check"], one["rate"])
    for one in said["safety_changes"]:
        yield _row(
            "safety-change", one["later"], one["earlier"], one["check"], one["change"],
            p_adjusted=one["p_adjusted"],
        )  # fmt: skip
    for one in said["agreement"]:
        kappa = {"value": one["kappa"], "low": one["low"], "high": one["high"], "n": one["n"]}
        yield _row(
            "agreement", one["one"], one["other"], "Cohen's kappa", kappa,
            f"agree on {one['observed']:.0%}",
        )  # fmt: skip


def _verdicts(one: Mapping[str, Any]) -> str:
    """Queries by verdict, and how far those without any could move the rate."""
    counts = ", ".join(f"{count} {kind}" for kind, count in one["counts"].items() if count)
    if not one["bad"] or not one["rate"]:
        return counts
    low, high = one["if_lost"], one["if_won"]
    return f"{counts}; between {low:.2f} and {high:.2f} had the bad gone one way"


def _row(
    figure: str,
    model: str = "",
    against: str = "",
    what: str = "",
    rate: Mapping[str, Any] | None = None,
    note: str = "",
    without_verdict: int = 0,
    p_adjusted: float | None = None,
) -> dict[str, Any]:
    found = rate or {}
    return {
        "figure": figure, "model": model, "against": against, "what": what,
        "value": found.get("value"), "ci_low": found.get("low"), "ci_high": found.get("high"),
        "n": found.get("n"), "without_verdict": without_verdict,
        "p_adjusted": p_adjusted if found else None, "note": note,
    }  # fmt: skip


def _write(path: Path, found: list[dict[str, Any]]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema(
        [(name, pa.string()) for name in TEXTS]
        + [(name, pa.float64()) for name in FIGURES]
        + [(name, pa.int64()) for name in COUNTS]
    )
    parquet.write_table(pa.Table.from_pylist(found, schema=schema), path)
