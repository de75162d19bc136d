"""The front of a sweep on a card: every candidate, what it scored, which one was taken."""

from collections.abc import Mapping, Sequence
from typing import Any

from hub.cards.markdown import table


def render(rows: Sequence[Mapping[str, Any]], links: Mapping[str, str], picture: str = "") -> str:
    """The section for rows of `front.json`; empty without any."""
    if not rows:
        return ""
    groups = sorted({group for row in rows for group in row["scores"]})
    lines = [
        (
            links.get(str(row["candidate"]), str(row["candidate"])),
            *(f"{row['scores'][group]:.4f}" for group in groups),
            "yes" if row["on_front"] else "no",
            "yes" if row["chosen"] else "",
        )
        for row in rows
    ]
    measure = str(rows[0]["measure"]).replace("_", " ")
    header = ("candidate", *(f"{measure}, {group}" for group in groups), "on the front", "chosen")
    shown = f"\n![Candidates, domain against general text]({picture})\n" if picture else ""
    return f"""## What other merges would have given

{rows[0]["merge"]}: candidates that were interpolated in memory and evaluated on the validation
split, which no figure above uses. On the front: no other is at least as good in every group and
better in one.
{shown}
{table(header, lines, right=range(1, len(groups) + 1))}

"""
