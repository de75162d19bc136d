"""A group of tasks is compared question by question, each task a stratum."""

import pytest
from test_statistics_paired import changed, written

from evaluation.paired import read_answers
from evaluation.paired_groups import group_changes


def answers(tasks: dict[str, tuple[int, int]]) -> list[str]:
    """Tasks of 100 questions: how many the base and the new model have right."""
    return [
        f"a,{variant},fr,{task},q{item},,{task}{item},{int(item < right)}"
        for task, pair in tasks.items()
        for variant, right in zip(("base", "new"), pair, strict=True)
        for item in range(100)
    ]


def test_small_gains_of_tasks_are_one_gain_of_their_group(tmp_path):
    tasks = {f"t{number}": (50, 54) for number in range(5)}
    *cells, group = changed(written(tmp_path / "t.csv", answers(tasks)))
    assert {cell["verdict"] for cell in cells} == {"none"}
    assert (group["group"], group["task"], group["verdict"]) == ("fr", "(all tasks)", "increase")
    assert float(group["delta"]) == pytest.approx(0.04)
    assert 0 < float(group["low"]) < 0.04 < float(group["high"])
    assert group["rule"] == "paired, bootstrap by question within task, holm over groups"
    told = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "| a (new) | fr | +0.04 |" in told


def test_opposite_changes_cancel(tmp_path):
    rows = changed(written(tmp_path / "t.csv", answers({"x": (50, 60), "y": (60, 50)})))
    assert [row["verdict"] for row in rows] == ["increase", "decrease", "none"]
    assert (rows[-1]["delta"], rows[-1]["base"]) == ("0.000000", "0.550000")


def test_seeds_count_as_one_question_in_a_group(tmp_path):
    tasks = {"x": (50, 56), "y": (40, 47)}
    once = answers(tasks)
    thrice = [row.replace(",,", f",{seed},") for row in once for seed in range(3)]
    spreads = []
    for name, rows in (("once", once), ("thrice", thrice)):
        table, read = read_answers(written(tmp_path / f"{name}.csv", rows))
        (found,) = group_changes(table, read, "holm", 0.95, 0)
        assert found.change
        spreads.append(found.change.stderr)
    assert spreads[0] == pytest.approx(spreads[1])


def test_a_group_with_other_questions_is_not_comparable(tmp_path):
    rows = answers({"x": (50, 56), "y": (40, 47)})
    *_, group = changed(written(tmp_path / "t.csv", rows[:-1]))
    assert (group["verdict"], group["rule"]) == ("not-comparable", "different questions")
    assert group["delta"] == group["base"] == ""
