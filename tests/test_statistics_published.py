"""The papers' figures, recomputed from their tables; what is wrong with them is found."""

import csv
import math
from collections import defaultdict
from pathlib import Path

import pytest
from conftest import ROOT
from typer.testing import CliRunner

from evaluation.consistency import findings
from evaluation.published import RESULTS, published_table, rows
from evaluation.published.slips import rank_matches, render
from release.cli import app

PUBLISHED = ROOT / "evaluation" / "published"


def stats(name: str, out: Path, *options: str) -> dict[str, list[dict[str, str]]]:
    done = CliRunner().invoke(
        app, ["stats", str(PUBLISHED / f"{name}.csv"), "--out", str(out), *options]
    )
    assert done.exit_code == 0, done.output
    tables = {}
    for path in out.glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as lines:
            tables[path.stem] = list(csv.DictReader(lines))
    return tables


def test_table_7_follows_from_tables_8_to_11_with_ties_in_table_order(tmp_path):
    printed = {row["model"]: row["avg_rank"] for row in rows("partages-ranks")}
    assert len(printed) == 35
    found = stats("partages-benchmark", tmp_path, "--ties", "first")["ranks"]
    french = {row["model"]: row for row in found if row["language"] == "fr"}
    assert {name: f"{float(row['avg_rank']):.2f}" for name, row in french.items()} == printed
    assert all(float(r["low"]) <= float(r["avg_rank"]) <= float(r["high"]) for r in found)
    assert (rank_matches("average"), rank_matches("min")) == (7, 11)


def test_group_scores_are_weighted_by_questions(tmp_path):
    """By hand, from the file: Σ n·score/N and √Σ(n/N)²se²."""
    cells = defaultdict(list)
    for row in rows("partages-groups"):
        cell = (int(row["n"]), float(row["score"]), float(row["stderr"]))
        cells[row["group"], row["model"], row["variant"]].append(cell)
    found = stats("partages-groups", tmp_path)["groups"]
    assert len(found) == len(cells) == 48
    for row in found:
        group = cells[row["group"], row["model"], row["variant"]]
        total = sum(n for n, _, _ in group)
        assert int(row["questions"]) == total
        mean = sum(n * score for n, score, _ in group) / total
        assert float(row["weighted_mean"]) == pytest.approx(mean, abs=1e-4)
        assert float(row["mean"]) == pytest.approx(sum(s for _, s, _ in group) / 7, abs=1e-4)
        if row["model"] != "Qwen3-8B-Base" or row["group"] != "FR-OTHER":
            error = math.sqrt(sum((n / total * se) ** 2 for n, _, se in group))
            assert float(row["stderr"]) == pytest.approx(error, abs=1e-4)


def test_the_averages_of_definemed_and_biomistral_follow(tmp_path):
    """Printed averages and errors, against √Σse²/k and the plain mean of the printed cells."""
    for name, digits in (("definemed", 2), ("biomistral-english", 1), ("biomistral-languages", 1)):
        cells, printed = defaultdict(list), {}
        for row in rows(name):
            key = (row["model"], row["variant"], row["language"], row["source_table"])
            if row["task"] == "Average":
                printed[key] = row
            else:
                cells[key].append(row)
        assert len(printed) == len(published_table(name).averages)
        for key, average in printed.items():
            scores = [float(row["score"]) for row in cells[key]]
            mean = sum(scores) / len(scores)
            assert float(average["score"]) == pytest.approx(mean, abs=1.1 * 10**-digits)
            if average["stderr"]:
                error = math.sqrt(sum(float(row["stderr"]) ** 2 for row in cells[key]))
                assert float(average["stderr"]) == pytest.approx(error / len(scores), abs=0.011)
        assert not [f for f in findings(published_table(name)) if f.check == "average"]


def test_what_is_wrong_with_the_tables_is_found_from_the_figures_alone():
    groups = {(f.check, f.model, f.task) for f in findings(published_table("partages-groups"))}
    typo = ("Qwen3-8B-Base (base)", "Phil.")
    assert groups == {(check, *typo) for check in ("standard-error", "impossible", "outlier")}
    benchmark = findings(published_table("partages-benchmark"))
    assert [(f.model, f.other_model) for f in benchmark if f.check == "copied"] == [
        ("Llama3.2-1B-Instruct", "Llama3.1-8B-Instruct"),
        ("Llama3.2-1B", "Llama3.1-8B"),
        ("Llama3.2-1B", "Llama3.1-8B"),
    ]
    shifted = {(f.model, f.task) for f in benchmark if f.check == "impossible"}
    assert shifted == {("Gaperon-8B", "MGen."), ("Mistral-7B-Instruct-v0.3", "MGen.")}
    runs = [f.detail for f in findings(published_table("biomistral-english")) if f.check == "runs"]
    assert len(runs) == 3
    assert all("means of 3 runs" in detail for detail in runs)


def test_overlap_of_error_bars_finds_what_partages_counts_otherwise(tmp_path):
    found = stats("partages-groups", tmp_path, "--rule", "overlap-1se")["changes"]
    assert len(found) == 4 * 56
    for row in found:
        errors = float(row["high"]) - float(row["delta"])
        apart = abs(float(row["delta"])) > errors + 1e-9
        assert (row["verdict"] != "none") == apart
    medical = [row["verdict"] for row in found if row["group"] == "FR-MEDICAL"]
    assert (medical.count("increase"), medical.count("decrease")) == (4, 1)


def test_the_page_is_what_the_tool_says():
    assert (ROOT / "docs" / "published-results.md").read_text(encoding="utf-8") == render()


@pytest.mark.parametrize("name", RESULTS)
def test_every_table_names_its_source(name):
    assert all(row["source_table"] for row in rows(name))
