"""What becomes of each document, decided once all of them are known.

The order is fixed and a document leaves at the first rule that takes it: withdrawn, unreadable,
licence, other split, personal data, contaminated, not of the domain, copy, near duplicate, mixture.
Copies pool their evidence before the licence is judged, so that a copy found under better words
does not launder the original; and they are withdrawn together.

A document is a number here, and what is known about all of them are arrays of a few bytes each;
names and words are read again from the units when rows are written.
"""

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from corpus.fingerprint import Shares, Split
from corpus.settings import CorpusSettings, SourceSettings
from hub.licences.evidence import Evidence, Judgement, Resolved, Verdict, judge_acts, settle
from hub.licences.rights import RecordedDecision
from hub.licences.table import restrictiveness

Status = Split | Literal["kept", "excluded"]
"""a split: the document belongs to that one, not to this"""
Reason = Literal[
    "", "unreadable", "licence", "personal", "contaminated", "domain", "duplicate",
    "near_duplicate", "mix", "withdrawn",
]  # fmt: skip
SPLITS: tuple[Split, ...] = get_args(Split)
STATUSES: tuple[Status, ...] = (*SPLITS, "kept", "excluded")
REASONS: tuple[Reason, ...] = get_args(Reason)
_KEPT, _EXCLUDED = STATUSES.index("kept"), STATUSES.index("excluded")

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Known(NamedTuple):
    """All documents of the corpus in order, by number."""

    source: NDArray[np.int32]
    """position in the recipe's order of sources"""
    fingerprint: NDArray[np.uint64]
    """two columns: the first 128 bits"""
    num_words: Numbers
    unreadable: Flags
    personal: Flags
    contaminated: Flags
    withdrawn: Flags
    """with all their copies"""


class Fates(NamedTuple):
    """What becomes of the documents."""

    status: NDArray[np.int8]
    reason: NDArray[np.int8]
    kept_instead: Numbers
    """of a copy: the document kept in its place; -1: none"""
    similarity: NDArray[np.float64]

    def of(self, status: Status) -> Numbers:
        return np.flatnonzero(self.status == STATUSES.index(status))

    def exclude(self, rows: Numbers | Flags, reason: Reason) -> None:
        self.status[rows] = _EXCLUDED
        self.reason[rows] = REASONS.index(reason)


class Judged(NamedTuple):
    """What the statements about a document, or about all copies of it, come to."""

    resolved: Resolved
    judgement: Judgement
    verdict: Verdict
    """whether the document may be in this corpus: trained on, and published where that is"""
    decided_by: str
    preference: tuple[int, tuple[int, int, int, str]]
    """smaller is kept first: the rank of the evidence, then how much the licence restricts"""


class Judge:
    """Judges each combination of statements once, as far as memory allows."""

    def __init__(
        self,
        settings: CorpusSettings,
        sources: dict[str, SourceSettings],
        recorded: Sequence[RecordedDecision],
    ) -> None:
        self._use = settings.use
        self._publish = settings.publish
        self._sources = sources
        self._recorded = recorded
        self.judge = lru_cache(1 << 16)(self._judge)

    def about(self, copies: Sequence[tuple[str, str]]) -> tuple[int, ...]:
        """The people's decisions that are about every one of `copies` (id, source)."""
        return tuple(
            number
            for number, decision in enumerate(self._recorded)
            if all(decision.is_about(*copy) for copy in copies)
        )

    def _judge(self, evidence: tuple[str, ...], source: str, decisions: tuple[int, ...]) -> Judged:
        """`evidence` as in the units, one of each copy with the source's terms."""
        statements = [Evidence(*entry) for one in evidence for entry in json.loads(one)]
        recorded = [self._recorded[number] for number in decisions]
        resolved, decided_by = settle(statements, (), recorded)
        judgement = judge_acts(resolved, self._use, self._sources[source].rights_basis)
        licence = restrictiveness(resolved.licence) if resolved.licence else (9, 9, 9, "")
        verdict = judgement.corpus if self._publish else judgement.train
        return Judged(resolved, judgement, verdict, decided_by, (resolved.rank or 9, licence))

    def terms(self, source: str) -> str:
        """What is said of all its documents, each statement with its rank."""
        terms = self._sources[source].terms
        return json.dumps([[said.rank, said.licence] for said in terms])


class Copies(NamedTuple):
    """Documents with the same fingerprint."""

    members: Numbers
    """those that are not alone, group by group"""
    ends: Numbers
    """of the groups in `members`"""

    def groups(self) -> Iterator[list[int]]:
        return (part.tolist() for part in np.split(self.members, self.ends[:-1]) if len(part))


