"""The paired change of a group of tasks, from the answers to each question.

Questions are drawn within their task, whole: translations and seeds of one are one cluster. The
scores are shares of all answers of the group. Groups are a family of their own, beside the cells;
a group of one task is that cell, and is not given again.
"""

from typing import NamedTuple

from evaluation.changes import DECREASE, INCREASE, NONE, NOT_COMPARABLE
from evaluation.paired import RESAMPLES, Answers
from evaluation.settings import Correction
from evaluation.statistics.differences import Paired, clustered
from evaluation.statistics.families import adjust
from evaluation.tables import Table


class GroupChange(NamedTuple):
    group: str
    entrant: int
    base: float
    score: float
    """NaN, as is the base, where the group cannot be compared"""
    change: Paired | None
    verdict: int
    """index into `evaluation.changes.VERDICTS`"""
    rule: str


def group_changes(
    table: Table, answers: Answers, correction: Correction, confidence: float, seed: int
) -> list[GroupChange]:
    found = []
    for group, columns in table.blocks("group").items():
        if len(columns) < 2:
            continue
        for entrant, base in sorted(table.bases.items()):
            if table.present[entrant, columns].any():
                compared = _compare(table, answers, columns, entrant, base, confidence, seed)
                found.append(GroupChange(group, entrant, *compared))
    fine = [at for at, each in enumerate(found) if each.change]
    p = adjust([each.change.p for each in found if each.change], correction)
    corrected = "" if correction == "none" else f", {correction} over groups"
    for at, value in zip(fine, p.tolist(), strict=True):
        change = found[at].change
        sure = change is not None and value < 1 - confidence
        direction = INCREASE if change is not None and change.delta > 0 else DECREASE
        found[at] = found[at]._replace(
            verdict=direction if sure else NONE, rule=found[at].rule + corrected
        )
    return found


def _compare(
    table: Table,
    answers: Answers,
    columns: list[int],
    entrant: int,
    base: int | None,
    confidence: float,
    seed: int,
) -> tuple[float, float, Paired | None, int, str]:
    blank = (float("nan"), float("nan"), None, NOT_COMPARABLE)
    old_scores: list[float] = []
    new_scores: list[float] = []
    tasks: list[str] = []
    clusters: list[str] = []
    for column in columns:
        where = (table.columns[column].language, table.columns[column].task)
        new = answers.get((table.entrants[entrant], *where))
        old = answers.get((table.entrants[base], *where)) if base is not None else None
        if old is None:
            return *blank, "no base"
        if new is None or old.keys() != new.keys():
            return *blank, "different questions"
        if len({answer.cluster for answer in new.values()}) < 2:
            return *blank, "a task of one question"
        for asked in sorted(new):
            old_scores.append(old[asked].correct)
            new_scores.append(new[asked].correct)
            tasks.append(f"{column}")
            clusters.append(new[asked].cluster)
    change = clustered(
        [after - before for before, after in zip(old_scores, new_scores, strict=True)],
        tasks,
        clusters,
        confidence=confidence,
        resamples=RESAMPLES,
        seed=seed,
    )
    size = len(tasks)
    rule = "paired, bootstrap by question within task"
    return sum(old_scores) / size, sum(new_scores) / size, change, NONE, rule
