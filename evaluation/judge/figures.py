"""Every figure of a judged release, and what has to be said before anyone believes them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.judge.failures import ModeChange, ModeRate
from evaluation.judge.pairwise import WinRate
from evaluation.judge.rates import Change, Rate
from evaluation.judge.safety import SafetyChange, SafetyRate
from evaluation.judge.settings import JudgeSettings, part
from evaluation.judge.sheet import Agreement
from evaluation.language_model.ask import Cost
from hub.manifest import Number

ALWAYS = 0.98
"""share of verdicts for one position from which on a judge is said to look at nothing else"""
MANY_BAD = 0.05
"""share of answers without a verdict that is worth a sentence"""


@dataclass(frozen=True)
class Figures:
    settings: JudgeSettings
    judge: str
    """the model's name at the endpoint, or the digest of the local judge's files"""
    num_queries: int
    win_rates: Sequence[WinRate]
    position: Rate | None
    length: Rate | None
    first_share: float | None
    """of the verdicts with a winner, the share that names A"""
    modes: Sequence[ModeRate]
    mode_changes: Sequence[ModeChange]
    bad_modes: Mapping[str, Mapping[str, int]]
    safety: Sequence[SafetyRate]
    safety_changes: Sequence[SafetyChange]
    agreement: Sequence[Agreement]
    lengths: Mapping[str, Mapping[str, float]]
    costs: Sequence[Cost]


def warnings(figures: Figures) -> list[str]:
    """Sentences that stand above the tables."""
    found = []
    share = figures.first_share
    if share is not None and (share >= ALWAYS or share <= 1 - ALWAYS):
        letter = "A" if share >= ALWAYS else "B"
        found.append(
            f"The judge named {letter} in {max(share, 1 - share):.0%} of its verdicts: it follows"
            " the position, and its win-rates say nothing."
        )
    elif figures.position and not figures.position.low <= 0.5 <= figures.position.high:
        found.append(
            f"The judge prefers a position: the answer shown first wins {figures.position}, where"
            " 0.5 is fair. That pulls every win-rate towards 0.5."
        )
    for one in figures.win_rates:
        bad, orders = sum(one.bad.values()), 2 * figures.num_queries
        if bad > MANY_BAD * orders:
            kinds = ", ".join(f"{count} {name}" for name, count in one.bad.items())
            found.append(
                f"{one.later} against {one.earlier}: {bad} of {orders} answers of the judge are no"
                f" verdict ({kinds}); they are nobody's win."
            )
        if one.rate is None:
            found.append(f"{one.later} against {one.earlier}: nothing was decided.")
    asked = figures.num_queries
    for model, counts in figures.bad_modes.items():
        if sum(counts.values()) > MANY_BAD * asked:
            kinds = ", ".join(f"{count} {name}" for name, count in counts.items())
            found.append(f"Failure modes of {model}: {kinds} of {asked} answers have no verdict.")
    for model, of in figures.lengths.items():
        if of["empty"] or of["too_long"]:
            found.append(
                f"{model} gave {of['empty']:.0f} empty answers, {of['too_long']:.0f} of them"
                " because the question is longer than it reads."
            )
    return found


def numbers(figures: Figures) -> dict[str, Number]:
    """What a card may print."""
    found = {"queries": Number(value=figures.num_queries, unit="queries")}
    for one in figures.win_rates:
        _put(found, f"win-rate.{one.later}.{one.earlier}", one.rate)
        found[f"no-verdict.{one.later}.{one.earlier}"] = Number(
            value=sum(one.bad.values()), unit="answers of the judge"
        )
    _put(found, "first-position", figures.position)
    for mode in figures.modes:
        _put(found, f"failure.{mode.model}.{mode.mode}", mode.rate)
    for safe in figures.safety:
        _put(found, f"safety.{safe.model}.{safe.check}", safe.rate)
    return found


def as_json(figures: Figures) -> dict[str, Any]:
    settings = figures.settings
    return {
        "judge": figures.judge,
        "settings": part(settings),
        "queries": figures.num_queries,
        "warnings": warnings(figures),
        "win_rates": [
            {**one._asdict(), "rate": _plain(one.rate), "position": _plain(one.position),
             "length": _plain(one.length)}
            for one in figures.win_rates
        ],
        "position": _plain(figures.position),
        "length": _plain(figures.length),
        "first_share": figures.first_share,
        "failure_modes": [{**m._asdict(), "rate": _plain(m.rate)} for m in figures.modes],
        "failure_mode_changes": [
            {**m._asdict(), "change": _plain(m.change)} for m in figures.mode_changes
        ],
        "failure_modes_without_verdict": figures.bad_modes,
        "safety": [{**s._asdict(), "rate": _plain(s.rate)} for s in figures.safety],
        "safety_changes": [
            {**s._asdict(), "change": _plain(s.change)} for s in figures.safety_changes
        ],
        "agreement": [
            {key: None if isinstance(value, float) and math.isnan(value) else value
             for key, value in one._asdict().items()}
            for one in figures.agreement
        ],
        "answers": figures.lengths,
    }  # fmt: skip


def _put(found: dict[str, Number], name: str, rate: Rate | None) -> None:
    if rate is None:
        return
    found[name] = Number(value=rate.value, unit="proportion")
    found[f"{name}.ci_low"] = Number(value=rate.low, unit="proportion")
    found[f"{name}.ci_high"] = Number(value=rate.high, unit="proportion")


def _plain(found: Rate | Change | None) -> dict[str, float] | None:
    return found._asdict() if found else None
