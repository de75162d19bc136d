"""The front of a sweep: what every candidate costs on general text and brings on the domain's.

Measured on the validation split, so that choosing by it leaves the final figures untouched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluation.results import read_samples
from evaluation.summary import Score, summarise
from hub.manifest import Artefact
from merging.settings import candidates, parents_of
from release.schema import Release
from release.steps.evaluation import VALIDATION


@dataclass(frozen=True)
class Point:
    """One model of a sweep: bits per byte by group, lower is better."""

    merge: str
    """name of the merge that was swept"""
    model: str
    t: float | None
    """uniform weight; 0 and 1 are the parents, None is the merge's own schedule"""
    scores: dict[str, float]
    on_front: bool
    """no other model of the sweep is at least as good in every group and better in one"""


def fronts(release: Release, artefacts: Mapping[str, Artefact]) -> list[Point]:
    """The points of every sweep of the release, from one parent to the other."""
    found: list[Point] = []
    for name, merging in release.merging.items():
        if merging.sweep is None or release.evaluation is None:
            continue
        first, *others = parents_of(merging)
        weights: dict[str, float | None] = {first: 0.0}
        weights |= {model: t for model, (t, _) in candidates(name, merging).items()}
        weights |= dict.fromkeys(others, 1.0) | {name: None}
        answers = [
            artefacts[model + VALIDATION] for model in weights if model + VALIDATION in artefacts
        ]
        samples = [sample for results in answers for sample in read_samples(results)]
        scores = _by_model(summarise(samples, release.evaluation))
        found += [
            Point(name, model, t, scores[model], not _dominated(model, scores))
            for model, t in weights.items()
            if model in scores
        ]
    return found


def _by_model(scores: Sequence[Score]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for score in scores:
        if score.metric == "bits_per_byte":
            found.setdefault(score.model, {})[score.group] = score.value
    return found


def _dominated(model: str, scores: Mapping[str, Mapping[str, float]]) -> bool:
    mine = scores[model]
    return any(
        all(other[group] <= mine[group] for group in mine)
        and any(other[group] < mine[group] for group in mine)
        for name, other in scores.items()
        if name != model
    )
