"""The page of a judged release: one HTML file that loads nothing from anywhere.

It quotes answers and reasons, so it lies with what is never published.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from evaluation.judge.answers import Answer
from evaluation.judge.figures import Figures, warnings
from evaluation.judge.pairwise import Comparison
from evaluation.judge.rates import Change, Rate
from evaluation.judge.safety import CHECKS

EXAMPLES = 12
QUOTED = 1200
"""characters of an answer"""

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;
color:#1a1a1a;background:#fff}
table{border-collapse:collapse;margin:1rem 0}caption{text-align:left;font-weight:600}
th,td{border-bottom:1px solid #ccc;padding:.3rem .7rem;text-align:left;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.warn{border-left:.3rem solid #a33;padding:.2rem .8rem;background:#fbeeee}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f5f5f5;padding:.6rem;margin:.3rem 0}
.scroll{overflow-x:auto}
@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}pre{background:#242424}
.warn{background:#3a1f1f}th,td{border-color:#444}}
"""


def page(
    figures: Figures,
    comparisons: Sequence[Comparison],
    answers: Mapping[tuple[str, str], Answer],
) -> str:
    settings = figures.settings
    sure = f"{settings.confidence:.0%} intervals; p-values adjusted ({settings.correction})"
    parts = [
        "<h1>Judged answers</h1>",
        _paragraph(
            f"{figures.num_queries} queries of {settings.queries.name}, judged by {figures.judge}."
            f" {sure}. This page quotes answers: it is not for publication."
        ),
        *(f'<p class="warn">{escape(line)}</p>' for line in warnings(figures)),
        _win_rates(figures),
        _biases(figures),
        _modes(figures),
        _safety(figures),
        _answers(figures),
        _agreement(figures),
        _costs(figures),
        _examples(comparisons, answers),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';'
        " style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width"><title>Judged answers</title>'
        f"<style>{_STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


def _win_rates(figures: Figures) -> str:
    lines = []
    for one in figures.win_rates:
        counts = one.counts
        bad = ", ".join(f"{count} {name}" for name, count in one.bad.items()) or "0"
        lines.append(
            (
                f"{one.later} against {one.earlier}", _rate(one.rate), f"{one.p_adjusted:.3g}",
                *(str(counts[n]) for n in ("later", "earlier", "tie", "flipped", "bad")), bad,
                f"{one.if_lost:.3f} to {one.if_won:.3f}", _rate(one.position),
            )
        )  # fmt: skip
    heads = (
        "Pair", "Win-rate", "p", "Won", "Lost", "Tied", "Flipped", "Bad queries",
        "Answers without a verdict", "Were all bad ones lost, or won", "First position wins",
    )  # fmt: skip
    return _table("Win-rates, both orders, ties as half", heads, lines) + _paragraph(
        "Flipped: the verdict followed the order, so it counts as half. A query with a bad answer"
        " in either order is in no rate."
    )


def _biases(figures: Figures) -> str:
    lines = [
        ("The answer shown first wins", _rate(figures.position)),
        ("The longer answer wins", _rate(figures.length)),
    ]
    return _table("Does the judge look at the answers? 0.5 is fair", ("", "Share"), lines)


def _modes(figures: Figures) -> str:
    settings = figures.settings
    rates = {(m.model, m.mode): m.rate for m in figures.modes}
    models = list(settings.models)
    lines = [
        (mode, *(_rate(rates[(model, mode)]) for model in models))
        for mode in settings.failure_modes
    ]
    changes = [
        (f"{c.earlier} to {c.later}", c.mode, _change(c.change), f"{c.p_adjusted:.3g}")
        for c in figures.mode_changes
    ]
    bad = [
        (model, ", ".join(f"{count} {name}" for name, count in counts.items()))
        for model, counts in figures.bad_modes.items()
    ]
    return (
        _table("Failure modes: share of the answers", ("", *models), lines)
        + _table("Failure modes: paired differences", ("", "Mode", "Change", "p"), changes)
        + _table("Failure modes: answers without a verdict", ("Model", "How"), bad)
    )


def _safety(figures: Figures) -> str:
    models = list(figures.settings.models)
    rates = {(s.model, s.check): s.rate for s in figures.safety}
    lines = [(name, *(_rate(rates.get((m, name))) for m in models)) for name in CHECKS]
    changes = [
        (f"{c.earlier} to {c.later}", c.check, _change(c.change), f"{c.p_adjusted:.3g}",
         ", ".join(c.lost))
        for c in figures.safety_changes
    ]  # fmt: skip
    return _table(
        "Safety set: share passed", ("", *models), lines if figures.safety else []
    ) + _table("Safety set: what changed", ("", "Check", "Change", "p", "Lost"), changes)


def _answers(figures: Figures) -> str:
    lines = [
        (model, *(f"{of[name]:.0f}" for name in ("median_words", "cut", "empty", "too_long")))
        for model, of in figures.lengths.items()
    ]
    heads = ("Model", "Median words", "Cut at the limit", "Empty", "Question too long")
    return _table("Answers, without a judge", heads, lines)


def _agreement(figures: Figures) -> str:
    lines = [
        (
            f"{one.one} and {one.other}", str(one.n),
            "" if not one.n else f"{one.observed:.2f}",
            "not defined" if one.kappa is None or one.low is None or one.high is None
            else f"{one.kappa:.2f} [{one.low:.2f}, {one.high:.2f}]",
        )
        for one in figures.agreement
    ]  # fmt: skip
    heads = ("Who", "Comparisons", "Agree on", "Cohen's kappa")
    return _table("Judge and people", heads, lines)


def _costs(figures: Figures) -> str:
    return _paragraph("Asked in this run: " + "; ".join(map(str, figures.costs)) + ".")


def _examples(comparisons: Sequence[Comparison], answers: Mapping[tuple[str, str], Answer]) -> str:
    """Of every kind of verdict in turn, so that the odd ones are seen."""
    kinds: dict[str, list[Comparison]] = {}
    for one in comparisons:
        kinds.setdefault(one.verdict, []).append(one)
    chosen: list[Comparison] = []
    while len(chosen) < EXAMPLES and any(kinds.values()):
        chosen += [of.pop(0) for of in kinds.values() if of]
    return "<h2>Examples</h2>" + "".join(_example(one, answers) for one in chosen[:EXAMPLES])


def _example(one: Comparison, answers: Mapping[tuple[str, str], Answer]) -> str:
    shown = one.orders[0]
    texts = "".join(
        f"<p>{escape(model)}</p><pre>{escape(answers[(model, shown.item)].text[:QUOTED])}</pre>"
        for model in (shown.earlier, shown.later)
    )
    said = "".join(
        f"<li>A = {escape(s.later if s.later_first else s.earlier)}: {escape(s.outcome)}"
        f" {escape(s.winner)} {escape(s.reasoning[:QUOTED])}</li>"
        for s in one.orders
    )
    return (
        f"<h3>{escape(shown.item)}: {escape(one.verdict)}</h3>"
        f"<pre>{escape(one.query.text[:QUOTED])}</pre>{texts}<ul>{said}</ul>"
    )


def _rate(rate: Rate | None) -> str:
    return str(rate) if rate else "none"


def _change(change: Change | None) -> str:
    return str(change) if change else "none"


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _table(caption: str, heads: Iterable[str], lines: Sequence[Sequence[str]]) -> str:
    if not lines:
        return ""
    head = "".join(
        f'<th scope="col">{escape(name)}</th>' if name else "<td></td>" for name in heads
    )
    body = "".join(
        "<tr>"
        + f'<th scope="row">{escape(line[0])}</th>'
        + "".join(f'<td class="n">{escape(cell)}</td>' for cell in line[1:])
        + "</tr>"
        for line in lines
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
