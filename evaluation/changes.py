"""What changed from a base, cell by cell of a table, and whether it can be told from chance.

    unpaired-z    z test of the difference, corrected over a family of comparisons (default)
    overlap-1se   PARTAGES' rule: a change is one where the intervals score ± 1 standard error do
                  not overlap; touching counts as overlapping; nothing is corrected
    paired        needs the answers to each question: see `evaluation.paired`

A table alone cannot say which questions two models share, so its comparisons are unpaired, which
errs on the side of finding nothing: models that read the same questions differ by less than two
independent samples would. Two independent scores whose ±1 SE intervals just part are 1.41 standard
errors of their difference apart: an error rate of 16%, not 5%.

A cell is not comparable where its base is missing, or was asked another number of questions, by
another metric, with other shots or in another template.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluation.settings import Correction
from evaluation.statistics.differences import cohen_h, unpaired
from evaluation.statistics.families import adjust
from evaluation.tables import Bools, Floats, Integers, Table

Rule = Literal["paired", "unpaired-z", "overlap-1se"]
Verdict = Literal["increase", "decrease", "none", "not-comparable"]
VERDICTS: tuple[Verdict, ...] = ("none", "increase", "decrease", "not-comparable")
NONE, INCREASE, DECREASE, NOT_COMPARABLE = range(4)
OTHERWISE = "asked otherwise"
"""by another metric, with other shots, in another template"""
TOUCH = 1e-9
"""of a share of 1: figures that are equal as printed are equal"""


class Changes(NamedTuple):
    """One entry a compared cell; NaN where nothing can be compared."""

    entrant: Integers
    column: Integers
    base: Floats
    score: Floats
    delta: Floats
    low: Floats
    high: Floats
    p: Floats
    """corrected over its family; NaN with overlap-1se"""
    stderr: Floats
    effect: Floats
    """Cohen's h"""
    verdict: NDArray[np.int8]
    """index into VERDICTS"""
    rule: list[str]


def changes(
    table: Table,
    rule: Literal["unpaired-z", "overlap-1se"] = "unpaired-z",
    correction: Correction = "holm",
    confidence: float = 0.95,
) -> Changes:
    """Every cell of every entrant that is not a base."""
    compared = sorted(table.bases)
    base_of = [table.bases[entrant] for entrant in compared]
    row, column = np.nonzero(table.present[compared])
    entrant = np.array(compared, dtype=np.int64)[row]
    base = np.array([-1 if b is None else b for b in base_of], dtype=np.int64)[row]
    reason = _reason(table, entrant, base, column)
    stderr = table.standard_errors()
    old, new = (base, column), (entrant, column)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = unpaired(
            table.score[old], table.score[new], _float(table.n[old]), _float(table.n[new]),
            stderr[old], stderr[new], confidence,
        )  # fmt: skip
        effect = cohen_h(table.score[old], table.score[new])
    fine = reason == 0
    p = np.full(len(entrant), np.nan)
    half = stderr[old] + stderr[new]
    low, high = found.low, found.high
    if rule == "overlap-1se":
        sure = fine & (np.abs(found.delta) > half + TOUCH)
        low, high = found.delta - half, found.delta + half
    else:
        for family in np.unique(table.source[new]):
            here = fine & (table.source[new] == family)
            p[here] = adjust(found.p[here], correction)
        sure = fine & (np.nan_to_num(p, nan=1.0) < 1 - confidence)
    verdict = np.where(sure, np.where(found.delta > 0, INCREASE, DECREASE), NONE).astype(np.int8)
    verdict[~fine] = NOT_COMPARABLE
    blank = [np.where(fine, values, np.nan) for values in
             (found.delta, low, high, found.stderr, effect)]  # fmt: skip
    return Changes(
        entrant, column, np.where(reason == 1, np.nan, table.score[old]), table.score[new],
        blank[0], blank[1], blank[2], p, blank[3], blank[4], verdict,
        _rules(rule, correction, reason, found.small),
    )  # fmt: skip


def _reason(table: Table, entrant: Integers, base: Integers, column: Integers) -> Integers:
    """0: can be compared; 1: no base; 2: another n; 3: asked in another way."""
    missing = (base < 0) | ~table.present[base, column]
    other = table.n[entrant, column] != table.n[base, column]
    otherwise = table.asked[entrant, column] != table.asked[base, column]
    return np.where(missing, 1, np.where(other, 2, np.where(otherwise, 3, 0)))


def _rules(rule: str, correction: Correction, reason: Integers, small: Bools) -> list[str]:
    if rule == "overlap-1se":
        names = np.array([rule, "no base", "different n", OTHERWISE])
        return [str(name) for name in names[reason]]
    corrected = "" if correction == "none" else f", {correction}"
    names = np.array(
        [rule + corrected, "no base", "different n", OTHERWISE,
         f"{rule}{corrected}, score interval"]
    )  # fmt: skip
    return [str(name) for name in names[np.where((reason == 0) & small, 4, reason)]]


def _float(values: Integers) -> Floats:
    found: Floats = values.astype(np.float64)
    return found


def family_sizes(table: Table, found: Changes) -> dict[str, int]:
    """How many comparisons each source table holds."""
    fine = found.verdict != NOT_COMPARABLE
    sources = table.source[found.entrant[fine], found.column[fine]]
    return {
        table.sources[source]: int(count)
        for source, count in zip(*np.unique(sources, return_counts=True), strict=True)
    }
