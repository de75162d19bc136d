"""The audit of anybody's documents: what each may be used for, by which words and which rule.

Pure: statements in, rows and a summary out. Reading files is `release.audit`'s, showing is
`hub.licences.report`'s. Every document is judged for the asked use, act by act.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from hub.licences.evidence import Evidence, Judgement, Resolved, judge_acts, settle
from hub.licences.expression import licence_of
from hub.licences.lineage import JudgedModel
from hub.licences.rights import LICENCE_ONLY, RecordedDecision, RightsBasis, Use

Tier = Literal["commercial", "research", "train only", "none"]
"""The widest use: published cleaned in a commercial or a research version, trained on only, none"""


@dataclass(frozen=True)
class Stated:
    """What is known of one document before it is judged."""

    id: str
    source: str
    evidence: tuple[Evidence, ...] = ()
    attribution: str = ""
    basis: RightsBasis = LICENCE_ONLY
    problem: str = ""
    is_published: bool = True
    """false: it is in a corpus for training alone"""


@dataclass(frozen=True)
class Row:
    """One line of the ledger."""

    id: str
    source: str
    licence: str
    evidence: str
    """the words that decided"""
    rank: int
    attribution: str
    tier: Tier
    verdict: str
    """allowed, refused or unknown for the asked use"""
    rule: str
    conflict: str
    """a more restrictive statement of a lower rank"""
    missing: str
    """what its obligations ask for and is not there"""


@dataclass
class Summary:
    """Counts a reader needs; filled row by row, so that a large folder is never held at once."""

    use: Use
    documents: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    licences: dict[str, Counter[tuple[str, str]]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    """by source: (licence or "not known", verdict)"""
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(source, rule) of what is not allowed"""
    conflicts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(source, licence, the claim against it)"""
    missing: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(source, what)"""
    tiers: Counter[str] = field(default_factory=Counter)
    examples: dict[tuple[str, str], str] = field(default_factory=dict)
    """(source, rule): the first document it is about"""
    models: list[JudgedModel] = field(default_factory=list)
    """those that were made from the documents"""

    @property
    def allowed(self) -> bool:
        judged = self.documents + len(self.models)
        passed = sum(model.verdict == "allowed" for model in self.models)
        return 0 < judged == passed + self.verdicts["allowed"]

    def add(self, row: Row) -> None:
        self.documents += 1
        self.verdicts[row.verdict] += 1
        self.tiers[row.tier] += 1
        self.licences[row.source][(row.licence or "not known", row.verdict)] += 1
        if row.verdict != "allowed":
            self.rules[(row.source, row.rule)] += 1
            self.examples.setdefault((row.source, row.rule), row.id)
        if row.conflict:
            self.conflicts[(row.source, row.licence, row.conflict)] += 1
        if row.missing:
            self.missing[(row.source, row.missing)] += 1


def audit(
    documents: Iterable[Stated], use: Use, recorded: Sequence[RecordedDecision] = ()
) -> Iterable[Row]:
    """One row a document, in the order given."""
    for document in documents:
        yield audit_one(document, use, recorded)


def audit_one(document: Stated, use: Use, recorded: Sequence[RecordedDecision] = ()) -> Row:
    copies = [(document.id, document.source)]
    resolved, _ = settle(document.evidence, copies, recorded)
    asked = judge_acts(resolved, use, document.basis)
    judged = asked.corpus if document.is_published else asked.train
    verdict, rule = judged.verdict, judged.rule
    if document.problem:
        verdict, rule = "unknown", document.problem
    return Row(
        id=document.id,
        source=document.source,
        licence=resolved.licence or "",
        evidence=" ".join(resolved.statement.split())[:2_000],
        rank=resolved.rank or 0,
        attribution=document.attribution,
        tier="none" if document.problem else _tier(resolved, document.basis, asked),
        verdict=verdict,
        rule=rule,
        conflict=" ".join((resolved.conflict or "").split())[:200],
        missing=_missing(resolved, document),
    )


def _tier(resolved: Resolved, basis: RightsBasis, asked: Judgement) -> Tier:
    if judge_acts(resolved, "commercial", basis).corpus.verdict == "allowed":
        return "commercial"
    research = judge_acts(resolved, "research", basis)
    if research.corpus.verdict == "allowed":
        return "research"
    trainable = "allowed" in (research.train.verdict, asked.train.verdict)
    return "train only" if trainable else "none"


def _missing(resolved: Resolved, document: Stated) -> str:
    if resolved.licence is None or document.attribution.strip():
        return ""
    return "author" if "attribution" in licence_of(resolved.licence).obligations else ""
