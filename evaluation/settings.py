"""The `evaluation` part of a release file.

    evaluation:
      models: [base, adapted, adapted-slerp]
      tasks:
        medical-text:   {corpus: medical-heldout, measure: bits_per_byte, group: medical}
        general-text:   {corpus: general-heldout, measure: bits_per_byte, group: general}
        medical-cloze:  {corpus: medical-heldout, measure: accuracy, group: medical}

A group is what the summary pools over; a task belongs to one group.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.failure import BadInput

Measure = Literal["bits_per_byte", "accuracy"]
Name = Annotated[str, Field(min_length=1)]


class EvaluationError(BadInput):
    """Input that cannot be evaluated; the message is one sentence for the user."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TaskSettings(_Frozen):
    """One task; the last three fields shape the questions of an `accuracy` task."""

    corpus: Name
    """name of a held-out corpus artefact"""
    measure: Measure
    group: Name
    """for example medical or general"""
    options: int = Field(default=4, ge=2, le=26)
    """answers to choose from; chance is 1/options"""
    questions: int = Field(default=60, ge=2)
    """at most this many; a document gives at most one"""
    seed: int = 0


class EvaluationSettings(_Frozen):
    models: Annotated[list[Name], Field(min_length=1)]
    tasks: Annotated[dict[Name, TaskSettings], Field(min_length=1)]
    confidence: float = Field(default=0.95, gt=0, lt=1)
    """of every interval, two-sided"""
    resamples: int = Field(default=2000, ge=100)
    """bootstrap resamples; the tails of a 95% interval then rest on 50 of 2,000 each"""
    seed: int = Field(default=0, ge=0)
