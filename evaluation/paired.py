"""Changes from the answers to each question: the paired comparison that a table cannot give.

    model,variant,language,task,item,correct
    a,base,fr,Anat.,q1,1
    a,PDAPT,fr,Anat.,q1,0

`item` is the question, `correct` 0 or 1. Optional: `seed` (a draw of examples), `cluster` (the
source question, where items are its translations), `group`, `base`. Two models are compared on
equal sets of (item, seed) only. One answer a question: McNemar's exact test and Newcombe's
interval; otherwise the bootstrap by source question. n counts source questions: five seeds of one
question say little more about a model than one.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evaluation.changes import (
    DECREASE,
    INCREASE,
    NONE,
    NOT_COMPARABLE,
    OTHERWISE,
    Changes,
)
from evaluation.reading import build_table
from evaluation.samples import Row
from evaluation.settings import Correction, EvaluationError
from evaluation.statistics.differences import Paired, clustered, cohen_h, paired_proportions
from evaluation.statistics.families import adjust
from evaluation.statistics.ranks import Questions
from evaluation.tables import CONDITIONS, Entrant, Table

REQUIRED = ("model", "language", "task", "item", "correct")
RESAMPLES = 2000
_RIGHT = {"1": 1.0, "0": 0.0, "true": 1.0, "false": 0.0}


class Asked(NamedTuple):
    item: str
    seed: str


class Answer(NamedTuple):
    correct: float
    cluster: str


Answers = Mapping[tuple[Entrant, str, str], Mapping[Asked, Answer]]
"""(entrant, language, task) -> what was asked -> the answer"""


def has_answers(path: Path) -> bool:
    """Whether a CSV file has one row an answer."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as opened:
            return {"item", "correct"} <= set(next(csv.reader(opened), []))
    except (OSError, UnicodeDecodeError, csv.Error):
        return False  # reading it as a table says what is wrong


