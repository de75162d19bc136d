"""The check by people: do they and the judge agree?

    sheet.csv     one row a comparison: what was asked, two answers, an empty `winner` to fill in
                  with 1, 2 or 0 for neither; names of models and the judge's verdict are not on it
    agreement     what came back: Cohen's kappa of each person with the judge, of each two people

`key` is a hash of what is on the row, so a sheet of other answers is recognised and never counted.
Which answer comes first is decided by that hash too. Cells that a spreadsheet would take for a
formula begin with an apostrophe.

Kappa and its interval: Cohen 1960 (Educ. Psychol. Meas. 20:37) and Fleiss, Cohen and Everitt 1969
(Psychol. Bull. 72:323), as in statsmodels.
"""

import csv
import hashlib
import io
import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from evaluation.judge.answers import Answer
from evaluation.judge.pairwise import Comparison
from evaluation.settings import EvaluationError
from evaluation.statistics.intervals import quantile, wilson

COLUMNS = ("key", "question", "context", "answer_1", "answer_2", "winner", "annotator")
WINNERS = ("1", "2", "0")


class Agreement(NamedTuple):
    one: str
    other: str
    """two people, or a person and `judge`"""
    n: int
    """comparisons that both decided"""
    observed: float
    """share on which they agree"""
    kappa: float | None
    """None where chance leaves nothing to agree on: both always said the same"""
    low: float | None
    high: float | None


class Row(NamedTuple):
    key: str
    comparison: Comparison
    later_first: bool


def rows(comparisons: Sequence[Comparison], answers: Mapping[tuple[str, str], Answer]) -> list[Row]:
    """Of answers that differ, in an order that nothing can be read from."""
    found = {}
    for one in comparisons:
        shown = one.orders[0]
        old, new = (answers[(model, shown.item)].text for model in (shown.earlier, shown.later))
        if shown.outcome != "identical":
            key = hashlib.sha256("\0".join([one.query.text, old, new]).encode()).hexdigest()[:16]
            found[key] = Row(key, one, int(key, 16) % 2 == 1)
    return [found[key] for key in sorted(found)]


def write_sheet(
    path: Path, sheet: Sequence[Row], answers: Mapping[tuple[str, str], Answer]
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for key, one, later_first in sheet:
        models = [one.orders[0].earlier, one.orders[0].later]
        said = [answers[(model, one.query.id)].text for model in models]
        if later_first:
            said.reverse()
        cells = [one.query.text, one.query.context, *said]
        writer.writerow([key, *map(_harmless, cells), "", ""])
    path.write_text(text.getvalue(), encoding="utf-8-sig")  # spreadsheets need the mark


def read_sheet(path: Path) -> dict[str, dict[str, str]]:
    """annotator -> key -> winner; rows that were not filled in are left out."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as opened:
            text = opened.read()
        delimiter = ";" if text.partition("\n")[0].count(";") > 3 else ","
        lines = list(csv.DictReader(io.StringIO(text), delimiter=delimiter, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EvaluationError(f"{path}: is not a sheet that can be read ({error})") from None
    found: dict[str, dict[str, str]] = {}
    for number, line in enumerate(lines, 2):
        where = f"{path}: row {number}"
        if "key" not in line or "winner" not in line:
            raise EvaluationError(f"{path}: has no columns `key` and `winner`")
        winner = (line["winner"] or "").strip()
        if not winner:
            continue
        if winner not in WINNERS:
            raise EvaluationError(f"{where}: winner is {winner!r}, not 1, 2 or 0")
        person = (line.get("annotator") or "").strip() or path.stem
        given = found.setdefault(person, {})
        if given.setdefault(line["key"], winner) != winner:
            raise EvaluationError(f"{where}: {person} decides {line['key']} in two ways")
    return found


def agreement(
    sheet: Sequence[Row], people: Mapping[str, Mapping[str, str]], confidence: float
) -> list[Agreement]:
    """Raises EvaluationError where nothing that people decided is on the sheet."""
    known = {row.key for row in sheet}
    for person, given in people.items():
        if not known & given.keys():
            raise EvaluationError(
                f"nothing that {person} decided is on the sheet of this run: the answers have"
                " changed since, or the sheet is another one"
            )
    decided = {"judge": {row.key: _as_shown(row) for row in sheet if row.comparison.valid}}
    decided |= {person: {k: w for k, w in given.items() if k in known}
                for person, given in people.items()}  # fmt: skip
    return [
        _agreement(one, other, decided[one], decided[other], confidence)
        for one, other in combinations(decided, 2)
    ]


def _as_shown(row: Row) -> str:
    """The judge's verdict over both orders in the sheet's words; what flipped is no preference."""
    verdict = row.comparison.verdict
    if verdict not in ("later", "earlier"):
        return "0"
    return "1" if (verdict == "later") == row.later_first else "2"


def _agreement(
    one: str, other: str, left: Mapping[str, str], right: Mapping[str, str], confidence: float
) -> Agreement:
    both = sorted(left.keys() & right.keys())
    if not both:
        return Agreement(one, other, 0, math.nan, None, None, None)
    observed = sum(left[key] == right[key] for key in both) / len(both)
    said = {left[key] for key in both} | {right[key] for key in both}
    if len(said) < 2:
        return Agreement(one, other, len(both), observed, None, None, None)
    from statsmodels.stats.inter_rater import cohens_kappa

    table = [
        [sum((left[key], right[key]) == (a, b) for key in both) for b in sorted(said)]
        for a in sorted(said)
    ]
    found = cohens_kappa(table)
    kappa, half = float(found.kappa), quantile(confidence) * float(found.std_kappa)
    low, high = kappa - half, kappa + half
    if not math.isfinite(kappa):
        return Agreement(one, other, len(both), observed, None, None, None)
    if observed == 1:
        # No disagreement was seen, so the formula sees no spread: Wilson's bound for the share.
        chance = sum((sum(row) / len(both)) ** 2 for row in table)
        low = (wilson(len(both), len(both), confidence).low - chance) / (1 - chance)
    return Agreement(one, other, len(both), observed, kappa, max(-1.0, low), min(1.0, high))


def _harmless(cell: str) -> str:
    return "'" + cell if cell.lstrip()[:1] in ("=", "+", "-", "@") else cell
