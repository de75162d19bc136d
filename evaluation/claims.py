"""Does what is said about the results follow from them?

    judge(claim, answers, settings)     from the answers of both models to the same questions
    judge_table(claim, table)           from a table of scores: unpaired, and says so

    better      the one-sided 95% lower bound of the gain is above 0
    not worse   it is above −margin; that no difference was found never counts
    best of     better than each other of the named set, each at the full level: all have to hold,
                so no correction is needed (intersection-union test, Berger 1982, Technometrics
                24:295)

Non-inferiority by the lower bound: Piaggio et al. 2012 (JAMA 308:2594). A gain is fewer bits per
byte, or more right answers. A claim is hashed with the test it uses when it is planned; one that
was added once results were there is still tested, and is printed as post hoc.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from evaluation.results import Sample
from evaluation.settings import Claim, EvaluationError, EvaluationSettings
from evaluation.statistics.differences import clustered, paired_proportions
from evaluation.statistics.groups import weighted_mean
from evaluation.statistics.intervals import paired_ratio_difference, quantile
from evaluation.tables import Table
from hub.manifest import canonical_sha256

UNITS = {"bits_per_byte": "bits per byte", "accuracy": "accuracy"}


class Gain(NamedTuple):
    """Of a model over another; `bound` is the one-sided lower one."""

    other: str
    value: float
    bound: float


class Judgement(NamedTuple):
    claim: Claim
    holds: bool
    gains: tuple[Gain, ...]
    test: str

    def sentence(self) -> str:
        """For a card: what is claimed, and what it rests on."""
        claim = self.claim
        what = {"better": "better than", "not worse": "not worse than", "best of": "better than"}
        others = " and ".join(gain.other for gain in self.gains)
        margin = "" if claim.margin is None else f" by {claim.margin:g} or more"
        figures = "; ".join(
            f"gain{f' over {gain.other}' if len(self.gains) > 1 else ''} {gain.value:+.4f},"
            f" one-sided lower bound {gain.bound:+.4f}"
            for gain in self.gains
        )
        verb = "is" if self.holds else "was not shown to be"
        return (
            f"{claim.model} {verb} {what[claim.claim]} {others}{margin} on {claim.group}"
            f" ({UNITS[claim.measure]}): {figures}; {self.test}"
        )


def claim_hash(claim: Claim, settings: EvaluationSettings) -> str:
    """Fixes the claim and the test before there is anything to test."""
    return canonical_sha256(
        {"claim": claim.model_dump(mode="json"), "test": planned_test(claim, settings)}
    )


def planned_test(claim: Claim, settings: EvaluationSettings) -> str:
    """The test as it is decided from the release file alone."""
    level = f"one-sided {settings.confidence:.0%}"
    if claim.measure == "bits_per_byte":
        drawn = f"{settings.resamples} resamples, seed {settings.seed}"
        return f"paired bootstrap over documents, {level}, {drawn}"
    tasks = _tasks(claim, settings)
    if len(tasks) == 1 and len(settings.tasks[tasks[0]].seeds) == 1:
        return f"paired score interval (Newcombe's method 10), {level}"
    drawn = f"{settings.resamples} resamples, seed {settings.seed}"
    return f"paired bootstrap by question within task, {level}, {drawn}"


def _tasks(claim: Claim, settings: EvaluationSettings) -> list[str]:
    return [
        name
        for name, task in settings.tasks.items()
        if (task.group, task.measure) == (claim.group, claim.measure)
    ]


def judge(
    claim: Claim, answers: Mapping[str, Sequence[Sample]], settings: EvaluationSettings
) -> Judgement:
    """Raises EvaluationError unless all its models answered exactly the same questions."""
    gains = tuple(_gain(claim, other, answers, settings) for other in claim.others)
    return Judgement(claim, _holds(claim, gains), gains, planned_test(claim, settings))


def _holds(claim: Claim, gains: Sequence[Gain]) -> bool:
    least = 0.0 if claim.margin is None else -claim.margin
    return all(gain.bound > least for gain in gains)


def _gain(
    claim: Claim, other: str, answers: Mapping[str, Sequence[Sample]], settings: EvaluationSettings
) -> Gain:
    own, their = _answers(claim, claim.model, answers), _answers(claim, other, answers)
    if own.keys() != their.keys() or not own:
        raise EvaluationError(
            f"the claim that {claim.model} is {claim.claim} {other} on {claim.group} needs their"
            " answers to the same questions, and these differ or are missing"
        )
    # two-sided at this level, its lower end is one-sided at `confidence`
    confidence = 2 * settings.confidence - 1
    pairs = [(own[key], their[key]) for key in sorted(own)]
    if claim.measure == "bits_per_byte":
        found = paired_ratio_difference(
            [_bits(mine) for mine, _ in pairs],
            [_bits(yours) for _, yours in pairs],
            [float(mine.num_bytes or 0) for mine, _ in pairs],
            confidence=confidence,
            resamples=settings.resamples,
            seed=settings.seed,
        )
        return Gain(other, found.value, found.low)
    right = [(bool(mine.correct), bool(yours.correct)) for mine, yours in pairs]
    tasks = [mine.task for mine, _ in pairs]
    if len(set(tasks)) == 1 and len({mine.item for mine, _ in pairs}) == len(pairs):
        both, gained, lost, neither = (
            right.count(each)
            for each in ((True, True), (True, False), (False, True), (False, False))
        )
        paired = paired_proportions(both, gained, lost, neither, confidence)
    else:
        paired = clustered(
            [float(mine) - float(yours) for mine, yours in right],
            tasks,
            [mine.item for mine, _ in pairs],
            confidence=confidence,
            resamples=settings.resamples,
            seed=settings.seed,
        )
    return Gain(other, paired.delta, paired.low)


def _answers(
    claim: Claim, model: str, answers: Mapping[str, Sequence[Sample]]
) -> dict[tuple[str, str, str, int], Sample]:
    return {
        (*sample.asked, sample.seed or 0): sample
        for sample in answers.get(model, ())
        if (sample.group, sample.measure) == (claim.group, claim.measure)
    }


def _bits(sample: Sample) -> float:
    if sample.log_likelihood is None:
        raise EvaluationError(f"item {sample.item!r} of task {sample.task!r} has no log-likelihood")
    return -sample.log_likelihood / math.log(2)


def judge_table(claim: Claim, table: Table, confidence: float = 0.95) -> Judgement:
    """On a published table: `model` and `others` are labels, as in ranks.csv; margin in its unit.

    Weighted means of the group, as if the models had answered different questions.
    """
    labels = table.labels()
    columns = table.blocks("group").get(claim.group, [])
    comparable = table.comparable()
    for name in (claim.model, *claim.others):
        if name not in labels or not columns or not comparable[labels.index(name), columns].all():
            raise EvaluationError(
                f"{name} has no complete, comparable row for {claim.group} in the table"
            )
    stderr = table.standard_errors()
    z = quantile(2 * confidence - 1)
    means = weighted_mean(table.score[:, columns], table.n[:, columns], stderr[:, columns])
    own = labels.index(claim.model)
    gains = []
    for name in claim.others:
        other = labels.index(name)
        gain = float(means.mean[own] - means.mean[other])
        spread = float(np.hypot(means.stderr[own], means.stderr[other]))
        gains.append(Gain(name, gain * table.unit, (gain - z * spread) * table.unit))
    test = f"unpaired z, one-sided {confidence:.0%}: the table has no answers to pair"
    return Judgement(claim, _holds(claim, gains), tuple(gains), test)
