"""Proportions and budgets: which documents make up the asked mixture.

    mix:                                          # BioMistral: what is not English first
      budget: 3_000_000_000
      parts: [{other_languages: [en]}, {languages: [en], fill: true}]

Documents are taken in the order of the hash of their text, so that the choice is the same whatever
the order of files, grows without changing when a budget grows, and copies stay together. A part
ends before the document that would exceed it: what is obtained is below what is asked by less than
one document. A mixture that its documents do not allow is an error, never another mixture.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus.settings import Mix, MixPart
from hub.failure import BadInput

Sizes = NDArray[np.int64]


class MixError(BadInput):
    """A mixture that the documents do not allow."""


class Obtained(NamedTuple):
    """Of one part, in the mixture's unit."""

    part: str
    available: int
    asked: int
    obtained: int
    documents: int


class Mixed(NamedTuple):
    taken: NDArray[np.bool_]
    parts: tuple[Obtained, ...]


def choose(mix: Mix, parts: Sizes, sizes: Sizes, hashes: NDArray[np.uint64]) -> Mixed:
    """`parts` says to which part a document belongs, -1 to none; sizes are in the mix's unit."""
    numbers = range(len(mix.parts))
    available = [int(sizes[parts == number].sum()) for number in numbers]
    asked = _asked(mix, available)
    taken = np.zeros(len(sizes), bool)
    report = []
    for number, part in enumerate(mix.parts):
        rows = np.flatnonzero(parts == number)
        rows = rows[np.argsort(hashes[rows], kind="stable")]
        rows = rows[np.cumsum(sizes[rows]) <= asked[number]]
        taken[rows] = True
        obtained = int(sizes[rows].sum())
        report.append(
            Obtained(describe(part), available[number], asked[number], obtained, len(rows))
        )
    return Mixed(taken, tuple(report))


def part_of(mix: Mix, source: str, language: str) -> int:
    """The first part that a document belongs to, -1 for none."""
    code = language.split("-")[0]
    for number, part in enumerate(mix.parts):
        if part.sources and source not in part.sources:
            continue
        if part.languages and code not in part.languages:
            continue
        if code and code in part.other_languages:
            continue
        return number
    return -1


def describe(part: MixPart) -> str:
    """
    >>> describe(MixPart(sources=("wiki",), languages=("fr",)))
    'wiki in fr'
    """
    named = ", ".join(part.sources) or "all sources"
    if part.languages:
        return f"{named} in {', '.join(part.languages)}"
    if part.other_languages:
        return f"{named} not in {', '.join(part.other_languages)}"
    return named


def _asked(mix: Mix, available: Sequence[int]) -> list[int]:
    """How much of each part; raises MixError where there is less."""
    total = mix.budget if mix.budget is not None else _most(mix, available)
    asked = [
        part.amount
        if part.amount is not None
        else int(part.share * total)
        if part.share is not None
        else 0
        if part.fill
        else there
        for part, there in zip(mix.parts, available, strict=True)
    ]
    for number, part in enumerate(mix.parts):
        if part.fill:
            asked[number] = total - sum(asked)
            if asked[number] < 0:
                raise MixError(
                    f"the mix has nothing to fill: its other parts are {sum(asked) - asked[number]}"
                    f" {mix.unit} and its budget is {total}"
                )
    for part, wanted, there in zip(mix.parts, asked, available, strict=True):
        if wanted > there:
            raise MixError(
                f"the mix asks for {wanted} {mix.unit} of {describe(part)} and there are {there}: "
                "lower its share, its amount or the budget"
            )
    if mix.budget is not None and sum(asked) > mix.budget:
        raise MixError(
            f"the parts of the mix are {sum(asked)} {mix.unit} and its budget is {mix.budget}"
        )
    return asked


def _most(mix: Mix, available: Sequence[int]) -> int:
    """The largest corpus in which every part with a share is there in full."""
    shares = [(part.share, there) for part, there in zip(mix.parts, available, strict=True)]
    limits = [int(there / share) for share, there in shares if share is not None]
    fixed = sum(
        there if part.amount is None else part.amount
        for part, there in zip(mix.parts, available, strict=True)
        if part.share is None
    )
    rest = 1.0 - sum(share for share, _ in shares if share is not None)
    if limits and fixed and rest > 1e-9:
        # The other parts are the rest: they settle the size, as PARTAGES' proportions of a base.
        limits.append(int(fixed / rest))
    return min(limits, default=0)
