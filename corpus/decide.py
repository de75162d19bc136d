"""What becomes of each document, decided once all of them have been read.

The order is fixed and a document leaves at the first rule that takes it: unreadable, licence, other
split, personal data, contaminated, copy, near duplicate. Copies pool their evidence before the
licence is judged, so that a copy found under better words does not launder the original.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from corpus.document import SourceDocument
from corpus.fingerprint import Shares, Split, split_of
from corpus.settings import CorpusSettings, SourceSettings
from hub.licences.evidence import Evidence, Resolved, Verdict, judge_acts, settle
from hub.licences.rights import RecordedDecision

Status = Split | Literal["kept", "excluded"]
"""a split: the document belongs to that one, not to this"""
Reason = Literal[
    "", "unreadable", "licence", "duplicate", "personal", "contaminated", "near_duplicate"
]


@dataclass(frozen=True)
class Read:
    """What deciding needs of a document; its text stays on disk."""

    document: SourceDocument
    """without its text"""
    fingerprint: str
    num_words: int
    question: str | None
    """the test question found in it"""
    has_personal_data: bool


@dataclass(frozen=True)
class Decision:
    """One row of the ledger."""

    id: str
    source: str
    language: str
    status: Status
    reason: Reason
    rule: str
    """the rule in words"""
    verdict: str
    """allowed, refused or unknown for the asked use"""
    licence: str
    evidence: str
    """the words that decided"""
    rank: int
    attribution: str
    may_train: str
    """allowed, refused or unknown, by the licence or by the source's basis of rights"""
    may_publish_cleaned: str
    may_publish_verbatim: str
    rights_basis: str
    """licence, or the exception, contract or permission in words"""
    decided_by: str
    """who decided by name about its licence, and why"""
    kept_id: str
    """of a copy: the document kept in its place"""
    similarity: float
    """of a copy, to that document: Jaccard similarity of word n-grams; 1 for an exact copy"""
    num_words: int


def decide(
    documents: Iterable[Read],
    settings: CorpusSettings,
    sources: dict[str, SourceSettings],
    shares: Shares,
    recorded: Sequence[RecordedDecision] = (),
) -> list[Decision]:
    """One decision a document, in the order given; `recorded` are those of people."""
    read = _with_unique_ids(documents)
    groups: dict[str, list[int]] = defaultdict(list)
    for position, entry in enumerate(read):
        if not entry.document.problem:
            groups[entry.fingerprint].append(position)
    decisions: dict[int, Decision] = {
        position: _decision(entry, "excluded", "unreadable", entry.document.problem)
        for position, entry in enumerate(read)
        if entry.document.problem
    }
    for positions in groups.values():
        decisions |= _decide_copies(positions, read, settings, sources, shares, recorded)
    return [decisions[position] for position in range(len(read))]


def preference(decisions: list[Decision], settings: CorpusSettings) -> list[int]:
    """Positions of the kept documents, the one to keep first: source order, longest, id."""
    order = {source: rank for rank, source in enumerate(settings.sources)}
    kept = [position for position, entry in enumerate(decisions) if entry.status == "kept"]
    return sorted(
        kept,
        key=lambda p: (order[decisions[p].source], -decisions[p].num_words, decisions[p].id),
    )


def without_near_duplicates(
    decisions: list[Decision], removals: Mapping[int, tuple[int, float]]
) -> list[Decision]:
    """`removals` maps a position to that of the kept document and their similarity.

    Exact copies of a removed document go by the same rule: a trail ends at a document that is kept.
    """
    kept_instead = {
        decisions[position].id: (decisions[kept].id, similarity)
        for position, (kept, similarity) in removals.items()
    }
    result = []
    for decision in decisions:
        stands_for = decision.kept_id or decision.id
        if stands_for in kept_instead and (decision.status == "kept" or decision.kept_id):
            kept_id, similarity = kept_instead[stands_for]
            decision = replace(
                decision,
                status="excluded",
                reason="near_duplicate",
                rule=f"near duplicate of {kept_id}",
                kept_id=kept_id,
                similarity=similarity,
            )
        result.append(decision)
    return result


