"""Published samples are compared question by question, like a table of answers."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evaluation.results import Sample, write_results
from evaluation.samples import read_published
from evaluation.settings import EvaluationError
from release.cli import app


def answered(model: str, right: int, asked: str = "sha") -> list[Sample]:
    return [
        Sample(model, "cloze", "medical", "accuracy", f"q{i}", f"{asked}-{i}", correct=i < right)
        for i in range(100)
    ]


def read_text(model: str) -> list[Sample]:
    return [
        Sample(model, "text", "medical", "bits_per_byte", f"d{i}", f"h{i}", -40.0, 50)
        for i in range(5)
    ]


def published(folder: Path, samples: dict[str, list[Sample]]) -> Path:
    """As a results dataset lies on disk."""
    (folder / "samples").mkdir(parents=True)
    for model, answers in samples.items():
        write_results(folder, answers, [])
        (folder / "samples.parquet").rename(folder / "samples" / f"{model}.parquet")
    (folder / "scores.parquet").write_bytes(b"not of samples")
    return folder


def stats(path: Path, out: Path, *options: str):
    return CliRunner().invoke(app, ["stats", str(path), "--out", str(out), *options])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("part", ["", "samples"])
def test_a_results_dataset_is_paired_with_the_base_that_is_named(tmp_path, part):
    found = {"base": answered("base", 50), "new": [*answered("new", 62), *read_text("new")]}
    done = stats(published(tmp_path / "r", found) / part, tmp_path / "o", "--base", "base")
    assert done.exit_code == 0, done.output
    (change,) = rows(tmp_path / "o" / "changes.csv")
    assert (change["model"], change["task"], change["group"]) == ("new", "cloze", "medical")
    assert (change["delta"], change["verdict"]) == ("0.120000", "increase")
    assert change["rule"] == "paired, McNemar, holm"
    # what cannot be in such a table is said
    assert "left-out" in done.output
    said = [row for row in rows(tmp_path / "o" / "consistency.csv") if row["check"] == "left-out"]
    assert [(row["model"], row["task"]) for row in said] == [("new", "text")]


def test_one_file_is_enough_for_scores(tmp_path):
    path = published(tmp_path / "r", {"base": answered("base", 50)}) / "samples" / "base.parquet"
    done = stats(path, tmp_path / "o")
    assert done.exit_code == 0, done.output
    (group,) = rows(tmp_path / "o" / "groups.csv")
    assert (group["weighted_mean"], group["questions"]) == ("0.500000", "100")
    (change,) = rows(tmp_path / "o" / "changes.csv")
    assert (change["verdict"], change["rule"]) == ("not-comparable", "no base")


def test_questions_in_other_words_are_other_questions(tmp_path):
    found = {"base": answered("base", 50), "new": answered("new", 62, asked="other")}
    stats(published(tmp_path / "r", found), tmp_path / "o", "--base", "base")
    (change,) = rows(tmp_path / "o" / "changes.csv")
    assert (change["verdict"], change["rule"]) == ("not-comparable", "different questions")


def test_bad_samples_are_said(tmp_path):
    good = answered("base", 50)
    twice = published(tmp_path / "a", {"base": [*good, good[0]]})
    assert "answered twice" in stats(twice, tmp_path / "o").output
    unsure = published(tmp_path / "b", {"base": [replace(good[0], correct=None)]})
    done = stats(unsure, tmp_path / "o")
    assert (done.exit_code, "row 1: correct is ''" in done.output) == (2, True)
    with pytest.raises(EvaluationError, match="no answers that are right or wrong"):
        read_published(published(tmp_path / "c", {"base": read_text("base")}))
    with pytest.raises(EvaluationError, match="the base 'bse' is not among base"):
        read_published(published(tmp_path / "d", {"base": good}), "bse")
    with pytest.raises(EvaluationError, match="cannot be read as Parquet"):
        read_published(tmp_path / "d" / "scores.parquet")
    (tmp_path / "empty").mkdir()
    with pytest.raises(EvaluationError, match="has no Parquet files"):
        read_published(tmp_path / "empty")
    (tmp_path / "t.csv").write_text("model,language,task,n,score\na,fr,x,10,0.5\n")
    assert "column base" in stats(tmp_path / "t.csv", tmp_path / "o", "--base", "a").output
