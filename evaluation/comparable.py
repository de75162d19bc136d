"""May two scores be set beside each other? Not where one was asked for otherwise.

    >>> why_not(Conditions("acc", 3, "a", 100), Conditions("acc", 5, "a", 100))
    'shots: 3 and 5'

Metric, number of examples, template and number of questions have to be equal; what a file does not
say cannot be shown to be equal and is said too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evaluation.results import Sample

NOT_COMPARABLE = "not comparable"


@dataclass(frozen=True)
class Conditions:
    """How a task was asked; None or empty is not known."""

    metric: str
    shots: int | None
    template: str
    n: int | None


def why_not(one: Conditions, other: Conditions, *, paired: bool = False) -> str:
    """What differs, in words; empty where nothing does.

    `paired`: only answers to the same questions are compared, so that n may differ.
    """
    found = []
    if one.metric != other.metric:
        found.append(f"metric: {one.metric or 'unknown'} and {other.metric or 'unknown'}")
    if one.shots != other.shots:
        found.append(f"shots: {_said(one.shots)} and {_said(other.shots)}")
    if one.template != other.template:
        unknown = not one.template or not other.template
        found.append("template: one is not known" if unknown else "template")
    if not paired and (one.n != other.n or one.n is None):
        found.append(f"n: {_said(one.n)} and {_said(other.n)}")
    return "; ".join(found)


def conditions(samples: Iterable[Sample]) -> dict[str, Conditions]:
    """By task, of the answers of one model."""
    asked: dict[str, set[str]] = {}
    first: dict[str, Sample] = {}
    for sample in samples:
        first.setdefault(sample.task, sample)
        asked.setdefault(sample.task, set()).add(sample.item)
    return {
        task: Conditions(sample.metric, sample.shots, sample.template, len(asked[task]))
        for task, sample in first.items()
    }


def differing(
    before: Mapping[str, Conditions], after: Mapping[str, Conditions], *, paired: bool = False
) -> str:
    """Of the tasks that both have: which were asked otherwise, and how."""
    said = {
        task: why_not(before[task], after[task], paired=paired) for task in after if task in before
    }
    return ", ".join(f"{task} ({why})" for task, why in said.items() if why)


def _said(value: int | None) -> str:
    return "unknown" if value is None else str(value)
