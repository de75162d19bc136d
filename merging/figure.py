"""The front of a sweep as a picture: general text across, the domain upwards, better is lower."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from merging.settings import MergeError


def draw(rows: Sequence[Mapping[str, Any]], domain: str, general: str) -> bytes:
    """A PNG of the points of one sweep (rows of front.json); the same bytes for the same rows."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MergeError("the figure needs its extra: pip install 'imprimatur[merging]'") from None
    figure = Figure(figsize=(6.4, 4.4), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    words = str(rows[0]["measure"]).replace("_", " ")
    front = sorted(
        (row["scores"][general], row["scores"][domain]) for row in rows if row["on_front"]
    )
    axes.plot(*zip(*front, strict=True), color="0.6", linewidth=1, zorder=1, label="front")
    for row in rows:
        x, y = row["scores"][general], row["scores"][domain]
        marker = "*" if row["chosen"] else "o" if row["on_front"] else "x"
        axes.scatter(x, y, s=140 if row["chosen"] else 36, marker=marker, color="C0", zorder=2)
        axes.annotate(
            str(row["candidate"]),
            (x, y),
            xytext=(5, 5 if row["on_front"] or row["chosen"] else -11),
            textcoords="offset points",
            fontsize=8,
        )
    axes.set_xlabel(f"{general}, {words}")
    axes.set_ylabel(f"{domain}, {words}")
    axes.set_title(f"{rows[0]['merge']}: candidates on validation tasks (★ chosen)", fontsize=10)
    stream = BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()
