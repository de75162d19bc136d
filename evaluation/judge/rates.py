"""Rates over queries with their intervals: the statistics of all verdicts.

    rate(values, clusters, ...)            mean of numbers between 0 and 1
    change(before, after, clusters, ...)   paired difference of two

Queries are drawn by cluster, because translations and paraphrases of one question are answered
alike. Where all queries agree a bootstrap would draw no spread and claim certainty: there, Wilson's
bound for as many clusters says how often the next query could still differ.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from evaluation.statistics.differences import Paired, clustered, mcnemar, paired_proportions
from evaluation.statistics.intervals import wilson


class Sure(Protocol):
    """How intervals are made; a `JudgeSettings`."""

    @property
    def confidence(self) -> float: ...
    @property
    def resamples(self) -> int: ...
    @property
    def seed(self) -> int: ...


class Rate(NamedTuple):
    value: float
    low: float
    high: float
    n: int
    """queries"""
    p: float = 1.0
    """two-sided, against a half"""

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


class Change(NamedTuple):
    """After minus before, on the same queries."""

    value: float
    low: float
    high: float
    n: int
    p: float

    def __str__(self) -> str:
        return f"{self.value:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


def rate(values: Sequence[float], clusters: Sequence[str], sure: Sure) -> Rate | None:
    """None below two clusters: there is no interval then, and no rate without one."""
    num_clusters = len(set(clusters))
    if num_clusters < 2:
        return None
    if len(set(values)) == 1:
        share = values[0]
        other = 1 - wilson(num_clusters, num_clusters, sure.confidence).low
        low, high = share * (1 - other), 1 - (1 - share) * (1 - other)
        p = 1.0 if share == 0.5 else mcnemar(num_clusters, 0)
        return Rate(share, low, high, len(values), p)
    if num_clusters == len(values) and set(values) <= {0.0, 1.0}:
        low, high = wilson(int(sum(values)), len(values), sure.confidence)
        value = sum(values) / len(values)
        return Rate(value, low, high, len(values), mcnemar(int(sum(values)), values.count(0.0)))
    found = _bootstrap([value - 0.5 for value in values], clusters, sure)
    low, high = max(0.0, found.low + 0.5), min(1.0, found.high + 0.5)
    return Rate(found.delta + 0.5, low, high, len(values), found.p)


def change(
    before: Sequence[float], after: Sequence[float], clusters: Sequence[str], sure: Sure
) -> Change | None:
    """Of yes and no, the queries paired: McNemar's exact test with Newcombe's interval, or the
    bootstrap where queries belong together."""
    if len(set(clusters)) < 2:
        return None
    if len(set(clusters)) == len(clusters):
        pairs = list(zip(before, after, strict=True))
        both, gained, lost, neither = (
            pairs.count(each) for each in ((1.0, 1.0), (0.0, 1.0), (1.0, 0.0), (0.0, 0.0))
        )
        found = paired_proportions(both, gained, lost, neither, sure.confidence)
    else:
        found = _bootstrap([b - a for a, b in zip(before, after, strict=True)], clusters, sure)
    return Change(found.delta, found.low, found.high, len(clusters), found.p)


def _bootstrap(values: Sequence[float], clusters: Sequence[str], sure: Sure) -> Paired:
    return clustered(
        values,
        [""] * len(values),
        clusters,
        confidence=sure.confidence,
        resamples=sure.resamples,
        seed=sure.seed,
    )
