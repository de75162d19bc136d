"""What a table of results may say, what is refused, and what is printed as not comparable."""

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evaluation.consistency import findings
from evaluation.reading import build_table, read_table
from evaluation.settings import EvaluationError
from evaluation.tables import Table
from release.cli import app

HEADER = "model,variant,language,task,n,score,stderr"
GOOD = [
    "a,base,fr,x,200,50.0,3.5",
    "a,new,fr,x,200,70.0,3.2",
    "a,base,fr,y,100,40.0,4.9",
    "a,new,fr,y,100,42.0,5.0",
]


def written(path: Path, *lines: str, header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def run(table: Path, *options: str) -> tuple[int, str, dict[str, list[dict[str, str]]]]:
    out = table.parent / "out"
    done = CliRunner().invoke(app, ["stats", str(table), "--out", str(out), *options])
    tables = {}
    for path in out.glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as lines:
            tables[path.stem] = list(csv.DictReader(lines))
    return done.exit_code, done.output, tables


def read(path: Path) -> Table:
    return read_table(path)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["a,base,fr,x,200,NaN,"], "the score is 'NaN', which is not a finite number"),
        (["a,base,fr,x,200,inf,"], "not a finite number"),
        (["a,base,fr,x,200,good,"], "not a finite number"),
        (["a,base,fr,x,200,,"], "the score is blank"),
        (["a,base,fr,x,0,50,"], "n is 0"),
        (["a,base,fr,x,1.5,50,"], "whole number of questions"),
        (["a,base,fr,x,,50,"], "n is blank"),
        (["a,base,fr,x,200,101,"], "over 100%"),
        (["a,base,fr,x,200,-1,"], "below 0"),
        (["a,base,fr,x,200,50,-2"], "below 0"),
        ([GOOD[0], GOOD[0]], "twice"),
        ([*GOOD, "b,base,fr,x,200,0.45,0.035"], "mixed scales"),
        ([*GOOD, "b,base,fr,x,200,0.45,"], "mixed scales"),
        ([",base,fr,x,200,50,"], "the model is blank"),
        (["a,base,fr,x,200,50"], "6 fields under 7 column names"),
        ([], "has no rows"),
    ],
)
def test_bad_tables_are_one_sentence_and_exit_2(tmp_path, lines, words):
    code, output, tables = run(written(tmp_path / "t.csv", *lines))
    assert (code, tables) == (2, {})
    assert words in output


def test_every_problem_is_listed_with_its_line(tmp_path):
    path = written(tmp_path / "t.csv", "a,base,fr,x,0,50,", *GOOD[1:], "b,base,fr,x,200,NaN,")
    with pytest.raises(EvaluationError) as raised:
        read(path)
    first, second = sorted(str(raised.value).splitlines())
    assert "line 2" in first
    assert "line 6" in second


def test_missing_columns_files_and_options_are_bad_input(tmp_path):
    path = written(tmp_path / "t.csv", "a,fr,x", header="model,language,task")
    assert "no column n, score" in run(path)[1]
    assert run(tmp_path / "none.csv")[0] == 2
    good = written(tmp_path / "t.csv", *GOOD)
    for option in (
        ["--ties", "last"],
        ["--rule", "guess"],
        ["--scale", "ten"],
        ["--rule", "paired"],
    ):
        code, output, _ = run(good, *option)
        assert code == 2, option
        assert output.startswith("error: ")


def test_a_declared_scale_is_checked(tmp_path):
    shares = [line.replace("50.0,3.5", "0.5,0.035") for line in GOOD[:1]]
    assert read(written(tmp_path / "t.csv", *shares)).scale == "proportion"
    path = written(
        tmp_path / "t.csv", *(f"{line},percent" for line in GOOD), header=f"{HEADER},scale"
    )
    assert read(path).declared
    with pytest.raises(EvaluationError, match="one scale for the whole table"):
        read(written(tmp_path / "t.csv", f"{GOOD[0]},ten", header=f"{HEADER},scale"))
    with pytest.raises(EvaluationError, match="over 100%"):
        read_table(written(tmp_path / "t.csv", *GOOD), "proportion")
    low = written(tmp_path / "t.csv", *GOOD, "b,base,fr,x,1000,0.4,0.2")
    assert read_table(low, "percent").score[2, 0] == pytest.approx(0.004)


