"""Figures that were pasted where others belong: models, or tasks, that agree more than by chance.

Two models of equal strength print the same score with probability about step/(2√π·se), step being
what one answer or one printed digit moves. The product over the equal cells, times the number of
pairs that were looked at and of choices of equal cells, is the number of such coincidences to
expect; a pair is reported below 0.01. Models that answer alike because one is the other quantised
are found too: the figures do not say why they agree.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from evaluation.tables import Bools, Floats, Table, binomial_errors

COINCIDENCES = 0.01
"""expected number of chance agreements below which one is reported"""


class Finding(NamedTuple):
    """A row of consistency.csv."""

    check: str
    model: str
    other_model: str
    task: str
    language: str
    detail: str


def within(table: Table, source: int, detail: str) -> str:
    return f"{table.sources[source]}: {detail}" if table.sources[source] else detail


def copied_models(table: Table) -> Iterator[Finding]:
    """Pairs of models, source by source: a block that was pasted stays within its table."""
    labels = table.labels()
    for source in range(len(table.sources)):
        here = table.present & (table.source == source)
        columns = np.flatnonzero(here.any(axis=0))
        if len(columns) < 2:
            continue
        score = np.where(here, table.score, np.nan)[:, columns]
        weight = _surprise(table, here)[columns]
        for first, second in _agreeing(score, weight):
            equal = np.flatnonzero(score[first] == score[second])
            names = [table.columns[columns[number]] for number in equal]
            both = int((~np.isnan(score[first]) & ~np.isnan(score[second])).sum())
            detail = f"{len(equal)} of {both} scores are equal: " + ", ".join(
                f"{name.task} ({name.language}) {score[first, at] * table.unit:.4g}"
                for name, at in zip(names[:8], equal[:8], strict=True)
            )
            yield Finding(
                "copied", labels[first], labels[second],
                names[0].task if len({name.task for name in names}) == 1 else "",
                names[0].language if len({name.language for name in names}) == 1 else "",
                within(table, source, detail),
            )  # fmt: skip


def _surprise(table: Table, here: Bools) -> Floats:
    """−log of the chance that two models of equal strength print the same score, by column."""
    n = np.where(here, table.n, 0).max(axis=0)
    step = np.maximum(1 / np.maximum(1, n), 2 * table.half_unit("score").max(axis=0))
    middle = np.full(len(n), 0.5)
    filled = here.any(axis=0)
    middle[filled] = np.nanmedian(np.where(here, table.score, np.nan)[:, filled], axis=0)
    stderr = binomial_errors(np.clip(middle, 0.05, 0.95), np.maximum(2, n))
    found: Floats = -np.log(np.minimum(0.9, step / (2 * np.sqrt(np.pi) * stderr)))
    return found


def _agreeing(score: Floats, weight: Floats) -> Iterator[tuple[int, int]]:
    """Pairs of rows whose equal cells weigh more than all pairs together let expect."""
    models = len(score)
    needed = math.log(max(1, models * (models - 1) / 2) / COINCIDENCES)
    total = np.zeros((models, models), dtype=np.float32)
    equal = np.zeros((models, models), dtype=np.int16)
    for column, surprise in enumerate(weight):
        values = score[:, column]
        order = np.argsort(values, kind="stable")
        order = order[: np.count_nonzero(~np.isnan(values))]
        edges = np.flatnonzero(np.diff(values[order])) + 1
        for same in np.split(order, edges):
            if len(same) > 1:
                total[np.ix_(same, same)] += np.float32(surprise)
                equal[np.ix_(same, same)] += 1
    for first, second in np.argwhere(np.triu(total > needed, 1)).tolist():
        both = np.count_nonzero(~np.isnan(score[first]) & ~np.isnan(score[second]))
        # any of the cells might have been the equal ones
        choices = math.log(math.comb(both, int(equal[first, second])))
        if total[first, second] > needed + choices:
            yield first, second


def copied_tasks(table: Table) -> Iterator[Finding]:
    """Pairs of tasks of one number of questions in which models score the same to the digit."""
    weight = _surprise(table, table.present)
    for first in range(len(table.columns)):
        for second in range(first + 1, len(table.columns)):
            one, two = table.columns[first], table.columns[second]
            if (one.task, one.language.split(" (")[0]) == (two.task, two.language.split(" (")[0]):
                continue  # the same task in two tables
            same_n = (table.n[:, first] == table.n[:, second]) & table.present[:, first]
            equal = np.flatnonzero(same_n & (table.score[:, first] == table.score[:, second]))
            shared = int(same_n.sum())
            if len(equal) < 2 or shared < 2:
                continue
            # choosing which models agree, and among which pairs of tasks
            pairs = len(table.columns) * (len(table.columns) - 1) / 2
            choices = np.log(pairs) + len(equal) * np.log(np.e * shared / len(equal))
            if len(equal) * weight[first] - choices > -np.log(COINCIDENCES):
                names = ", ".join(table.labels()[model] for model in equal[:8])
                yield Finding(
                    "copied", "", "", one.task, one.language,
                    f"the same scores as {two.task} ({two.language}) for {len(equal)} of"
                    f" {shared} models: {names}",
                )  # fmt: skip
