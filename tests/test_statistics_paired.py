"""A table of answers is compared question by question."""

import csv
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from evaluation.paired import paired_changes, read_answers
from evaluation.settings import EvaluationError
from evaluation.statistics.differences import mcnemar
from release.cli import app

HEADER = "model,variant,language,task,item,seed,cluster,correct"


def written(path: Path, rows: list[str]) -> Path:
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


def answers(seeds: int = 1) -> list[str]:
    """Of 100 questions the base has 50 right; the other one 12 more, and none of them wrong."""
    return [
        f"a,{variant},fr,x,q{item},{seed},,{int(item < right)}"
        for variant, right in (("base", 50), ("new", 62))
        for item in range(100)
        for seed in range(seeds)
    ]


def changed(path: Path) -> list[dict[str, str]]:
    out = path.parent / "out"
    done = CliRunner().invoke(app, ["stats", str(path), "--out", str(out)])
    assert done.exit_code == 0, done.output
    with (out / "changes.csv").open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_pairing_finds_what_two_scores_hide(tmp_path):
    path = written(tmp_path / "t.csv", answers())
    (row,) = changed(path)
    assert (row["verdict"], row["rule"]) == ("increase", "paired, McNemar, holm")
    assert float(row["low"]) > 0
    table, read = read_answers(path)
    assert paired_changes(table, read).p[0] == pytest.approx(mcnemar(12, 0))


def test_seeds_of_a_question_are_not_so_many_questions(tmp_path):
    one = paired_changes(*read_answers(written(tmp_path / "t.csv", answers())))
    five = paired_changes(*read_answers(written(tmp_path / "u.csv", answers(5))))
    # a seed asks the same question again: its source question is the item
    assert five.rule == ["paired, bootstrap by question, holm"]
    assert five.stderr[0] == pytest.approx(one.stderr[0], rel=1e-6)


def test_a_table_of_answers_that_breaks_off_is_named_with_its_line(tmp_path):
    short = [*answers()[:-1], "a,new,fr,x,q99,0"]
    with pytest.raises(EvaluationError, match="line 201 has not as many fields"):
        read_answers(written(tmp_path / "short.csv", short))
    torn = written(tmp_path / "torn.csv", answers() * 3)
    torn.write_bytes(torn.read_bytes() + b"a,new,fr,x,q\xff,0,,1\n")
    done = CliRunner().invoke(app, ["stats", str(torn), "--out", str(tmp_path / "out")])
    assert done.exit_code == 2 and "torn.csv cannot be read as a table" in done.output


def test_other_questions_and_a_missing_base_are_not_comparable(tmp_path):
    rows = answers()
    rows[-1] = "a,new,fr,x,q999,0,,1"
    (row,) = changed(written(tmp_path / "t.csv", rows))
    assert (row["verdict"], row["rule"]) == ("not-comparable", "different questions")
    found = paired_changes(*read_answers(written(tmp_path / "t.csv", rows[100:])))
    assert found.rule == ["no base"]
    assert np.isnan(found.delta).all()


@pytest.mark.parametrize(
    ("row", "words"),
    [("a,new,fr,x,q1,0,,2", "not 0 or 1"), ("a,base,fr,x,q1,0,,1", "answered twice")],
)
def test_bad_answers_are_said_with_their_line(tmp_path, row, words):
    with pytest.raises(EvaluationError, match=rf"line 202: .*{words}"):
        read_answers(written(tmp_path / "t.csv", [*answers(), row]))