def _decide_copies(
    positions: list[int],
    read: list[Read],
    settings: CorpusSettings,
    sources: dict[str, SourceSettings],
    shares: Shares,
    recorded: Sequence[RecordedDecision],
) -> dict[int, Decision]:
    """All copies of one text share one licence and one fate; if that is to be kept, one stays."""
    order = {source: rank for rank, source in enumerate(settings.sources)}
    first = min(positions, key=lambda p: (order[read[p].document.source], read[p].document.id))
    documents = [read[position].document for position in positions]
    evidence = [entry for document in documents for entry in _evidence(document, sources)]
    copies = [(document.id, document.source) for document in documents]
    resolved, decided_by = settle(evidence, copies, recorded)
    basis = sources[read[first].document.source].rights_basis
    judgement = judge_acts(resolved, settings.use, basis)
    fate = _fate(read[first], judgement.corpus, settings, shares)
    kept_id = read[first].document.id
    found = {}
    for position in positions:
        entry = read[position]
        is_copy = fate[0] == "kept" and position != first
        copy: _Fate = ("excluded", "duplicate", f"copy of {kept_id}")
        found[position] = replace(
            _decision(entry, *(copy if is_copy else fate), resolved),
            attribution=entry.document.attribution or sources[entry.document.source].attribution,
            verdict=judgement.corpus.verdict,
            may_train=judgement.train.verdict,
            may_publish_cleaned=judgement.publish_cleaned.verdict,
            may_publish_verbatim=judgement.publish_verbatim.verdict,
            rights_basis=basis.words,
            decided_by=decided_by,
            kept_id=kept_id if is_copy else "",
            similarity=1.0 if is_copy else 0.0,
        )
    return found


_Fate = tuple[Status, Reason, str]


def _fate(entry: Read, verdict: Verdict, settings: CorpusSettings, shares: Shares) -> _Fate:
    if verdict.verdict != "allowed":
        return "excluded", "licence", verdict.rule
    split = split_of(entry.fingerprint, shares)
    if split != settings.split:
        return split, "", f"belongs to the split {split}"
    if entry.has_personal_data and settings.personal_data == "drop":
        return "excluded", "personal", "contains personal data"
    if entry.question is not None:
        return "excluded", "contaminated", f"contains the test question {entry.question}"
    return "kept", "", verdict.rule


def _evidence(document: SourceDocument, sources: dict[str, SourceSettings]) -> list[Evidence]:
    terms = sources[document.source].terms
    return [*document.evidence, *(Evidence(said.rank, said.licence) for said in terms)]


def _decision(
    entry: Read, status: Status, reason: Reason, rule: str, resolved: Resolved | None = None
) -> Decision:
    document = entry.document
    return Decision(
        id=document.id,
        source=document.source,
        language=document.language,
        status=status,
        reason=reason,
        rule=rule,
        verdict="unknown",
        licence=(resolved.licence if resolved else None) or "",
        evidence=resolved.statement if resolved else "",
        rank=(resolved.rank if resolved else None) or 0,
        attribution=document.attribution,
        may_train="unknown",
        may_publish_cleaned="unknown",
        may_publish_verbatim="unknown",
        rights_basis="",
        decided_by="",
        kept_id="",
        similarity=0.0,
        num_words=entry.num_words,
    )


def _with_unique_ids(documents: Iterable[Read]) -> list[Read]:
    """Two documents of one id would overwrite each other's trail: the later one gets a number."""
    seen: dict[str, int] = defaultdict(int)
    result = []
    for entry in documents:
        seen[entry.document.id] += 1
        count = seen[entry.document.id]
        if count > 1:
            renamed = replace(entry.document, id=f"{entry.document.id}#{count}")
            entry = replace(entry, document=renamed)
        result.append(entry)
    return result
