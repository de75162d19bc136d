"""A tidy table of results in memory; `evaluation.reading` reads it. A row of the file is a cell.

    model,variant,language,task,n,score,stderr,source_table
    Qwen3-0.6B-Base,base,fr,Anat.,135,30.4,4.0,PARTAGES table 3
    Qwen3-0.6B-Base,PDAPT,fr,Anat.,135,39.3,4.2,PARTAGES table 3

`stderr` may be blank, and so may the columns be left out that are not in REQUIRED. `group` names
groups of tasks; without it all tasks of a language are one. `base` names the model that a row's is
compared with; without it that is the variant `base` of the same model. A row whose task is an
average and whose n is blank is a printed average: checked against its row, never counted as a task.

Scores are shares of n answers, between 0 and 1 or in percent. Which of the two is declared (`scale`
column, or argument) or told from the scores, and a cell of the other scale is an error.

What is in memory is a matrix, models by tasks, in shares of 1 whatever the scale of the file. A
cell that two source tables print (a table repeated in an appendix) makes each source table a matrix
block of its own; twice in one source table it is an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

ROUNDING = 0.55
"""of the last digit"""

Scale = Literal["proportion", "percent"]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]

REQUIRED = ("model", "language", "task", "n", "score")
CONDITIONS = ("metric", "shots", "template")
AVERAGES = ("average", "avg", "mean")
"""how the task of a printed average ends"""


class Entrant(NamedTuple):
    """A model in one variant: what gets a score."""

    model: str
    variant: str


class Column(NamedTuple):
    group: str
    language: str
    task: str


class Printed(NamedTuple):
    """An average as a source prints it, in shares of 1."""

    entrant: int
    language: str
    source: int
    score: float
    stderr: float
    half_unit: float
    """half of the last printed digit"""


@dataclass(frozen=True)
class Table:
    scale: Scale
    declared: bool
    entrants: tuple[Entrant, ...]
    columns: tuple[Column, ...]
    sources: tuple[str, ...]
    score: Floats
    """entrants by columns; NaN where nothing is printed"""
    n: Integers
    stderr: Floats
    source: Integers
    asked: Integers
    """how each cell was asked: place in `conditions`"""
    conditions: tuple[tuple[str, ...], ...]
    """metric, shots and template; blank where the file does not say"""
    score_decimals: Integers
    """of each cell, in the units of the file; those of the longest figure that the source prints
    for the entrant, because files drop trailing zeros"""
    stderr_decimals: Integers
    bases: Mapping[int, int | None]
    """entrant -> what it is compared with; not in it: a base itself; None: none is named"""
    averages: tuple[Printed, ...]

    @property
    def unit(self) -> float:
        """What a share of 1 is in the scale of the file."""
        return 100.0 if self.scale == "percent" else 1.0

    @property
    def present(self) -> Bools:
        found: Bools = ~np.isnan(self.score)
        return found

    def labels(self) -> list[str]:
        """Of each entrant: the model's name alone where it has one variant only."""
        counts: dict[str, int] = {}
        for entrant in self.entrants:
            counts[entrant.model] = counts.get(entrant.model, 0) + 1
        return [
            e.model if counts[e.model] == 1 else f"{e.model} ({e.variant})" for e in self.entrants
        ]

    def comparable(self) -> Bools:
        """Cells that were asked as many questions, in the same way, as most of their column.

        A column without a strict majority has none.
        """
        found = np.zeros(self.score.shape, dtype=bool)
        present = self.present
        for column in range(len(self.columns)):
            here = present[:, column]
            asked = np.stack([self.n[:, column], self.asked[:, column]], axis=1)
            values, counts = np.unique(asked[here], axis=0, return_counts=True)
            if counts.size and 2 * counts.max() > counts.sum():
                found[:, column] = here & (asked == values[counts.argmax()]).all(axis=1)
        return found

    def asked_otherwise(self, one: int, other: int) -> str:
        """In what two of `conditions` differ, in words."""
        pairs = zip(CONDITIONS, self.conditions[one], self.conditions[other], strict=True)
        return "; ".join(f"{name}: {a or 'not said'} and {b or 'not said'}"
                         for name, a, b in pairs if a != b)  # fmt: skip

    def blocks(self, of: Literal["group", "language"]) -> dict[str, list[int]]:
        """Columns by group or by language, in table order."""
        found: dict[str, list[int]] = {}
        for number, column in enumerate(self.columns):
            found.setdefault(getattr(column, of), []).append(number)
        return found

    def standard_errors(self) -> Floats:
        """Printed ones; √(p(1−p)/(n−1)) where none is printed, or where a source prints something
        else after its ± (see `printed_errors_fit`)."""
        trusted = self.printed_errors_fit()[self.source] & ~np.isnan(self.stderr)
        return np.where(trusted, self.stderr, binomial_errors(self.score, self.n))

    def printed_errors_fit(self) -> Bools:
        """Of each source: whether most of its errors are standard errors of n answers.

        BioMistral prints the spread over three draws of examples, which says nothing about n.
        """
        expected = binomial_errors(self.score, self.n)
        near = np.abs(self.stderr - expected) <= 0.25 * expected + self.half_unit("stderr")
        judged = ~np.isnan(self.stderr) & ~np.isnan(expected)
        fits = np.ones(len(self.sources), dtype=bool)
        for source in range(len(self.sources)):
            here = judged & (self.source == source)
            fits[source] = not here.any() or near[here].mean() > 0.5
        return fits

    def half_unit(self, of: Literal["score", "stderr"]) -> Floats:
        """How far each printed figure may be from what it was rounded from, as a share of 1.

        Half a digit, and a twentieth more: 4.048 was printed as 4.05 first and as 4.1 then.
        """
        decimals = self.score_decimals if of == "score" else self.stderr_decimals
        half: Floats = ROUNDING * np.power(10.0, -decimals.astype(np.float64)) / self.unit
        return half


def binomial_errors(score: Floats, n: Integers) -> Floats:
    """√(p(1−p)/(n−1)), lm-eval's `acc_stderr`; NaN for a single answer."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.where(n > 1, np.sqrt(score * (1 - score) / (n - 1)), np.nan)
    return found
