"""Which checkpoint of a run is the best one, from the scores that its checkpoints got.

    chosen = select(scores, "best-group-score")

Two rules look at validation tasks. The third is the papers' and looks at the final ones;
whatever it chooses has been selected on the test, and says so.

    best-group-score     the highest mean over groups, weighted by their questions
    pareto               every checkpoint that no other beats in one group and equals in the rest
    most-improvements    the most tasks above the base model (PARTAGES, section 4)
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from evaluation.settings import Rule
from hub.failure import BadInput


class Score(NamedTuple):
    """A task's result; higher is better."""

    group: str
    value: float
    num_questions: int


class Chosen(NamedTuple):
    names: tuple[str, ...]
    """one, or for pareto every checkpoint of the front, in the order given"""
    basis: Literal["selected on validation", "selected on test"]


Scores = Mapping[str, Mapping[str, Score]]
"""checkpoint -> task -> score; every checkpoint has the same tasks"""


def select(scores: Scores, rule: Rule, base: Mapping[str, Score] | None = None) -> Chosen:
    """Raises BadInput where the checkpoints were not given the same tasks. Earlier wins a tie."""
    if not scores:
        raise BadInput("there is no checkpoint to choose from")
    tasks = {name: set(found) for name, found in scores.items()}
    first, expected = next(iter(tasks.items()))
    for name, found in tasks.items():
        if found != expected or not found:
            raise BadInput(f"{name} and {first} were not given the same tasks: evaluate both again")
    if rule == "best-group-score":
        best = max(scores, key=lambda name: weighted(scores[name]))
        return Chosen((best,), "selected on validation")
    if rule == "pareto":
        return Chosen(_front(scores), "selected on validation")
    if base is None or set(base) != expected:
        raise BadInput("most-improvements compares with the base model: evaluate it on the tasks")
    most = max(
        scores, key=lambda name: sum(s.value > base[t].value for t, s in scores[name].items())
    )
    return Chosen((most,), "selected on test")


def weighted(tasks: Mapping[str, Score]) -> float:
    """Mean over tasks, weighted by their questions."""
    questions = sum(score.num_questions for score in tasks.values())
    return sum(score.value * score.num_questions for score in tasks.values()) / questions


def by_group(tasks: Mapping[str, Score]) -> dict[str, float]:
    groups = sorted({score.group for score in tasks.values()})
    return {
        group: weighted({task: s for task, s in tasks.items() if s.group == group})
        for group in groups
    }


def _front(scores: Scores) -> tuple[str, ...]:
    groups = {name: by_group(tasks) for name, tasks in scores.items()}

    def beats(one: dict[str, float], other: dict[str, float]) -> bool:
        return one != other and all(one[group] >= other[group] for group in other)

    return tuple(
        name
        for name, found in groups.items()
        if not any(beats(other, found) for other in groups.values())
    )
