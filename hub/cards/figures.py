"""The figures of cards, from the same numbers as their tables; nothing to draw gives None.

shares    words of a corpus by source
front     what every candidate of a sweep costs and brings
curve     training loss over tokens
progress  what each checkpoint of a run scores over tokens, a line a group
scores    every model's score with its interval, a metric and group
reliability  how often answers of each confidence were right, a panel a group
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hub.cards.sources import Source
from hub.cards.svg import BLUE, GREEN, ORANGE, PURPLE, document, line, text

_LINES = (BLUE, ORANGE, GREEN, PURPLE)
_MOST = 20
"""bars that can be read; what is left is summed up as one"""


class _Axis(NamedTuple):
    """Values `low` to `high` drawn from pixel `start` to pixel `stop`."""

    low: float
    high: float
    start: float
    stop: float

    def at(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return self.start + share * (self.stop - self.start)

    def ticks(self, count: int = 4) -> list[float]:
        step = (self.high - self.low) / count
        return [self.low + step * number for number in range(count + 1)]


def shares(sources: Sequence[Source]) -> str | None:
    rows = sorted(((source.words, source.name) for source in sources if source.words), reverse=True)
    if not rows:
        return None
    if len(rows) > _MOST:
        others = rows[_MOST - 1 :]
        rows = [*rows[: _MOST - 1], (sum(n for n, _ in others), f"{len(others)} other sources")]
    total = sum(words for words, _ in rows)
    axis = _Axis(0, max(rows[0][0], rows[-1][0]), 190, 560)  # the last may sum up many
    parts = []
    for number, (words, source) in enumerate(rows):
        y = 10 + number * 26
        width = max(1.0, axis.at(words) - axis.start)
        parts.append(text(180, y + 14, _short(source), anchor="end"))
        parts.append(
            f'<rect x="190" y="{y}" width="{width:.1f}" height="18" rx="3" fill="{BLUE}"/>'
        )
        parts.append(text(198 + width, y + 14, f"{words:,} words ({words / total:.0%})"))
    return document(740, 20 + len(rows) * 26, "Words by source", parts)


def front(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """`rows` of one sweep, as in front.json; two groups make a plane."""
    groups = sorted({group for row in rows for group in row["scores"]})
    if len(groups) != 2:
        return None
    across, up = groups
    x = _axis([float(row["scores"][across]) for row in rows], 70, 600)
    y = _axis([float(row["scores"][up]) for row in rows], 330, 30)
    measure = str(rows[0]["measure"]).replace("_", " ")
    parts = _frame(x, y, f"{measure}, {across}", f"{measure}, {up}")
    steps = sorted((row["scores"][across], row["scores"][up]) for row in rows if row["on_front"])
    path = " ".join(f"{x.at(a):.1f},{y.at(b):.1f}" for a, b in steps)
    parts.append(f'<polyline points="{path}" fill="none" stroke="{GREEN}" stroke-dasharray="5 4"/>')
    for number, row in enumerate(sorted(rows, key=lambda row: float(row["scores"][across]))):
        a, b = x.at(row["scores"][across]), y.at(row["scores"][up])
        colour = GREEN if row["on_front"] else ORANGE
        size = 8 if row["chosen"] else 5
        parts.append(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{size}" fill="{colour}"/>')
        anchor, offset = ("end", -9 - size) if a > 480 else ("start", 4 + size)
        words = f"{row['candidate']} (chosen)" if row["chosen"] else str(row["candidate"])
        parts.append(text(a + offset, b + (15 if number % 2 else -7), words, 11, anchor))
    parts += [
        text(600, 20, "on the front", anchor="end", colour=GREEN),
        text(500, 20, "not on it", anchor="end", colour=ORANGE),
    ]
    return document(640, 380, "What every candidate costs and brings", parts)


def curve(points: Sequence[Mapping[str, Any]]) -> str | None:
    """`points`: {tokens, loss} as training wrote them."""
    drawn = [
        (float(p["tokens"]), float(p["loss"])) for p in points if "loss" in p and "tokens" in p
    ]
    if len(drawn) < 2:
        return None
    every = max(1, len(drawn) // 400)  # more points than pixels make a figure heavy, not clearer
    drawn = [*drawn[:-1:every], drawn[-1]]
    x = _Axis(0, max(a for a, _ in drawn), 70, 600)
    y = _axis([b for _, b in drawn], 330, 30)
    parts = _frame(x, y, "tokens seen", "training loss, nats per token")
    path = " ".join(f"{x.at(a):.1f},{y.at(b):.1f}" for a, b in drawn)
    parts.append(f'<polyline points="{path}" fill="none" stroke="{BLUE}" stroke-width="1.5"/>')
    return document(640, 380, "Training loss", parts)


def progress(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """`rows`: {tokens, measure, scores by group, chosen}, as in checkpoints.json."""
    if len(rows) < 2:
        return None
    groups = sorted({group for row in rows for group in row["scores"]})
    x = _Axis(0, max(float(row["tokens"]) for row in rows), 70, 560)
    y = _axis([float(value) for row in rows for value in row["scores"].values()], 330, 30)
    parts = _frame(x, y, "tokens seen", str(rows[0]["measure"]).replace("_", " "))
    for number, group in enumerate(groups):
        colour = _LINES[number % len(_LINES)]
        points = [
            (x.at(float(row["tokens"])), y.at(float(row["scores"][group])), row["chosen"])
            for row in rows
        ]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b, _ in points)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        )
        parts += [
            f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{8 if chosen else 4}" fill="{colour}"/>'
            for a, b, chosen in points
        ]
        parts.append(text(points[-1][0] + 10, points[-1][1] + 4, group, 11, colour=colour))
    parts.append(text(560, 20, "large: chosen", anchor="end"))
    return document(640, 380, "What every checkpoint scores", parts)


def scores(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """`rows`: {model, group, metric, value, ci_low, ci_high}; one panel a metric and group."""
    panels = list(dict.fromkeys((str(row["metric"]), str(row["group"])) for row in rows))
    parts: list[str] = []
    top = 0.0
    for metric, group in panels:
        mine = [row for row in rows if (row["metric"], row["group"]) == (metric, group)]
        ends = [float(row[key]) for row in mine for key in ("ci_low", "ci_high")]
        x = _axis(ends, 200, 600)
        better = "lower" if metric == "bits_per_byte" else "higher"
        parts.append(
            text(10, top + 18, f"{metric.replace('_', ' ')}, {group} ({better} is better)", 13)
        )
        for number, row in enumerate(mine):
            y = top + 40 + number * 24
            low, high, at = (x.at(float(row[k])) for k in ("ci_low", "ci_high", "value"))
            parts.append(text(190, y + 4, _short(str(row["model"])), anchor="end"))
            parts.append(line(low, y, high, y, BLUE, 2))
            parts.append(f'<circle cx="{at:.1f}" cy="{y:g}" r="4.5" fill="{BLUE}"/>')
            parts.append(text(612, y + 4, f"{row['value']:.3f}"))
        bottom = top + 34 + len(mine) * 24
        parts.append(line(200, bottom, 600, bottom))
        parts += [text(x.at(tick), bottom + 14, f"{tick:.2f}", 10, "middle") for tick in x.ticks()]
        top = bottom + 30
    return document(680, top, "Scores with their intervals", parts) if panels else None


def reliability(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """`rows` of calibration.parquet: {model, group, confidence, accuracy, ci_low, ci_high, ece}."""
    groups = list(dict.fromkeys(str(row["group"]) for row in rows))
    models = list(dict.fromkeys(str(row["model"]) for row in rows))
    parts: list[str] = []
    for number, group in enumerate(groups):
        top = number * 400.0
        x, y = _Axis(0, 1, 70, 370), _Axis(0, 1, top + 330, top + 30)
        parts += _frame(x, y, f"confidence, {group}", "share that was right")
        parts.append(line(x.start, y.start, x.stop, y.stop))
        for place, (model, colour) in enumerate(zip(models, _LINES, strict=False)):
            mine = [row for row in rows if (row["group"], row["model"]) == (group, model)]
            if not mine:
                continue
            at = [(x.at(float(row["confidence"])), y.at(float(row["accuracy"]))) for row in mine]
            path = " ".join(f"{a:.1f},{b:.1f}" for a, b in at)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}"/>')
            for (a, b), row in zip(at, mine, strict=True):
                parts.append(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="4" fill="{colour}"/>')
                parts.append(line(a, y.at(row["ci_low"]), a, y.at(row["ci_high"]), colour))
            words = f"{_short(model)}, calibration error {mine[0]['ece']:.3f}"
            parts.append(text(390, top + 50 + place * 20, words, colour=colour))
        if len(models) > len(_LINES):
            parts.append(text(390, top + 140, f"and {len(models) - len(_LINES)} others, not drawn"))
    return document(680, 400.0 * len(groups), "Confidence and truth", parts) if groups else None


def _axis(values: Sequence[float], start: float, stop: float) -> _Axis:
    low, high = min(values), max(values)
    room = (high - low) * 0.08 or abs(high) * 0.05 or 1.0
    return _Axis(low - room, high + room, start, stop)


def _frame(x: _Axis, y: _Axis, across: str, up: str) -> list[str]:
    parts = [line(x.start, y.start, x.stop, y.start), line(x.start, y.start, x.start, y.stop)]
    for tick in x.ticks():
        parts.append(text(x.at(tick), y.start + 16, _number(tick), 11, "middle"))
        parts.append(line(x.at(tick), y.start, x.at(tick), y.start + 4))
    for tick in y.ticks():
        parts.append(text(x.start - 8, y.at(tick) + 4, _number(tick), 11, "end"))
        parts.append(line(x.start - 4, y.at(tick), x.start, y.at(tick)))
    parts.append(text((x.start + x.stop) / 2, y.start + 36, across, 12, "middle"))
    parts.append(text(x.start - 50, y.stop - 12, up))
    return parts


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def _short(name: str) -> str:
    return name if len(name) <= 26 else name[:25] + "…"
