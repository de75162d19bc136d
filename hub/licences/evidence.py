"""Statements about one document -> its licence -> what may be done with it.

Each statement has a rank: 1 the document's own words, 2 the source's terms, 3 what an aggregator or
a card claims. The best rank present decides; within a rank every statement binds, so that the most
restrictive wins for each act; a more restrictive statement of a lower rank is a conflict: shown,
and refused for commercial use. Copies of one document pool their evidence: resolve the union.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from hub.licences.expression import all_of, licence_of, permission
from hub.licences.recognise import recognise, restricts
from hub.licences.restrictions import reserves_mining
from hub.licences.rights import LICENCE_ONLY, RecordedDecision, RightsBasis, Use, decided
from hub.licences.table import ACTS, Act, Permission, restrictiveness

Rank = Literal[1, 2, 3]
Word = Literal["allowed", "refused", "unknown"]
_RESTRICTIVE: tuple[Permission, ...] = ("allowed", "unknown", "forbidden")


@dataclass(frozen=True, order=True)
class Evidence:
    rank: Rank
    statement: str
    """the words as found"""


@dataclass(frozen=True)
class Resolved:
    licence: str | None
    """an id, or an expression; None: nothing recognised at the deciding rank"""
    rank: Rank | None
    statement: str
    conflict: str | None
    """the more restrictive statement of a lower rank, if any"""
    reserved: bool = False
    """somebody took text and data mining back"""


@dataclass(frozen=True)
class Verdict:
    verdict: Word
    rule: str


@dataclass(frozen=True)
class Judgement:
    """The acts apart: a text may be trained on and yet never be published cleaned."""

    train: Verdict
    publish_cleaned: Verdict
    publish_verbatim: Verdict

    @property
    def corpus(self) -> Verdict:
        """A published corpus needs both: its texts are trained on, and shown cleaned."""
        if self.train.verdict != "allowed":
            return self.train
        return self.publish_cleaned


def resolve(evidence: Iterable[Evidence], unread_as: str = "") -> Resolved:
    """One licence from all statements; the order of `evidence` does not matter.

    `unread_as` is the licence that a recorded decision reads in words nothing else could read.
    """
    stated = sorted({entry for entry in evidence if entry.statement.strip()})
    if not stated:
        return Resolved(None, None, "", None)
    reserved = any(reserves_mining(entry.statement) for entry in stated)
    best = stated[0].rank
    deciding = [entry for entry in stated if entry.rank == best]
    unread = [entry for entry in deciding if recognise(entry.statement) is None]
    by_decision = recognise(unread_as)
    if unread and by_decision is None:
        return Resolved(None, best, unread[0].statement, None, reserved)
    read = {recognise(entry.statement) or by_decision for entry in deciding}
    licence = _binding({id for id in read if id})
    chosen = max(deciding, key=lambda entry: (_weight(entry), entry.statement))
    conflict = next(
        (e.statement for e in stated if e.rank > best and _takes_back(e.statement, licence)), None
    )
    return Resolved(licence, best, chosen.statement, conflict, reserved)


class Settled(NamedTuple):
    resolved: Resolved
    decided_by: str
    """the people's decisions that were needed, in words"""


def settle(
    evidence: Sequence[Evidence],
    copies: Sequence[tuple[str, str]],
    recorded: Sequence[RecordedDecision],
) -> Settled:
    """`resolve`, with what people decided about all `copies` (id, source) of the document."""
    resolved = resolve(evidence)
    used = []
    reading = decided(recorded, "unread", copies)
    if resolved.licence is None and reading:
        resolved = resolve(evidence, reading.licence)
        used += [reading] if resolved.licence else []
    settling = decided(recorded, "conflict", copies)
    if resolved.conflict and settling:
        resolved = replace(resolved, conflict=None)
        used.append(settling)
    words = "; ".join(f"{one.who} ({one.rule}): {one.why}" for one in used)
    return Settled(resolved, words)


