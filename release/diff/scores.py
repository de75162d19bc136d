"""How the scores of two releases differ, model by model, on what both asked.

A model is compared with the model of the same name. Differences are paired on the items that both
releases asked in the same words (task, item, hash of the text): bits per byte by the paired
bootstrap, accuracies by McNemar's exact test and Newcombe's interval. p-values are corrected by
Holm over all of them, because nobody chose in advance which one to look at.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import ValidationError

from evaluation.comparable import conditions, differing
from evaluation.results import Sample, read_answers
from evaluation.settings import EvaluationSettings, Measure
from evaluation.statistics.differences import paired_proportions
from evaluation.statistics.families import adjust
from evaluation.statistics.intervals import paired_ratio_difference
from evaluation.summary import compare as compare_bits
from evaluation.summary import correct_per_item, estimate
from hub.failure import BadInput
from release.diff.content import Content

Verdict = Literal[
    "better", "worse", "no clear difference", "identical", "nothing in common", "not comparable"
]


@dataclass(frozen=True)
class ScoreDifference:
    """One model, group and metric."""

    model: str
    group: str
    metric: Measure
    before: float
    after: float
    """over everything that each release asked"""
    items_before: int
    items_after: int
    compared: int
    """items that both asked; the figures below are over these"""
    difference: float
    ci_low: float
    ci_high: float
    p_value: float
    p_adjusted: float
    """Holm, over all differences between the two releases"""
    verdict: Verdict
    why: str = ""
    """not comparable: which tasks were asked otherwise, and how"""


def compare(before: Content, after: Content) -> list[ScoreDifference]:
    """Raises BadInput where the evaluation settings of the later release cannot be read."""
    shared = [model for model in after.samples if model in before.samples]
    if not shared:
        return []
    settings = _settings(after)
    found: list[ScoreDifference] = []
    for model in shared:
        old, new = _pools(before, model), _pools(after, model)
        for group, metric in new:
            if (group, metric) in old:
                pools = old[group, metric], new[group, metric]
                found.append(_score(model, group, metric, *pools, settings))
    tested = [one for one in found if one.verdict == "no clear difference"]
    if not tested:
        return found
    adjusted = dict(zip(map(id, tested), adjust([one.p_value for one in tested], "holm").tolist(),
                        strict=True))  # fmt: skip
    return [
        _judged(one, adjusted[id(one)], settings) if id(one) in adjusted else one for one in found
    ]


def unshared(before: Content, after: Content) -> tuple[list[str], list[str]]:
    """Models that were measured in one release only: (removed, added)."""
    removed = [model for model in before.samples if model not in after.samples]
    return removed, [model for model in after.samples if model not in before.samples]


def _settings(content: Content) -> EvaluationSettings:
    try:
        return EvaluationSettings.model_validate(content.release["evaluation"])
    except (KeyError, ValidationError):
        raise BadInput(f"the evaluation settings of {content.name} cannot be read") from None


def _pools(content: Content, model: str) -> dict[tuple[str, Measure], list[Sample]]:
    pools: dict[tuple[str, Measure], list[Sample]] = {}
    for sample in read_answers(content.samples[model]):
        pools.setdefault((sample.group, sample.measure), []).append(sample)
    return pools


def _score(
    model: str, group: str, metric: Measure, old: list[Sample], new: list[Sample],
    settings: EvaluationSettings,
) -> ScoreDifference:  # fmt: skip
    pairs = _pairs(old, new)
    blank = ScoreDifference(
        model, group, metric, estimate(old, settings).value, estimate(new, settings).value,
        len(old), len(new), len(pairs), math.nan, math.nan, math.nan, math.nan, math.nan,
        "nothing in common",
    )  # fmt: skip
    if why := differing(conditions(old), conditions(new), paired=True):
        return replace(blank, verdict="not comparable", why=why)
    if not pairs:
        return blank
    if all(_answer(a) == _answer(b) for a, b in pairs):
        return replace(blank, difference=0.0, ci_low=0.0, ci_high=0.0, p_value=1.0,
                       p_adjusted=1.0, verdict="identical")  # fmt: skip
    difference, low, high, p = _paired(pairs, metric, settings)
    return replace(blank, difference=difference, ci_low=low, ci_high=high, p_value=p,
                   verdict="no clear difference")  # fmt: skip


def _pairs(old: Sequence[Sample], new: Sequence[Sample]) -> list[tuple[Sample, Sample]]:
    asked = {(*sample.asked, sample.seed): sample for sample in old}
    keys = ((sample, (*sample.asked, sample.seed)) for sample in new)
    return [(asked[key], sample) for sample, key in keys if key in asked]


def _answer(sample: Sample) -> tuple[object, ...]:
    return sample.log_likelihood, sample.option_log_likelihoods, sample.correct


def _paired(
    pairs: Sequence[tuple[Sample, Sample]], metric: Measure, settings: EvaluationSettings
) -> tuple[float, float, float, float]:
    if metric == "bits_per_byte":
        (change,) = compare_bits([a for a, _ in pairs], [b for _, b in pairs], settings)
        return change.difference, change.ci_low, change.ci_high, change.p_value
    if len({(a.task, a.item) for a, _ in pairs}) < len(pairs):
        before, after = (correct_per_item(side) for side in zip(*pairs, strict=True))
        found = paired_ratio_difference(
            [right for right, _ in before.values()],
            [after[item][0] for item in before],
            [answers for _, answers in before.values()],
            confidence=settings.confidence, resamples=settings.resamples, seed=settings.seed,
        )  # fmt: skip
        return found.value, found.low, found.high, found.p
    outcomes = [(bool(a.correct), bool(b.correct)) for a, b in pairs]
    both, gained, lost, neither = (
        outcomes.count(pair)
        for pair in ((True, True), (False, True), (True, False), (False, False))
    )
    exact = paired_proportions(both, gained, lost, neither, settings.confidence)
    return exact.delta, exact.low, exact.high, exact.p


def _judged(one: ScoreDifference, p: float, settings: EvaluationSettings) -> ScoreDifference:
    if p >= 1 - settings.confidence:
        return replace(one, p_adjusted=p)
    lower_is_better = one.metric == "bits_per_byte"
    better = (one.difference < 0) == lower_is_better
    return replace(one, p_adjusted=p, verdict="better" if better else "worse")
