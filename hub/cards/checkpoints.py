"""The checkpoints of a run on its card: what each scored, which one a rule takes."""

from collections.abc import Mapping, Sequence
from typing import Any

from hub.cards.markdown import table


def render(rows: Sequence[Mapping[str, Any]], picture: str = "") -> str:
    """The section for rows of `checkpoints.json`; empty without any."""
    if not rows:
        return ""
    groups = sorted({group for row in rows for group in row["scores"]})
    lines = [
        (
            str(row["checkpoint"]),
            f"{row['step']:,}",
            f"{row['tokens']:,}",
            *(f"{row['scores'][group]:.4f}" for group in groups),
            "yes" if row["chosen"] else "",
        )
        for row in rows
    ]
    measure = str(rows[0]["measure"]).replace("_", " ")
    header = (
        "checkpoint", "step", "tokens seen", *(f"{measure}, {group}" for group in groups), "chosen",
    )  # fmt: skip
    shown = f"\n![Scores over tokens seen]({picture})\n" if picture else ""
    return f"""## What its checkpoints score

By the rule {rows[0]["rule"]}, **{rows[0]["basis"]}**. This repository holds the end of the run.
{shown}
{table(header, lines, right=range(1, len(header) - 1))}

"""
