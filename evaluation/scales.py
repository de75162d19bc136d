"""Between 0 and 1, or in percent? Declared or told from the scores, and checked cell by cell."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, SupportsIndex, TypeVar

import numpy as np

from evaluation.settings import EvaluationError
from evaluation.tables import Bools, Floats, Integers, Scale, binomial_errors

Say = Callable[[SupportsIndex, str], None]
"""adds a problem of a row"""
Fields = Mapping[str, Sequence[str]]

Value = TypeVar("Value")


class Numbers(NamedTuple):
    """The figures of each row, in the scale of the file."""

    n: Integers
    score: Floats
    stderr: Floats
    average: Bools


def declared_scale(fields: Fields, scale: Scale | None, name: str) -> Scale | None:
    if scale is not None or "scale" not in fields:
        return scale
    found = sorted(set(fields["scale"]))
    if found == ["percent"]:
        return "percent"
    if found == ["proportion"]:
        return "proportion"
    raise EvaluationError(
        f"{name}: the scale column says {', '.join(repr(text) for text in found)}: one scale for"
        " the whole table, proportion or percent"
    )


def check_scale(numbers: Numbers, scale: Scale, declared: bool, fields: Fields, say: Say) -> None:
    """A cell that fits the other scale only is on the other scale."""
    score, n = numbers.score, numbers.n
    if scale == "proportion":
        for row in np.flatnonzero(score > 1):
            say(row, f"a score of {score[row]:g} is over 100%: the scale is 0 to 1")
        return
    half = 0.5 * 10.0 ** -np.array(each(fields["score"], count_decimals))
    small = (score > 0) & (score <= 1) & ~numbers.average
    if not small.any():
        return
    with np.errstate(invalid="ignore"):
        off_percent = _misfit(score / 100, numbers.stderr / 100, n, half / 100)
        off_share = _misfit(score, numbers.stderr, n, half)
    undecided = np.isnan(numbers.stderr) & (not declared)
    for row in np.flatnonzero(small & ((off_share < off_percent) | undecided)):
        say(
            row,
            f"a score of {score[row]:g} among percentages: mixed scales? Declare with"
            " --scale percent if it is below 1%",
        )


def _misfit(share: Floats, stderr: Floats, n: Integers, half: Floats) -> Floats:
    """How far a cell is from a share of n answers with its standard error; small is near."""
    steps = np.abs(share * n - np.round(share * n)) / np.maximum(1e-9, half * n)
    expected = binomial_errors(share, n)
    errors = np.abs(stderr - expected) / np.maximum(expected, 1e-9)
    return np.where(np.isnan(errors), np.maximum(steps - 1, 0), errors)


def each(texts: Sequence[str], function: Callable[[str], Value]) -> list[Value]:
    """`function` of every text, computed once for equal ones: tables repeat themselves."""
    known = {text: function(text) for text in set(texts)}
    return [known[text] for text in texts]


def count_decimals(text: str) -> int:
    mantissa, _, exponent = text.lower().partition("e")
    return max(0, len(mantissa.partition(".")[2]) - int(exponent or 0))