def judge(resolved: Resolved, use: Use, basis: RightsBasis = LICENCE_ONLY) -> Verdict:
    """May the cleaned document be trained on and published in this version of a corpus?"""
    return judge_acts(resolved, use, basis).corpus


def judge_acts(resolved: Resolved, use: Use, basis: RightsBasis = LICENCE_ONLY) -> Judgement:
    """Each act on its own. A basis beside the licence may allow training, and nothing else."""
    by_licence = {act: _by_licence(resolved, use, act) for act in ACTS if act != "commercial"}
    train = by_licence["train"]
    if train.verdict != "allowed" and basis.allows_training(use):
        if basis.basis == "tdm-exception" and (resolved.reserved or basis.reserved):
            by = f"by its source ({_short(basis.reserved)})" if basis.reserved else "in its words"
            train = Verdict("refused", f"text and data mining is reserved {by}")
        else:
            train = Verdict("allowed", f"{basis.words} allows training for {use} use")
    return Judgement(train, by_licence["publish_adapted"], by_licence["publish_verbatim"])


_WORDS: dict[Act, str] = {
    "train": "training on it",
    "publish_adapted": "publishing it cleaned",
    "publish_verbatim": "publishing it unchanged",
}


def _by_licence(resolved: Resolved, use: Use, act: Act) -> Verdict:
    if resolved.licence is None:
        said = f"“{_short(resolved.statement)}”" if resolved.statement else "no statement"
        return Verdict("unknown", f"licence not known ({said})")
    if resolved.conflict and use == "commercial":
        return Verdict(
            "refused",
            f"conflict: {resolved.licence} by rank {resolved.rank}, "
            f"but also claimed “{_short(resolved.conflict)}”",
        )
    needed: tuple[Act, ...] = (act, "commercial") if use == "commercial" else (act,)
    if permission(resolved.licence, needed) == "allowed":
        return Verdict("allowed", f"{resolved.licence} allows {use} use")
    found = permission(resolved.licence, (act,))
    words = "commercial use" if found == "allowed" else _WORDS[act]
    found = permission(resolved.licence, needed) if found == "allowed" else found
    note = licence_of(resolved.licence).note
    verb = "forbids" if found == "forbidden" else "does not settle"
    return Verdict(
        "refused" if found == "forbidden" else "unknown",
        f"{resolved.licence} {verb} {words}" + (f" ({note})" if note else ""),
    )


def _binding(licences: set[str]) -> str:
    """What binds where all of `licences` are stated: one that covers the others, or all of them."""
    for one in sorted(licences, key=restrictiveness, reverse=True):
        if all(_covers(one, other) for other in licences):
            return one
    return all_of(licences)


def _covers(one: str, other: str) -> bool:
    """Whether who keeps to `one` keeps to `other` as well."""
    mine, others = licence_of(one), licence_of(other)
    if one != other and (" OR " in one or " OR " in other):
        return False  # the acts apart do not tell what a branch allows at once
    return set(others.obligations) <= set(mine.obligations) and not _wider(one, other)


def _wider(one: str, other: str) -> bool:
    """Whether `one` allows an act that `other` does not allow as much."""
    mine, others = licence_of(one).acts, licence_of(other).acts
    return any(
        _RESTRICTIVE.index(mine[act]) < _RESTRICTIVE.index(others[act]) for act in ACTS
    )  # fmt: skip


def _takes_back(statement: str, licence: str) -> bool:
    """Words that name no licence take nothing back, but for a restriction they state."""
    claimed = recognise(statement)
    return _wider(licence, claimed) if claimed else restricts(statement)


def _weight(entry: Evidence) -> tuple[int, int, int, str]:
    licence = recognise(entry.statement)
    return restrictiveness(licence) if licence else (0, 0, 0, "")


def _short(words: str) -> str:
    flat = " ".join(words.split())
    return flat if len(flat) <= 80 else flat[:79] + "…"
