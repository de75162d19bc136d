"""Statistics of a table, written for programs (CSV) and for people (report.md).

    ranks.csv         model, language, avg_rank, low, high
    groups.csv        group, model, variant, weighted_mean, stderr, mean, questions
    changes.csv       group, model, variant, task, base, score, delta, low, high, verdict, rule
    consistency.csv   check, model, other_model, task, language, detail

Figures are in the scale of the table. A model that lacks a task, or was asked another number of
questions than the others, has blank ranks and means there: an average over other questions is not
comparable. `questions` then says how many it was asked. From answers, changes.csv ends with the
change of each group of several tasks, its task being "(all tasks)".
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evaluation.changes import VERDICTS, Changes, Rule, changes
from evaluation.consistency import findings
from evaluation.copies import Finding
from evaluation.paired import Answers, paired_changes, questions_of
from evaluation.paired_groups import GroupChange, group_changes
from evaluation.settings import Correction, EvaluationError
from evaluation.statistics.groups import Means, plain_mean, weighted_mean
from evaluation.statistics.ranks import Ranks, Ties, bootstrap_rank_intervals, rank_intervals
from evaluation.tables import Floats, Integers, Table

ALL_TASKS = "(all tasks)"
HEADERS = {
    "ranks": ("model", "language", "avg_rank", "low", "high"),
    "groups": ("group", "model", "variant", "weighted_mean", "stderr", "mean", "questions"),
    "changes": (
        "group", "model", "variant", "task", "base", "score", "delta", "low", "high", "verdict",
        "rule",
    ),
    "consistency": Finding._fields,
}  # fmt: skip


@dataclass(frozen=True)
class Choices:
    """How to compute; the report states each."""

    ties: Ties = "average"
    rule: Rule = "unpaired-z"
    correction: Correction = "holm"
    confidence: float = 0.95
    draws: int = 2000
    seed: int = 0


class LanguageRanks(NamedTuple):
    language: str
    entrants: list[int]
    """that have every task"""
    left_out: list[int]
    ranks: Ranks | None
    how: str
    """of the intervals"""


class GroupScores(NamedTuple):
    group: str
    entrants: list[int]
    questions: Integers
    weighted: Means
    """NaN where the entrant is not comparable"""
    plain: Means


class Statistics(NamedTuple):
    ranks: list[LanguageRanks]
    groups: list[GroupScores]
    changes: Changes
    findings: list[Finding]
    group_changes: list[GroupChange]
    """from answers only"""


def statistics(table: Table, choices: Choices, answers: Answers | None = None) -> Statistics:
    """With the rule `paired` from `answers`; the table is then what they add up to."""
    if choices.rule == "paired":
        if answers is None:
            raise EvaluationError(
                "a paired comparison needs the answers to each question, and this table has only"
                " scores: use --rule unpaired-z, or give a table with columns item and correct"
            )
        how = (choices.correction, choices.confidence, choices.seed)
        changed = paired_changes(table, answers, *how)
        by_group = group_changes(table, answers, *how)
    else:
        changed = changes(table, choices.rule, choices.correction, choices.confidence)
        by_group = []
    ranked, grouped = ranks(table, choices, answers), groups(table)
    return Statistics(ranked, grouped, changed, findings(table), by_group)


def ranks(table: Table, choices: Choices, answers: Answers | None = None) -> list[LanguageRanks]:
    """Intervals from the questions where all models of a language were asked the same."""
    comparable, stderr = table.comparable(), table.standard_errors()
    found = []
    for language, columns in table.blocks("language").items():
        asked = np.flatnonzero(table.present[:, columns].any(axis=1))
        usable = comparable[:, columns] & ~np.isnan(stderr[:, columns])
        whole = usable[asked].all(axis=1)
        entrants = asked[whole].tolist()
        left_out = asked[~whole].tolist()
        if not entrants:
            found.append(LanguageRanks(language, entrants, left_out, None, ""))
            continue
        given = [questions_of(table, answers, entrants, c) for c in columns] if answers else []
        questions = [task for task in given if task]
        if questions and len(questions) == len(columns):
            how = "bootstrap over source questions"
            ranked = bootstrap_rank_intervals(
                questions, choices.ties,
                confidence=choices.confidence, draws=choices.draws, seed=choices.seed,
            )  # fmt: skip
        else:
            how = "parametric draws"
            cells = np.ix_(entrants, columns)
            ranked = rank_intervals(
                table.score[cells], stderr[cells], choices.ties,
                confidence=choices.confidence, draws=choices.draws, seed=choices.seed,
            )  # fmt: skip
        found.append(LanguageRanks(language, entrants, left_out, ranked, how))
    return found


def groups(table: Table) -> list[GroupScores]:
    comparable, stderr = table.comparable(), table.standard_errors()
    found = []
    for group, columns in table.blocks("group").items():
        entrants = np.flatnonzero(table.present[:, columns].any(axis=1)).tolist()
        cells = np.ix_(entrants, columns)
        score = np.where(comparable[cells], table.score[cells], np.nan)
        n = table.n[cells]
        found.append(
            GroupScores(
                group, entrants, n.sum(axis=1),
                weighted_mean(score, n, stderr[cells]), plain_mean(score, stderr[cells]),
            )
        )  # fmt: skip
    return found


def write(table: Table, found: Statistics, choices: Choices, name: str, out: Path) -> None:
    """All five files into `out`."""
    from evaluation.narrative import report

    out.mkdir(parents=True, exist_ok=True)
    for file, rows in (
        ("ranks", _rank_rows(table, found.ranks)),
        ("groups", _group_rows(table, found.groups)),
        (
            "changes",
            [
                *_change_rows(table, found.changes),
                *_group_change_rows(table, found.group_changes),
            ],
        ),
        ("consistency", found.findings),
    ):
        with (out / f"{file}.csv").open("w", newline="", encoding="utf-8") as opened:
            writer = csv.writer(opened, lineterminator="\n")
            writer.writerow(HEADERS[file])
            writer.writerows(rows)
    text = report(table, found, choices, name)
    (out / "report.md").write_text(text, encoding="utf-8")


def _rank_rows(table: Table, found: Sequence[LanguageRanks]) -> Iterable[Sequence[str]]:
    labels = table.labels()
    for language, entrants, left_out, ranked, _ in found:
        if ranked:
            for at in np.argsort(ranked.average, kind="stable").tolist():
                figures = (ranked.average[at], ranked.low[at], ranked.high[at])
                yield [labels[entrants[at]], language, *(f"{figure:.4f}" for figure in figures)]
        for entrant in left_out:
            yield [labels[entrant], language, "", "", ""]


def _group_rows(table: Table, found: Sequence[GroupScores]) -> Iterable[Sequence[str]]:
    for group, entrants, questions, weighted, plain in found:
        figures = zip(
            *(
                _texts(column, table.unit)
                for column in (weighted.mean, weighted.stderr, plain.mean)
            ),
            strict=True,
        )
        for entrant, asked, row in zip(entrants, questions.tolist(), figures, strict=True):
            yield [group, *table.entrants[entrant], *row, str(asked)]


def _change_rows(table: Table, found: Changes) -> Iterable[Sequence[str]]:
    figures = zip(
        *(
            _texts(column, table.unit)
            for column in (found.base, found.score, found.delta, found.low, found.high)
        ),
        strict=True,
    )
    rows = zip(
        found.entrant.tolist(), found.column.tolist(), figures, found.verdict.tolist(), found.rule,
        strict=True,
    )  # fmt: skip
    for entrant, number, row, verdict, rule in rows:
        column = table.columns[number]
        yield [column.group, *table.entrants[entrant], column.task, *row, VERDICTS[verdict], rule]


def _group_change_rows(table: Table, found: Sequence[GroupChange]) -> Iterable[Sequence[str]]:
    for group, entrant, base, score, change, verdict, rule in found:
        difference = change[:3] if change else [float("nan")] * 3
        figures = _texts(np.array([base, score, *difference]), table.unit)
        yield [group, *table.entrants[entrant], ALL_TASKS, *figures, VERDICTS[verdict], rule]


def _texts(values: Floats, unit: float) -> list[str]:
    """Blank where there is nothing; six digits after the point of a share, four of a percentage."""
    decimals = 6 if unit == 1 else 4
    # + 0.0 makes −0 a plain 0
    rounded = np.round(values * unit, decimals) + 0.0
    return ["" if value != value else f"{value:.{decimals}f}" for value in rounded.tolist()]
