"""Intervals hold the truth, and tests raise false alarms, as often as they say: simulations."""

from statistics import fmean

import numpy as np
import pytest

from evaluation.statistics.differences import clustered, detectable, paired_proportions, unpaired
from evaluation.statistics.intervals import wilson
from evaluation.statistics.ranks import average_ranks, rank_intervals
from evaluation.tables import binomial_errors


def test_wilson_covers_near_0_and_1_and_for_few_questions():
    generator = np.random.default_rng(0)
    for n in (10, 30, 200):
        for p in (0.01, 0.05, 0.5, 0.97):
            counts = generator.binomial(n, p, size=2000)
            held = [low <= p <= high for low, high in (wilson(int(k), n, 0.95) for k in counts)]
            assert fmean(held) > 0.9, (n, p)


@pytest.mark.parametrize("n", [20, 100, 1000])
@pytest.mark.parametrize(("old", "new"), [(0.5, 0.5), (0.02, 0.02), (0.98, 0.99), (0.3, 0.45)])
def test_unpaired_differences_cover_and_keep_their_error_rate(n, old, new):
    generator = np.random.default_rng(1)
    base, score = (generator.binomial(n, p, size=4000) / n for p in (old, new))
    size = np.full(4000, float(n))
    errors = [binomial_errors(share, np.full(4000, n)) for share in (base, score)]
    found = unpaired(base, score, size, size, *errors, 0.95)
    assert ((found.low <= new - old) & (new - old <= found.high)).mean() > 0.935
    if old == new:
        assert (found.p < 0.05).mean() < 0.065


@pytest.mark.parametrize("n", [25, 100])
@pytest.mark.parametrize(
    ("both", "gained", "lost"),
    [(0.4, 0.1, 0.1), (0.9, 0.02, 0.02), (0.02, 0.02, 0.0), (0.3, 0.3, 0.1)],
)
def test_paired_proportions_cover_and_keep_their_error_rate(n, both, gained, lost):
    generator = np.random.default_rng(2)
    cells = [both, gained, lost, 1 - both - gained - lost]
    found = [
        paired_proportions(*counts, confidence=0.95)
        for counts in generator.multinomial(n, cells, size=1500).tolist()
    ]
    assert fmean(f.low <= gained - lost <= f.high for f in found) > 0.93
    if gained == lost:
        assert fmean(f.p < 0.05 for f in found) < 0.055


def clustered_answers(generator, questions: int, effect: float):
    """Two tasks; a question comes in four translations that are right and wrong together."""
    differences, tasks, clusters = [], [], []
    for task in ("x", "y"):
        for question in range(questions):
            ease, shift = generator.normal(0, 1.0), generator.normal(effect, 0.5)
            for _ in range(4):
                old = generator.random() < 1 / (1 + np.exp(-ease))
                new = generator.random() < 1 / (1 + np.exp(-ease - shift))
                differences.append(float(new) - float(old))
                tasks.append(task)
                clusters.append(f"{task}{question}")
    return differences, tasks, clusters


def test_translations_of_one_question_are_one_cluster():
    """Counted one by one they make the interval too short; by question it covers."""
    generator = np.random.default_rng(3)
    held, naive, alarms = [], [], []
    for _ in range(250):
        differences, tasks, clusters = clustered_answers(generator, 30, 0.0)
        options = {"confidence": 0.95, "resamples": 300, "seed": 0}
        found = clustered(differences, tasks, clusters, **options)
        held.append(found.low <= 0 <= found.high)
        alarms.append(found.p < 0.05)
        alone = [f"{number}" for number in range(len(differences))]
        single = clustered(differences, tasks, alone, **options)
        naive.append(single.high - single.low < found.high - found.low)
    assert fmean(held) > 0.91
    assert fmean(alarms) < 0.085
    assert fmean(naive) > 0.6


def test_few_clusters_still_cover():
    generator = np.random.default_rng(4)
    held = []
    for _ in range(400):
        differences = generator.normal(0.1, 1, size=12)
        found = clustered(
            list(differences), ["x"] * 12, [str(i) for i in range(12)],
            confidence=0.95, resamples=400, seed=0,
        )  # fmt: skip
        held.append(found.low <= 0.1 <= found.high)
    assert fmean(held) > 0.89


def test_the_detectable_difference_is_found_four_times_in_five():
    generator = np.random.default_rng(5)
    n, old = 800, 0.5
    stderr = float(np.sqrt(2 * old * (1 - old) / n))
    new = old + detectable(stderr, 0.95)
    base, score = (generator.binomial(n, p, size=3000) / n for p in (old, new))
    size = np.full(3000, float(n))
    errors = [binomial_errors(share, np.full(3000, n)) for share in (base, score)]
    power = (unpaired(base, score, size, size, *errors, 0.95).p < 0.05).mean()
    assert power == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(("models", "spread"), [(35, 0.15), (10, 0.05), (12, 0.0), (35, 0.03)])
def test_rank_intervals_hold_the_true_average_rank(models, spread):
    """Also where models differ by less than their errors, which is where ranks are hardest."""
    generator = np.random.default_rng(6)
    n = np.array([135, 265, 144, 173, 687, 100, 272])
    held = []
    for _ in range(25):
        ability = spread * generator.standard_normal((models, 1))
        by_task = 0.03 * generator.standard_normal((models, 7)) * (spread > 0)
        truth = np.clip(0.5 + ability + by_task, 0.03, 0.97)
        score = generator.binomial(n, truth) / n
        found = rank_intervals(
            score, binomial_errors(score, np.broadcast_to(n, score.shape)), "average",
            confidence=0.95, draws=300, seed=0,
        )  # fmt: skip
        ranks = average_ranks(truth, "average")
        held.append(((found.low <= ranks) & (ranks <= found.high)).mean())
    assert fmean(held) > 0.925
