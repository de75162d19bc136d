"""Calibration and places as the results dataset publishes them, from the answers alone."""

import math
import random
from dataclasses import asdict, replace

import pytest

from evaluation.calibration import reliability
from evaluation.results import Sample
from hub.cards import figures, results
from release.ranking import rank_rows


def answered(item: int, probability: float, right: bool, model: str = "base") -> Sample:
    """A question of two options; the first is chosen with this probability."""
    options = (math.log(probability) - 40, math.log(1 - probability) - 40)
    return Sample(
        model, "quiz", "medical", "accuracy", f"q{item}", f"{item:064x}",
        option_log_likelihoods=options, chosen=0, answer=0 if right else 1, correct=right,
    )  # fmt: skip


def test_bins_add_up_and_a_fair_model_has_no_error() -> None:
    fair = [answered(i, 0.75, i % 4 > 0) for i in range(40)]
    (row,) = reliability(fair, 0.95)
    assert (row.low, row.high, row.items) == (0.7, 0.8, 40)
    assert row.confidence == pytest.approx(0.75)
    assert row.ci_low < row.accuracy == 0.75 < row.ci_high
    assert row.ece == pytest.approx(0, abs=1e-12)
    assert row.brier == pytest.approx(0.75 * 2 * 0.25**2 + 0.25 * 2 * 0.75**2)


def test_the_error_weighs_bins_by_their_answers() -> None:
    sure = [answered(i, 0.95, False) for i in range(30)]
    rows = reliability([*sure, *(answered(30 + i, 0.55, True) for i in range(10))], 0.95)
    assert [row.items for row in rows] == [10, 30]
    assert rows[0].ece == pytest.approx((30 * 0.95 + 10 * 0.45) / 40)


def test_texts_have_no_options_and_certainty_has_a_bin() -> None:
    text = Sample("base", "text", "medical", "bits_per_byte", "t", "0" * 64, -3.0, 9)
    certain = replace(answered(0, 0.6, True), option_log_likelihoods=(0.0, -1e6))
    assert [(row.high, row.items) for row in reliability([text, certain], 0.95)] == [(1.0, 1)]
    assert reliability([text], 0.95) == []


def test_the_card_says_it_where_there_are_answers() -> None:
    bins = [asdict(row) for row in reliability([answered(0, 0.75, True)], 0.95)]
    drawn = figures.reliability([row | {"model": "<b>"} for row in bins])
    assert drawn is not None and "&lt;b&gt;, calibration error 0.250" in drawn
    bare = results.ResultsCard("x/y-results", "v1", "t", "d", [], 0.95, [], [], [], {})
    assert "calibration" not in results.render(bare)
    whole = results.render(replace(bare, bins=bins, tables=("calibration", "ranks")))
    assert "| base | medical | 0.250 | 0.125 |" in whole
    assert "path: calibration.parquet" in whole and "path: ranks.parquet" in whole
    assert "path: differences.parquet" not in whole  # without rows nothing could open it


def test_answers_to_the_same_questions_tell_more_models_apart() -> None:
    """Bits per byte differ far more from text to text than from model to model."""
    chance = random.Random(0)
    level = {"a": 2.00, "b": 2.02, "c": 2.04}
    hard = [chance.uniform(-1, 1) for _ in range(60)]
    answers = {
        name: [
            Sample(
                name, "text", "medical", "bits_per_byte", f"t{i}", f"{i:064x}",
                -(bits + hard[i]) * 500 * math.log(2), 500,
            )
            for i in range(60)
        ]
        for name, bits in level.items()
    }  # fmt: skip
    scores = [
        {"model": name, "group": "medical", "metric": "bits_per_byte", "value": bits,
         "ci_low": bits - 0.3, "ci_high": bits + 0.3}
        for name, bits in level.items()
    ]  # fmt: skip
    assert [row["tie"] for row in rank_rows(scores, 0.95)] == [1, 1, 1]
    paired = rank_rows(scores, 0.95, answers)
    assert [(row["model"], row["rank"], row["tie"]) for row in paired] == [
        ("a", 1.0, 1), ("b", 2.0, 2), ("c", 3.0, 3)
    ]  # fmt: skip
    other = answers | {"c": [replace(each, text_sha256="f" * 64) for each in answers["c"]]}
    assert [row["tie"] for row in rank_rows(scores, 0.95, other)] == [1, 1, 1]
