"""Choosing a checkpoint: on validation by default, on the test only under its name."""

import pytest

from evaluation.selection import Score, select
from hub.failure import BadInput


def tasks(medical: float, general: float, exam: float = 0.5) -> dict[str, Score]:
    return {
        "cases": Score("medical", medical, 300),
        "exam": Score("medical", exam, 100),
        "law": Score("general", general, 100),
    }


CHECKPOINTS = {
    "step-1": tasks(0.50, 0.70),
    "step-2": tasks(0.60, 0.60),
    "step-3": tasks(0.59, 0.58, exam=0.52),
}


def test_the_best_weighted_score_wins() -> None:
    assert select(CHECKPOINTS, "best-group-score") == (("step-2",), "selected on validation")


def test_the_front_keeps_what_nothing_beats() -> None:
    assert select(CHECKPOINTS, "pareto").names == ("step-1", "step-2")


def test_the_papers_rule_says_what_it_looked_at() -> None:
    chosen = select(CHECKPOINTS, "most-improvements", tasks(0.55, 0.65, exam=0.53))
    assert chosen == (("step-1",), "selected on test")
    chosen = select(CHECKPOINTS, "most-improvements", tasks(0.55, 0.75, exam=0.51))
    assert chosen.names == ("step-3",)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(BadInput, match="step-2 and step-1 were not given the same tasks"):
        select({"step-1": tasks(1, 1), "step-2": {}}, "pareto")
    with pytest.raises(BadInput, match="no checkpoint to choose from"):
        select({}, "pareto")
    with pytest.raises(BadInput, match="compares with the base"):
        select(CHECKPOINTS, "most-improvements")
