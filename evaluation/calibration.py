"""Does a model know when it is right? From the answers that were kept; no model is loaded.

    rows = reliability(samples)     a row a model, group and bin: `calibration.parquet`

The confidence of an answer is its probability among the options of the question (the softmax of
their log-likelihoods). Answers are put into ten bins of equal width by it; the expected calibration
error is the mean distance of confidence and share of right answers over bins, weighted by answers
(Naeini et al. 2015, AAAI; Guo et al. 2017, ICML). It depends on the bins and is above 0 by chance
alone, the more so the fewer the answers: each bin has its interval. The Brier score needs no bins:
the squared distance of the probabilities from the truth, summed over options (Brier 1950), 0 to 2.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evaluation.results import Sample
from evaluation.statistics.intervals import wilson

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Answers of like confidence, all of which lie above `low` and not above `high`."""

    model: str
    group: str
    low: float
    high: float
    items: int
    confidence: float
    """their mean"""
    accuracy: float
    """share of them that is right, with its Wilson interval"""
    ci_low: float
    ci_high: float
    ece: float
    """expected calibration error over all bins of this model and group"""
    brier: float
    """mean over all answers of this model and group"""


def reliability(samples: Iterable[Sample], confidence: float) -> list[Bin]:
    """Bins that hold answers, of every model and group that was asked questions with options.

    `confidence` is that of the intervals, 0 to 1.
    """
    asked: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples:
        if sample.option_log_likelihoods and sample.chosen is not None:
            asked.setdefault((sample.model, sample.group), []).append(sample)
    return [row for key, found in asked.items() for row in _bins(*key, found, confidence)]


def shares(log_likelihoods: Sequence[float]) -> list[float]:
    """Probabilities of the options, given that one of them comes."""
    largest = max(log_likelihoods)
    weights = [math.exp(each - largest) for each in log_likelihoods]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def _bins(model: str, group: str, samples: Sequence[Sample], confidence: float) -> list[Bin]:
    filled: dict[int, list[tuple[float, bool]]] = {}
    squares = []
    for sample in samples:
        found = shares(sample.option_log_likelihoods or ())
        sure = found[sample.chosen or 0]
        filled.setdefault(max(0, math.ceil(sure * BINS) - 1), []).append(
            (sure, sample.chosen == sample.answer)
        )
        squares.append(math.fsum((p - (i == sample.answer)) ** 2 for i, p in enumerate(found)))
    means = {
        at: (math.fsum(sure for sure, _ in each) / len(each), sum(r for _, r in each) / len(each))
        for at, each in filled.items()
    }
    ece = math.fsum(
        len(filled[at]) * abs(sure - right) for at, (sure, right) in means.items()
    ) / len(samples)
    brier = math.fsum(squares) / len(samples)
    rows = []
    for at, (sure, right) in sorted(means.items()):
        held = [correct for _, correct in filled[at]]
        ends = wilson(sum(held), len(held), confidence)
        rows.append(
            Bin(model, group, at / BINS, (at + 1) / BINS, len(held), sure, right,
                *ends, ece, brier)
        )  # fmt: skip
    return rows