def test_shares_and_percentages_give_the_same(tmp_path):
    percent = run(written(tmp_path / "t.csv", *GOOD))[2]
    shares = [
        ",".join([*line.split(",")[:5], *(str(float(x) / 100) for x in line.split(",")[5:])])
        for line in GOOD
    ]
    other = run(written(tmp_path / "t.csv", *shares))[2]
    for one, two in zip(percent["changes"], other["changes"], strict=True):
        assert float(one["delta"]) == pytest.approx(100 * float(two["delta"]), abs=2e-4)
        assert one["verdict"] == two["verdict"]
    assert [row["avg_rank"] for row in percent["ranks"]] == [r["avg_rank"] for r in other["ranks"]]


def test_a_missing_base_is_not_comparable(tmp_path):
    _, _, tables = run(
        written(tmp_path / "t.csv", *GOOD, "b,new,fr,x,200,60,", "b,new,fr,y,100,50,")
    )
    rows = [row for row in tables["changes"] if row["model"] == "b"]
    assert [(r["verdict"], r["rule"], r["base"], r["delta"]) for r in rows] == [
        ("not-comparable", "no base", "", "")
    ] * 2


def test_another_n_is_not_comparable_and_never_averaged(tmp_path):
    lines = [*GOOD, "b,,fr,x,200,60,3.5", "b,,fr,y,100,50,5.0"]
    lines[1] = "a,new,fr,x,199,70.0,3.2"
    _, _, tables = run(written(tmp_path / "t.csv", *lines))
    change = next(row for row in tables["changes"] if row["task"] == "x" and row["model"] == "a")
    assert (change["verdict"], change["rule"]) == ("not-comparable", "different n")
    group = next(row for row in tables["groups"] if row["variant"] == "new")
    assert (group["weighted_mean"], group["mean"], group["questions"]) == ("", "", "299")
    assert [row["avg_rank"] for row in tables["ranks"] if row["model"] == "a (new)"] == [""]
    assert [r["model"] for r in tables["consistency"] if r["check"] == "different-n"] == ["a (new)"]


def test_a_missing_task_is_never_dropped_silently(tmp_path):
    _, _, tables = run(written(tmp_path / "t.csv", *GOOD[:3]))
    group = next(row for row in tables["groups"] if row["variant"] == "new")
    assert (group["weighted_mean"], group["mean"], group["questions"]) == ("", "", "200")
    assert [r["avg_rank"] for r in tables["ranks"] if r["model"] == "a (new)"] == [""]
    assert [r["task"] for r in tables["consistency"] if r["check"] == "missing"] == ["y"]


def test_a_named_base_and_an_unknown_one(tmp_path):
    header = f"{HEADER},base"
    lines = ["a,,fr,x,200,50,3.5,", "b,,fr,x,200,70,3.2,a"]
    _, _, tables = run(written(tmp_path / "t.csv", *lines, header=header))
    assert [(row["model"], row["verdict"]) for row in tables["changes"]] == [("b", "increase")]
    with pytest.raises(EvaluationError, match="its base 'z' is not in the table"):
        read(written(tmp_path / "t.csv", lines[0], "b,,fr,x,200,70,3.2,z", header=header))


def test_columns_are_those_that_other_programs_read(tmp_path):
    run(written(tmp_path / "t.csv", *GOOD))
    first = {
        path.stem: path.read_text().splitlines()[0] for path in (tmp_path / "out").glob("*.csv")
    }
    assert first == {
        "ranks": "model,language,avg_rank,low,high",
        "groups": "group,model,variant,weighted_mean,stderr,mean,questions",
        "changes": "group,model,variant,task,base,score,delta,low,high,verdict,rule",
        "consistency": "check,model,other_model,task,language,detail",
    }
    report = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "as if they had not" in report
    assert "Correction: holm" in report


def test_an_average_is_of_its_own_language():
    """`zh` begins as `zh-Hant` does."""
    rows = [("zh", "a", "10", "0.5"), ("zh", "b", "10", "0.7"), ("zh-Hant", "a", "10", "0.1"),
            ("zh", "average", "", "0.6")]  # fmt: skip
    columns = zip(*rows, strict=True)
    fields = dict(zip(("language", "task", "n", "score"), columns, strict=True))
    table = build_table({"model": ["m"] * len(rows), **fields}, "proportion")
    assert not [found for found in findings(table) if found.check == "average"]
