"""The sheet for people, and how far the judge and they agree."""

import csv

import pytest
from judge_server import made_up

from evaluation.judge.pairwise import Comparison, Shown
from evaluation.judge.sheet import agreement, read_sheet, rows, write_sheet
from evaluation.settings import EvaluationError


def compared(num, winners):
    """The judge prefers, by query: 1 the later model, 0 the earlier one, None neither."""
    queries, answers = made_up(num, lambda n: True)
    found = []
    for query, winner in zip(queries, winners, strict=True):
        orders = [
            Shown("base", "adapted", query.id, first, "judged",
                  "0" if winner is None else "A" if bool(winner) == first else "B", "")
            for first in (False, True)
        ]  # fmt: skip
        found.append(Comparison(query, (orders[0], orders[1]), 0))
    return found, answers


def fill_in(path, decide, person="anna"):
    with path.open(newline="", encoding="utf-8-sig") as opened:
        lines = list(csv.DictReader(opened))
    for line in lines:
        line["winner"], line["annotator"] = decide(line), person
    filled = path.with_name(f"{person}.csv")
    with filled.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, lines[0].keys(), delimiter=";")  # as spreadsheets save it
        writer.writeheader()
        writer.writerows(lines)
    return filled


def better(line):
    return "1" if "adapted" in line["answer_1"] else "2"


def test_people_who_agree_and_people_who_do_not(tmp_path):
    winners = [1, 0] * 20
    comparisons, answers = compared(40, winners)
    sheet = rows(comparisons, answers)
    write_sheet(tmp_path / "sheet.csv", sheet, answers)
    judged = {row.key: row.comparison.verdict for row in sheet}

    def as_the_judge(line):
        liked = better(line)
        return liked if judged[line["key"]] == "later" else {"1": "2", "2": "1"}[liked]

    people = read_sheet(fill_in(tmp_path / "sheet.csv", as_the_judge, "anna"))
    people |= read_sheet(fill_in(tmp_path / "sheet.csv", better, "bert"))
    found = {(one.one, one.other): one for one in agreement(sheet, people, 0.95)}
    anna = found[("judge", "anna")]
    assert anna.observed == anna.kappa == 1 and anna.n == 40
    assert 0.7 < anna.low < 1, "forty of forty are not certainty"
    bert = found[("judge", "bert")]
    assert bert.observed == 0.5 and bert.low <= 0 <= bert.high and abs(bert.kappa) < 0.2
    assert ("anna", "bert") in found


def test_kappa_is_the_textbooks():
    """Fleiss, Cohen and Everitt's formula on a two by two table: 20 5 10 15, kappa 0.4."""
    from evaluation.judge.sheet import _agreement

    cells = {("1", "1"): 20, ("1", "2"): 5, ("2", "1"): 10, ("2", "2"): 15}
    pairs = [pair for pair, count in cells.items() for _ in range(count)]
    left = {str(n): a for n, (a, _) in enumerate(pairs)}
    right = {str(n): b for n, (_, b) in enumerate(pairs)}
    found = _agreement("a", "b", left, right, 0.95)
    assert found.kappa == pytest.approx(0.4)
    assert found.low == pytest.approx(0.4 - 1.96 * 0.1272, abs=0.01)


def test_a_sheet_of_other_answers_is_not_counted(tmp_path):
    comparisons, answers = compared(4, [1, 1, 0, None])
    sheet = rows(comparisons, answers)
    write_sheet(tmp_path / "sheet.csv", sheet, answers)
    people = read_sheet(fill_in(tmp_path / "sheet.csv", better))
    changed = {key: one._replace(text=one.text + " now") for key, one in answers.items()}
    with pytest.raises(EvaluationError, match="the answers have changed since"):
        agreement(rows(comparisons, changed), people, 0.95)


def test_a_wrong_winner_names_its_row(tmp_path):
    comparisons, answers = compared(2, [1, 0])
    write_sheet(tmp_path / "sheet.csv", rows(comparisons, answers), answers)
    with pytest.raises(EvaluationError, match="row 2: winner is 'A', not 1, 2 or 0"):
        read_sheet(fill_in(tmp_path / "sheet.csv", lambda line: "A"))


def test_no_cell_is_a_formula(tmp_path):
    comparisons, answers = compared(2, [1, 0])
    key = ("adapted", "q000")
    answers[key] = answers[key]._replace(text='=HYPERLINK("x")')
    write_sheet(tmp_path / "sheet.csv", rows(comparisons, answers), answers)
    with (tmp_path / "sheet.csv").open(newline="", encoding="utf-8-sig") as opened:
        cells = [cell for line in csv.reader(opened) for cell in line]
    assert '\'=HYPERLINK("x")' in cells and not any(cell.startswith("=") for cell in cells)


def test_both_always_saying_the_same_has_no_kappa():
    comparisons, answers = compared(3, [None] * 3)
    sheet = rows(comparisons, answers)
    people = {"anna": {row.key: "0" for row in sheet}}
    (found,) = agreement(sheet, people, 0.95)
    assert found.observed == 1 and found.kappa is None