def find_copies(known: Known) -> Copies:
    """Unreadable documents have no copies."""
    rows = np.flatnonzero(~known.unreadable)
    high, low = known.fingerprint[rows, 0], known.fingerprint[rows, 1]
    order = np.lexsort((rows, low, high))
    changes = np.ones(len(rows), bool)
    changes[1:] = (np.diff(high[order]) != 0) | (np.diff(low[order]) != 0)
    begins = np.flatnonzero(changes)
    sizes = np.diff(begins, append=len(rows))
    members = rows[order[np.repeat(sizes > 1, sizes)]]
    return Copies(members, np.cumsum(sizes[sizes > 1]))


def splits_of(known: Known, shares: Shares) -> NDArray[np.int8]:
    """`fingerprint.split_of` of every document at once."""
    position = (known.fingerprint[:, 0] >> np.uint64(32)) / 2**32
    found = np.full(len(position), SPLITS.index("train"), np.int8)
    found[position < shares.held_out + shares.validation] = SPLITS.index("validation")
    found[position < shares.held_out] = SPLITS.index("held_out")
    return found


def decide(
    known: Known,
    allowed: Flags,
    leader: Numbers,
    settings: CorpusSettings,
    shares: Shares,
    outside: Flags | None = None,
) -> Fates:
    """All that is decided without looking for near duplicates.

    `leader` is for each document the copy that stands for all of them, mostly itself; `allowed`
    says whether the pooled evidence lets it in, `outside` what a domain filter leaves out.
    """
    size = len(leader)
    fates = Fates(
        splits_of(known, shares), np.zeros(size, np.int8), np.full(size, -1), np.zeros(size)
    )
    candidates = (fates.status == SPLITS.index(settings.split)) & allowed & ~known.unreadable
    fates.status[candidates] = _KEPT
    if outside is not None:
        fates.exclude(candidates & outside[leader], "domain")
    if settings.contaminated == "drop":
        fates.exclude(candidates & known.contaminated[leader], "contaminated")
    if settings.personal_data == "drop":
        fates.exclude(candidates & known.personal[leader], "personal")
    fates.exclude(~allowed, "licence")
    fates.exclude(known.unreadable, "unreadable")
    fates.exclude(known.withdrawn, "withdrawn")
    copies = (leader != np.arange(size)) & (fates.status == _KEPT)
    fates.exclude(copies, "duplicate")
    fates.kept_instead[copies] = leader[copies]
    fates.similarity[copies] = 1.0
    return fates


def comparable(fates: Fates, allowed: Flags, leader: Numbers, split: Split) -> Numbers:
    """Documents that near duplicates are looked for among: the kept ones, and those that are set
    apart for a later use of the text (train, then validation, then held out); and the withdrawn
    ones, whose near copies would still hold their text."""
    later = np.isin(fates.status, range(SPLITS.index(split) + 1, len(SPLITS)))
    gone = fates.reason == REASONS.index("withdrawn")
    return np.flatnonzero(
        ((fates.status == _KEPT) | (later & allowed) | gone) & (leader == np.arange(len(leader)))
    )


def remove_near_duplicates(
    fates: Fates, removals: dict[int, tuple[int, float]], leader: Numbers
) -> None:
    """`removals` maps a document to the one that stays and their similarity.

    Exact copies of a removed document go by the same rule: a trail ends at a document that is kept.
    Where the one that stays belongs to another split the removed one goes with it: near copies are
    never on two sides. Near copies of a withdrawn document are withdrawn with it.
    """
    numbers = np.array(list(removals), np.int64)
    kept = np.full(len(leader), -1)
    kept[numbers] = [removal[0] for removal in removals.values()]
    similarity = np.zeros(len(leader))
    similarity[numbers] = [removal[1] for removal in removals.values()]
    mine = (fates.status == _KEPT) | (fates.reason == REASONS.index("duplicate"))
    gone = mine & (kept[leader] >= 0)
    reserved = gone.copy()
    reserved[gone] = fates.status[kept[leader[gone]]] < len(SPLITS)
    fates.exclude(gone, "near_duplicate")
    fates.kept_instead[gone] = kept[leader[gone]]
    fates.similarity[gone] = similarity[leader[gone]]
    fates.status[reserved] = fates.status[kept[leader[reserved]]]
    fates.reason[reserved] = 0
    withdrawn = np.flatnonzero(gone)
    withdrawn = withdrawn[fates.reason[kept[leader[withdrawn]]] == REASONS.index("withdrawn")]
    fates.exclude(withdrawn, "withdrawn")


def remove_from_mix(fates: Fates, taken: Flags) -> None:
    """Kept documents outside `taken` go; copies of one that goes say so too."""
    gone = (fates.status == _KEPT) & ~taken
    copies = fates.kept_instead >= 0
    copies[copies] = gone[fates.kept_instead[copies]]
    fates.exclude(gone | copies, "mix")
    fates.kept_instead[copies] = -1
    fates.similarity[copies] = 0.0
