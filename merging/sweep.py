"""What a sweep found: the front between domain and general text, and the candidate that is chosen.

    points("adapted-slerp", settings, {"base": {"medical": 3.1, "general": 2.2}, ...})

The rules, over values measured on validation tasks that no final figure uses:

    as configured   the merge that `mergekit` states, whatever the sweep shows
    balance         the smallest mean of value / better parent's value over both groups
    gain            the best in the domain among those that lose at most `at_most` of the base
                    model's value in general

Of equals the first in the order of the release file is taken. Only candidates can be chosen; the
parents stand on the front to be compared with.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.failure import Failed
from merging.candidates import OWN, Candidate, grid
from merging.settings import MergingSettings, SweepSettings, parents_of

FRONT = "front.json"


@dataclass(frozen=True)
class Point:
    """One model of a sweep: `dataclasses.asdict` gives it as it is written."""

    merge: str
    """name of the merge that was swept"""
    candidate: str
    """a parent's name, or what sets the candidate apart"""
    measure: str
    scores: dict[str, float]
    """by group of validation tasks"""
    on_front: bool
    """no other model of the sweep is at least as good in every group and better in one"""
    chosen: bool


def points(
    merge: str, settings: MergingSettings, scores: Mapping[str, Mapping[str, float]]
) -> list[Point]:
    """Every model of the sweep, parents first; `scores` maps parent or label to group to value."""
    sweep = settings.sweep
    if sweep is None:
        return []
    costs = {
        name: {group: _cost(sweep, value) for group, value in groups.items()}
        for name, groups in scores.items()
    }
    chosen = choose(settings, costs)
    return [
        Point(merge, name, sweep.measure, dict(groups), not dominated(name, costs), name == chosen)
        for name, groups in scores.items()
    ]


def choose(settings: MergingSettings, costs: Mapping[str, Mapping[str, float]]) -> str:
    """Label of the candidate that the sweep's rule takes; `costs` are lower for the better."""
    sweep = settings.sweep
    if sweep is None or sweep.choose == "as configured":
        return OWN
    labels = [candidate.label for candidate in grid(settings)]
    parents = parents_of(settings)
    for group in (sweep.domain, sweep.general):
        if any(group not in costs[name] for name in (*labels, *parents)):
            raise Failed(f"the sweep has no {sweep.measure} in group {group}: add such a task")
    if sweep.choose == "balance":
        best = {
            group: min(costs[parent][group] for parent in parents)
            for group in (sweep.domain, sweep.general)
        }
        if not all(best.values()):
            raise Failed("a parent makes no mistake at all: no ratio to it can be balanced")
        return min(labels, key=lambda label: sum(costs[label][g] / best[g] for g in best))
    limit = costs[parents[0]][sweep.general] * (1 + sweep.at_most)
    kept = [label for label in labels if costs[label][sweep.general] <= limit]
    if not kept:
        raise Failed(
            f"no candidate loses at most {sweep.at_most:g} of {parents[0]} in {sweep.general}: "
            "sweep nearer to it, or accept more loss"
        )
    return min(kept, key=lambda label: costs[label][sweep.domain])


def chosen_candidate(settings: MergingSettings, rows: list[dict[str, Any]]) -> Candidate:
    """The candidate that `front.json` says was chosen."""
    (label,) = [row["candidate"] for row in rows if row["chosen"]]
    return next(candidate for candidate in grid(settings) if candidate.label == label)


def dominated(name: str, costs: Mapping[str, Mapping[str, float]]) -> bool:
    mine = costs[name]
    return any(
        all(other[group] <= mine[group] for group in mine)
        and any(other[group] < mine[group] for group in mine)
        for one, other in costs.items()
        if one != name
    )


def _cost(sweep: SweepSettings, value: float) -> float:
    return 1 - value if sweep.measure == "accuracy" else value