def read_answers(path: Path) -> tuple[Table, Answers]:
    """The table of scores that the answers add up to, and the answers."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as opened:
            lines = list(csv.DictReader(opened))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EvaluationError(f"{path} cannot be read as a table: {error}") from None
    missing = [name for name in REQUIRED if lines and name not in lines[0]]
    if missing or not lines:
        raise EvaluationError(f"{path}: {f'no column {missing[0]}' if missing else 'has no rows'}")
    for number, line in enumerate(lines, 2):
        if None in line or None in line.values():
            raise EvaluationError(
                f"{path}: line {number} has not as many fields as there are columns"
            )
    return gather([Row(f"{path}: line {n}", line) for n, line in enumerate(lines, 2)], str(path))


def gather(rows: Sequence[Row], name: str) -> tuple[Table, Answers]:
    """Rows of one answer each; all have the same fields."""
    found: dict[tuple[Entrant, str, str], dict[Asked, Answer]] = {}
    cells: dict[tuple[Entrant, str, str], dict[str, str]] = {}
    for where, row in rows:
        correct = _RIGHT.get((row["correct"] or "").strip().lower())
        if correct is None:
            raise EvaluationError(f"{where}: correct is {row['correct']!r}, not 0 or 1")
        key = (Entrant(row["model"], row.get("variant") or ""), row["language"], row["task"])
        asked = Asked(row["item"], row.get("seed") or "")
        answers = found.setdefault(key, {})
        if asked in answers:
            raise EvaluationError(f"{where}: item {row['item']!r} is answered twice")
        answers[asked] = Answer(correct, row.get("cluster") or row["item"])
        cells.setdefault(key, row)
    fields: dict[str, list[str]] = {
        field: [cells[key].get(field) or "" for key in found]
        for field in ("model", "variant", "language", "task", "group", "base", *CONDITIONS)
        if field in rows[0].fields or field == "variant"
    }
    questions = [{answer.cluster for answer in answers.values()} for answers in found.values()]
    fields["n"] = [str(len(clusters)) for clusters in questions]
    scores = [np.mean([a.correct for a in answers.values()]) for answers in found.values()]
    fields["score"] = [repr(float(score)) for score in scores]
    return build_table(fields, "proportion", name), found


def paired_changes(
    table: Table,
    answers: Answers,
    correction: Correction = "holm",
    confidence: float = 0.95,
    seed: int = 0,
) -> Changes:
    """Like `evaluation.changes.changes`, on pairs of answers; the table is one family."""
    entrants: list[int] = []
    columns: list[int] = []
    found: list[Paired | None] = []
    rules: list[str] = []
    for entrant, base in sorted(table.bases.items()):
        for column in np.flatnonzero(table.present[entrant]).tolist():
            where = (table.columns[column].language, table.columns[column].task)
            new = answers[(table.entrants[entrant], *where)]
            old = answers.get((table.entrants[base], *where)) if base is not None else None
            entrants.append(entrant)
            columns.append(column)
            if old is None or old.keys() != new.keys():
                found.append(None)
                rules.append("no base" if old is None else "different questions")
                continue
            if table.asked[entrant, column] != table.asked[base, column]:
                found.append(None)
                rules.append(OTHERWISE)
                continue
            rule, change = _compare(old, new, confidence, seed)
            found.append(change)
            rules.append(f"paired, {rule}{'' if correction == 'none' else f', {correction}'}")
    return _gathered(table, entrants, columns, found, rules, correction, confidence)


def questions_of(
    table: Table, answers: Answers, entrants: Sequence[int], column: int
) -> Questions | None:
    """None where they were not all asked the same, or one question only."""
    where = (table.columns[column].language, table.columns[column].task)
    given = [answers[(table.entrants[entrant], *where)] for entrant in entrants]
    clusters = sorted({answer.cluster for answer in given[0].values()})
    if len(clusters) < 2 or any(each.keys() != given[0].keys() for each in given):
        return None
    at = {cluster: number for number, cluster in enumerate(clusters)}
    place = [at[given[0][asked].cluster] for asked in given[0]]
    right = np.zeros((len(clusters), len(entrants)))
    for number, each in enumerate(given):
        np.add.at(right[:, number], place, [each[asked].correct for asked in given[0]])
    return Questions(right, np.bincount(place).astype(np.float64))


def _compare(
    old: Mapping[Asked, Answer], new: Mapping[Asked, Answer], confidence: float, seed: int
) -> tuple[str, Paired]:
    pairs = [(old[asked].correct, new[asked].correct) for asked in sorted(new)]
    clusters = [new[asked].cluster for asked in sorted(new)]
    if len(set(clusters)) == len(clusters):
        both, gained, lost, neither = (
            pairs.count(each) for each in ((1.0, 1.0), (0.0, 1.0), (1.0, 0.0), (0.0, 0.0))
        )
        return "McNemar", paired_proportions(both, gained, lost, neither, confidence)
    change = clustered(
        [after - before for before, after in pairs],
        ["" for _ in pairs],
        clusters,
        confidence=confidence,
        resamples=RESAMPLES,
        seed=seed,
    )
    return "bootstrap by question", change


def _gathered(
    table: Table,
    entrants: Sequence[int],
    columns: Sequence[int],
    found: Sequence[Paired | None],
    rules: list[str],
    correction: Correction,
    confidence: float,
) -> Changes:
    entrant, column = np.array(entrants, dtype=np.int64), np.array(columns, dtype=np.int64)
    base = np.array(
        [table.bases[e] if table.bases[e] is not None else -1 for e in entrants], dtype=np.int64
    )
    blank = Paired(*[float("nan")] * 6)
    figures = np.array([change or blank for change in found], dtype=np.float64).reshape(-1, 6)
    delta, low, high, p, stderr, _ = figures.T
    fine = np.array([change is not None for change in found], dtype=bool)
    adjusted = np.full(len(found), np.nan)
    adjusted[fine] = adjust(p[fine], correction)
    sure = fine & (np.nan_to_num(adjusted, nan=1.0) < 1 - confidence)
    verdict = np.where(sure, np.where(delta > 0, INCREASE, DECREASE), NONE).astype(np.int8)
    verdict[~fine] = NOT_COMPARABLE
    score = table.score[entrant, column]
    before = np.where(base < 0, np.nan, table.score[base, column])
    effect = np.where(fine, cohen_h(before, score), np.nan)
    return Changes(
        entrant, column, before, score, delta, low, high, adjusted, stderr, effect, verdict, rules
    )
