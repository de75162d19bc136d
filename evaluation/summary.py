"""From answers to the figures that people read.

    summarise(samples, settings)       one Score a model, group and metric: the rows of summary.json
    compare(before, after, settings)   one Change a group: paired difference in bits per byte

    domain gain               compare(base, adapted)   group medical: below 0 is a gain
    general loss              compare(base, adapted)   group general: above 0 is a loss
    what the merge gave back  compare(adapted, merge)  group general: below 0 is given back

A group's bits per byte is the ratio over all documents of its tasks, so that a byte counts the same
wherever it stands, and its accuracy the share over all questions, as lm-eval weights a group by
size. Where a question was asked with several draws of examples, the question is what is resampled.
Where a group has one task, its score is that task's, to the last digit.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evaluation.results import Sample
from evaluation.settings import EvaluationError, EvaluationSettings, Measure
from evaluation.statistics.intervals import (
    Estimate,
    bits_per_byte,
    paired_ratio_difference,
    proportion,
    ratio_bootstrap,
)


@dataclass(frozen=True)
class Score:
    """A row of summary.json: `dataclasses.asdict` gives it as it is written."""

    model: str
    group: str
    metric: Measure
    value: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class Change:
    """Bits per byte of `after` minus those of `before` on the same documents; below 0 is better."""

    before: str
    after: str
    group: str
    difference: float
    ci_low: float
    ci_high: float
    p_value: float
    """of this difference alone"""
    documents: int


def summarise(samples: Iterable[Sample], settings: EvaluationSettings) -> list[Score]:
    """Scores in the order in which models, groups and metrics first appear."""
    pools: dict[tuple[str, str, Measure], list[Sample]] = {}
    seen: set[tuple[str, str, str, int | None]] = set()
    for sample in samples:
        answer = (sample.model, sample.task, sample.item, sample.seed)
        if answer in seen:
            raise EvaluationError(
                f"model {sample.model!r} answered item {sample.item!r} of task"
                f" {sample.task!r} twice"
            )
        seen.add(answer)
        pools.setdefault((sample.model, sample.group, sample.measure), []).append(sample)
    scores = []
    for (model, group, metric), pool in pools.items():
        found = estimate(pool, settings)
        scores.append(Score(model, group, metric, found.value, found.low, found.high))
    return scores


def estimate(samples: Sequence[Sample], settings: EvaluationSettings) -> Estimate:
    """The score of `samples`, which share one measure; documents are resampled as one pool."""
    measures = {sample.measure for sample in samples}
    if measures == {"accuracy"}:
        per_item = correct_per_item(samples)
        if len(per_item) < len(samples):
            return ratio_bootstrap(
                [right for right, _ in per_item.values()],
                [answers for _, answers in per_item.values()],
                confidence=settings.confidence,
                resamples=settings.resamples,
                seed=settings.seed,
            )
        correct = sum(bool(sample.correct) for sample in samples)
        return proportion(correct, len(samples), settings.confidence)
    if measures == {"bits_per_byte"}:
        return bits_per_byte(
            [_nats(sample) for sample in samples],
            [_bytes(sample) for sample in samples],
            confidence=settings.confidence,
            resamples=settings.resamples,
            seed=settings.seed,
        )
    raise EvaluationError("a score needs answers of one measure, and there are several or none")


def correct_per_item(samples: Iterable[Sample]) -> dict[tuple[str, str], tuple[int, int]]:
    """(task, item) -> how many of its answers are right, and how many there are.

    With several draws of examples an item has several answers. They are not independent: what is
    resampled is the item with all of them.
    """
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for sample in samples:
        right, answers = found.get((sample.task, sample.item), (0, 0))
        found[sample.task, sample.item] = right + bool(sample.correct), answers + 1
    return found


def compare(
    before: Iterable[Sample], after: Iterable[Sample], settings: EvaluationSettings
) -> list[Change]:
    """How bits per byte changed from one model to another, for each group of `before`.

    Raises EvaluationError unless both models read exactly the same documents.
    """
    old, new = _by_document(before), _by_document(after)
    if not old or old.keys() != new.keys():
        raise EvaluationError("models can be compared on the same documents only, and these differ")
    pairs: dict[str, list[tuple[Sample, Sample]]] = {}
    for document in sorted(old):
        pairs.setdefault(old[document].group, []).append((old[document], new[document]))
    return [_change(group, pairs[group], settings) for group in sorted(pairs)]


def _change(
    group: str, pairs: Sequence[tuple[Sample, Sample]], settings: EvaluationSettings
) -> Change:
    found = paired_ratio_difference(
        [_bits(old) for old, _ in pairs],
        [_bits(new) for _, new in pairs],
        [_bytes(old) for old, _ in pairs],
        confidence=settings.confidence,
        resamples=settings.resamples,
        seed=settings.seed,
    )
    old, new = pairs[0]
    return Change(
        old.model, new.model, group, found.value, found.low, found.high, found.p, len(pairs)
    )


def _by_document(samples: Iterable[Sample]) -> dict[tuple[str, str, str], Sample]:
    chosen = [sample for sample in samples if sample.measure == "bits_per_byte"]
    if len({sample.model for sample in chosen}) > 1:
        raise EvaluationError("each side of a comparison is one model, and one side has several")
    return {sample.asked: sample for sample in chosen}


def _nats(sample: Sample) -> float:
    if sample.log_likelihood is None:
        raise EvaluationError(f"item {sample.item!r} of task {sample.task!r} has no log-likelihood")
    return sample.log_likelihood


def _bits(sample: Sample) -> float:
    return -_nats(sample) / math.log(2)


def _bytes(sample: Sample) -> int:
    if sample.num_bytes is None:
        raise EvaluationError(f"item {sample.item!r} of task {sample.task!r} has no byte count")
    return sample.num_bytes
