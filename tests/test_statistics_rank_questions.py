"""Ranks of models that answered the same questions: their intervals come from the questions."""

import numpy as np
from test_statistics_paired import changed, written

from evaluation.statistics.ranks import Questions, bootstrap_rank_intervals, rank_intervals


def test_the_same_answers_are_never_told_apart():
    right = (np.arange(60) % 3 == 0).astype(float)
    task = Questions(np.column_stack([right, right, 1 - right]), np.ones(60))
    found = bootstrap_rank_intervals([task] * 3, "first", confidence=0.95, draws=300, seed=0)
    assert found.tied_with[0] == found.tied_with[1] != found.tied_with[2]


def test_pairing_separates_what_two_scores_do_not():
    """One model has right what the other has, and a little more."""
    items = np.arange(200)
    right = np.column_stack([items < 100, items < 112]).astype(float)
    tasks = [Questions(right, np.ones(200))] * 5
    paired = bootstrap_rank_intervals(tasks, "average", confidence=0.95, draws=300, seed=0)
    score = np.tile(right.mean(axis=0)[:, None], 5)
    alone = rank_intervals(
        score, np.full((2, 5), 0.035), "average", confidence=0.95, draws=300, seed=0
    )
    assert paired.average.tolist() == alone.average.tolist() == [2.0, 1.0]
    assert paired.high[1] - paired.low[1] < alone.high[1] - alone.low[1]
    assert paired.tied_with[0] != paired.tied_with[1]


def test_intervals_cover_the_true_rank():
    generator = np.random.default_rng(1)
    chance = np.array([0.4, 0.5, 0.6])
    covered = total = 0
    for seed in range(40):
        tasks = []
        for _ in range(4):
            hard = generator.random((80, 1)) * 0.6 - 0.3
            answers = generator.random((80, 3)) < chance + hard
            tasks.append(Questions(answers.astype(float), np.ones(80)))
        found = bootstrap_rank_intervals(tasks, "average", confidence=0.95, draws=200, seed=seed)
        covered += int(((found.low <= [3, 2, 1]) & (found.high >= [3, 2, 1])).sum())
        total += 3
    assert covered / total > 0.9


def test_the_report_says_where_intervals_come_from(tmp_path):
    rows = [
        f"a,{variant},fr,x,q{item},0,,{int(item < right)}"
        for variant, right in (("base", 50), ("new", 62))
        for item in range(100)
    ]
    changed(written(tmp_path / "t.csv", rows))
    report = tmp_path / "out" / "report.md"
    assert "Intervals: bootstrap over source questions" in report.read_text(encoding="utf-8")
    changed(written(tmp_path / "t.csv", [*rows[:-1], "a,new,fr,x,q999,0,,1"]))
    assert "Intervals: parametric draws" in report.read_text(encoding="utf-8")
