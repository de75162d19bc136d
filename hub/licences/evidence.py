"""Statements about one document -> its licence.

Each statement has a rank: 1 the document's own words, 2 the source's terms, 3 what an aggregator or
a card claims. The best rank present decides; within a rank the most restrictive statement wins; a
more restrictive statement of a lower rank is a conflict: shown, and refused for commercial use.
Copies of one document pool their evidence: resolve the union.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from hub.licences.recognise import recognise
from hub.licences.table import LICENCES, Act, restrictiveness

Rank = Literal[1, 2, 3]
Use = Literal["commercial", "research"]


@dataclass(frozen=True, order=True)
class Evidence:
    rank: Rank
    statement: str
    """the words as found"""


@dataclass(frozen=True)
class Resolved:
    licence: str | None
    """None: nothing recognised at the deciding rank"""
    rank: Rank | None
    statement: str
    conflict: str | None
    """the more restrictive statement of a lower rank, if any"""


@dataclass(frozen=True)
class Verdict:
    verdict: Literal["allowed", "refused", "unknown"]
    rule: str


def resolve(evidence: Iterable[Evidence]) -> Resolved:
    """One licence from all statements; the order of `evidence` does not matter."""
    stated = sorted({entry for entry in evidence if entry.statement.strip()})
    if not stated:
        return Resolved(None, None, "", None)
    best = stated[0].rank
    deciding = [entry for entry in stated if entry.rank == best]
    unread = [entry for entry in deciding if recognise(entry.statement) is None]
    if unread:
        return Resolved(None, best, unread[0].statement, None)
    chosen = max(deciding, key=lambda entry: (_weight(entry), entry.statement))
    conflict = next(
        (
            entry.statement
            for entry in stated
            if entry.rank > best and _weight(entry)[:2] > _weight(chosen)[:2]
        ),
        None,
    )
    return Resolved(recognise(chosen.statement), best, chosen.statement, conflict)


def judge(resolved: Resolved, use: Use) -> Verdict:
    """May the cleaned document be trained on and published in this version of a corpus?"""
    if resolved.licence is None:
        said = f"“{_short(resolved.statement)}”" if resolved.statement else "no statement"
        return Verdict("unknown", f"licence not known ({said})")
    acts = LICENCES[resolved.licence].acts
    if resolved.conflict and use == "commercial":
        return Verdict(
            "refused",
            f"conflict: {resolved.licence} by rank {resolved.rank}, "
            f"but also claimed “{_short(resolved.conflict)}”",
        )
    needed: dict[Act, str] = {
        "train": "training on it",
        "publish_adapted": "publishing it cleaned",
    }
    if use == "commercial":
        needed["commercial"] = "commercial use"
    for act, words in needed.items():
        permission = acts[act]
        if permission != "allowed":
            verb = "forbids" if permission == "forbidden" else "does not settle"
            kind: Literal["refused", "unknown"] = (
                "refused" if permission == "forbidden" else "unknown"
            )
            return Verdict(kind, f"{resolved.licence} {verb} {words}")
    return Verdict("allowed", f"{resolved.licence} allows {use} use")


def _weight(entry: Evidence) -> tuple[int, int, int, str]:
    """Unrecognised words at a lower rank do not outweigh a recognised licence: they say nothing."""
    licence = recognise(entry.statement)
    return restrictiveness(licence) if licence else (0, 0, 0, "")


def _short(words: str) -> str:
    flat = " ".join(words.split())
    return flat if len(flat) <= 80 else flat[:79] + "…"
