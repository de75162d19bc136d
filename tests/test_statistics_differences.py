"""Tests and corrections against published examples, identities and exact counts."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.changes import VERDICTS, changes
from evaluation.reading import build_table
from evaluation.settings import EvaluationError
from evaluation.statistics.differences import (
    clustered,
    detectable,
    mcnemar,
    paired_proportions,
    unpaired,
)
from evaluation.statistics.families import benjamini_hochberg, holm
from evaluation.statistics.intervals import standard_error
from evaluation.statistics.ranks import average_ranks, rank_intervals


def test_benjamini_hochberg_on_their_own_example():
    """The 15 p-values of Benjamini and Hochberg 1995, section 3.2: 4 stand, with Bonferroni 3."""
    p = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
        0.5719, 0.6528, 0.7590, 1.0,
    ]  # fmt: skip
    assert (benjamini_hochberg(p) < 0.05).sum() == 4
    assert (holm(p) < 0.05).sum() == 3
    assert holm([0.01, 0.04, 0.03]).tolist() == pytest.approx([0.03, 0.06, 0.06])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_corrections_keep_the_order_and_holm_is_the_stricter(p):
    strict, loose = holm(p), benjamini_hochberg(p)
    assert (strict >= loose - 1e-12).all()
    assert (loose >= np.array(p) - 1e-12).all()
    for adjusted in (strict, loose):
        assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= -1e-12).all()


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_exact_binomial_test(gained, lost):
    n, fewer = gained + lost, min(gained, lost)
    exact = min(1.0, 2 * sum(math.comb(n, k) for k in range(fewer + 1)) / 2**n) if n else 1.0
    assert mcnemar(gained, lost) == pytest.approx(exact)


def test_paired_proportions_give_newcombes_published_interval():
    """Newcombe 1998 (Stat. Med. 17:2635), table II: 36, 12, 2, 0 of 50 gives 0.0569 to 0.3404."""
    found = paired_proportions(36, 12, 2, 0, 0.95)
    assert found.delta == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0569, 0.3404), abs=5e-4)


def test_a_score_of_0_has_an_interval_and_a_test():
    """Wald would give 0 ± 0 on one side; the score interval of few answers is used."""
    shares = np.array([0.0]), np.array([0.2])
    n = np.array([20.0]), np.array([20.0])
    found = unpaired(*shares, *n, np.zeros(1), np.array([0.09]), 0.95)
    assert found.small.all()
    assert -0.03 < float(found.low[0]) < 0.2 < float(found.high[0]) < 0.42


def test_each_question_alone_is_the_ordinary_standard_error():
    right = [1.0] * 30 + [0.0] * 70
    found = clustered(
        right, ["x"] * 100, [str(i) for i in range(100)], confidence=0.95, resamples=200, seed=0
    )
    assert found.stderr == pytest.approx(standard_error(0.3, 100))
    with pytest.raises(EvaluationError, match="one question"):
        clustered([1.0], ["x"], ["q"], confidence=0.95, resamples=200, seed=0)


def cells(*rows: tuple[str, str, float, float], n: int = 400):
    return build_table(
        {
            "model": [row[0] for row in rows], "variant": [row[1] for row in rows],
            "language": ["fr"] * len(rows), "task": ["x"] * len(rows), "n": [str(n)] * len(rows),
            "score": [f"{row[2]:.1f}" for row in rows], "stderr": [f"{row[3]:.1f}" for row in rows],
        }
    )  # fmt: skip


def test_error_bars_that_touch_overlap():
    table = cells(("a", "base", 50.0, 2.5), ("a", "touch", 55.0, 2.5), ("a", "apart", 55.1, 2.5))
    found = changes(table, "overlap-1se")
    assert [VERDICTS[verdict] for verdict in found.verdict] == ["none", "increase"]


def test_the_z_test_is_that_of_two_independent_scores():
    table = cells(("a", "base", 50.0, 2.5), ("a", "new", 58.0, 2.5))
    found = changes(table, correction="none")
    spread = math.hypot(0.025, 0.025)
    assert found.p[0] == pytest.approx(math.erfc(0.08 / spread / math.sqrt(2)))
    assert (found.low[0], found.high[0]) == pytest.approx(
        (0.08 - 1.959964 * spread, 0.08 + 1.959964 * spread)
    )
    assert detectable(spread, 0.95) == pytest.approx((1.959964 + 0.841621) * spread, rel=1e-5)


def test_a_family_is_one_printed_table():
    rows = [("a", "base", 50.0, 2.5), *[("a", f"v{i}", 57.5, 2.5) for i in range(5)]]
    assert (changes(cells(*rows)).verdict == 0).all()
    assert (changes(cells(*rows), correction="none").verdict == 1).all()


def test_tie_rules():
    score = np.array([[0.5], [0.7], [0.5], [0.1]])
    assert average_ranks(score, "average").tolist() == [2.5, 1, 2.5, 4]
    assert average_ranks(score, "min").tolist() == [2, 1, 2, 4]
    assert average_ranks(score, "first").tolist() == [2, 1, 3, 4]


def test_models_that_cannot_be_told_apart_share_a_group():
    score = np.array([[0.9, 0.9], [0.89, 0.91], [0.2, 0.2]])
    found = rank_intervals(
        score, np.full(score.shape, 0.02), "average", confidence=0.95, draws=500, seed=0
    )
    assert found.tied_with[0] == found.tied_with[1] != found.tied_with[2]
    assert found.low[2] == found.high[2] == 3
