"""What a judge and people found about open answers, on the card of the results."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hub.cards.markdown import table

Row = Mapping[str, Any]


def render(rows: Sequence[Row], links: Mapping[str, str]) -> str:
    """The section for the rows of `judged.parquet`; empty without any."""
    if not rows:
        return ""
    warnings = "".join(f"> {row['note']}\n\n" for row in _of(rows, "warning"))
    parts = [_win_rates(rows, links), _modes(rows), _safety(rows), _agreement(rows)]
    return f"""## Open answers, judged

By a language model, both orders of every pair; an answer of it that is no verdict is counted and
nobody's win. Every figure: `judged.parquet`; every verdict by id: `judge/`. Queries, answers and
reasons are not published.

{warnings}{"".join(f"{part}{chr(10)}{chr(10)}" for part in parts if part)}"""


def _of(rows: Iterable[Row], figure: str) -> list[Row]:
    return [row for row in rows if row["figure"] == figure]


def _win_rates(rows: Sequence[Row], links: Mapping[str, str]) -> str:
    lines = [
        (
            links.get(row["model"], row["model"]), links.get(row["against"], row["against"]),
            _rate(row), f"{row['p_adjusted']:.3g}" if row["p_adjusted"] is not None else "–",
            row["note"], str(row["without_verdict"]),
        )
        for row in _of(rows, "win-rate")
    ]  # fmt: skip
    header = ("model", "against", "win-rate", "p, adjusted", "queries by verdict", "no verdict")
    return table(header, lines, right=(2, 3, 5)) if lines else ""


def _modes(rows: Sequence[Row]) -> str:
    return _by_model(_of(rows, "failure-mode"), "failure mode, share of answers")


def _safety(rows: Sequence[Row]) -> str:
    return _by_model(_of(rows, "safety"), "safety check, share passed")


def _by_model(rows: Sequence[Row], head: str) -> str:
    if not rows:
        return ""
    models = list(dict.fromkeys(row["model"] for row in rows))
    found = {(row["what"], row["model"]): row for row in rows}
    lines = [
        (what.replace("_", " "), *(_rate(found[what, model]) for model in models))
        for what in dict.fromkeys(row["what"] for row in rows)
    ]
    return table((head, *models), lines, right=range(1, len(models) + 1))


def _agreement(rows: Sequence[Row]) -> str:
    lines = [
        (f"{row['model']} and {row['against']}", _rate(row), row["note"], str(row["n"]))
        for row in _of(rows, "agreement")
    ]
    header = ("who", "Cohen's kappa", "", "comparisons")
    return table(header, lines, right=(1, 3)) if lines else ""


def _rate(row: Row) -> str:
    if row["value"] is None:
        return "–"
    if row["ci_low"] is None or row["ci_high"] is None:
        return f"{row['value']:.3f}"
    return f"{row['value']:.3f} [{row['ci_low']:.3f}, {row['ci_high']:.3f}]"
