"""What people say of a labeller: how far they agree with each other, and it with them.

Free-marginal kappa (Randolph 2005) does not ask how often each class was used, Fleiss' does; both
are printed because on a rare class they differ much. Items are resampled for the intervals.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus.domain.sheet import Judged
from corpus.domain.thresholds import Interval, bootstrap
from hub.failure import BadInput


class Agreement(NamedTuple):
    """Of people among themselves; None where fewer than two judged every item."""

    items: int
    annotators: int
    free_marginal: Interval | None
    fleiss: Interval | None


class Check(NamedTuple):
    """Of the labeller against the majority of people; an item with a tie counts for nobody."""

    items: int
    ties: int
    precision: Interval
    recall: Interval
    f1: Interval
    wrong: list[Judged]


def agreement(items: Sequence[Judged]) -> Agreement:
    """Items that not everybody judged are left out: kappa needs equal numbers of judgements."""
    annotators = max((len(item.judgements) for item in items), default=0)
    whole = [item for item in items if len(item.judgements) == annotators]
    if annotators < 2 or len(whole) < 2:
        return Agreement(len(whole), annotators, None, None)
    votes = np.array([sum(item.judgements) for item in whole])
    table = np.column_stack([annotators - votes, votes])

    def kappas(chosen: NDArray[np.int64]) -> tuple[float, ...]:
        return _kappa(table[chosen], "randolph"), _kappa(table[chosen], "fleiss")

    free, fleiss = bootstrap(kappas, len(whole))
    return Agreement(len(whole), annotators, free, fleiss)


def check(items: Sequence[Judged], labelled: Mapping[bool, int] | None = None) -> Check:
    """`labelled`: how many documents of the sample have each label. A sheet has half of each, so
    that without it the recall is that of the sheet and not of the sample.

    Raises BadInput where no item has both a label and a majority.
    """
    judged = [item for item in items if item.label is not None and item.judgements]
    decided = [item for item in judged if 2 * sum(item.judgements) != len(item.judgements)]
    if not decided:
        raise BadInput("the sheet has no item that people decided: fill in its annotator columns")
    truth = np.array([2 * sum(item.judgements) > len(item.judgements) for item in decided])
    said = np.array([bool(item.label) for item in decided])
    weights = np.ones(len(decided))
    for side, count in (labelled or {}).items():
        weights[said == side] = count / max(1, int((said == side).sum()))

    def rates(chosen: NDArray[np.int64]) -> tuple[float, ...]:
        real, found, heavy = truth[chosen], said[chosen], weights[chosen]
        right = float(heavy[real & found].sum())
        taken, whole = float(heavy[found].sum()), float(heavy[real].sum())
        none = float("nan")
        return (
            right / taken if taken else none,
            right / whole if whole else none,
            2 * right / (taken + whole) if taken + whole else none,
        )

    precision, recall, f1 = bootstrap(rates, len(decided))
    wrong = [item for item, t, s in zip(decided, truth, said, strict=True) if t != s]
    return Check(len(decided), len(judged) - len(decided), precision, recall, f1, wrong)


def _kappa(table: NDArray[np.int64], method: str) -> float:
    """nan where Fleiss' is not defined: every judgement of a resample is the same."""
    from statsmodels.stats.inter_rater import fleiss_kappa

    if method == "fleiss" and (table.sum(axis=0) == 0).any():
        return float("nan")
    return float(fleiss_kappa(table, method=method))
