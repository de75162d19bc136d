"""The ledger: a row for every document that was read, kept or not, with the rule that decided.

Written once, in the order of the documents: all of it as `ledger.parquet`, and shard by shard for
the workers that write the texts. Counts for the card are taken on the way.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from corpus.census import Census
from corpus.decide import REASONS, SPLITS, STATUSES, Fates, Judge, Judged
from corpus.domain.apply import NOT_JUDGED, Scores
from corpus.pipeline import ParquetFile
from corpus.settings import SourceSettings
from corpus.units import BATCH_ROWS

_TEXT = (
    "id", "source", "language", "partition",
    # kept, excluded, or the split that the document belongs to
    "status", "reason", "rule",
    # allowed, refused or unknown for the asked use
    "verdict", "licence",
    # the words that decided, and whose they are: 1 the document's, 2 the source's, 3 a collector's
    "evidence", "rank", "attribution", "may_train", "may_publish_cleaned", "may_publish_verbatim",
    "rights_basis", "decided_by",
    # of a copy: the document kept in its place, and their Jaccard similarity
    "kept_id", "similarity", "num_words",
)  # fmt: skip
_TYPES = {"rank": pa.int64(), "num_words": pa.int64(), "similarity": pa.float64()}
LEDGER_SCHEMA = pa.schema([(name, _TYPES.get(name, pa.string())) for name in _TEXT])
SCORED_SCHEMA = LEDGER_SCHEMA.append(pa.field("domain_score", pa.float32()))
"""of a corpus with a domain filter; null: the classifier did not judge the document"""


UNREAD = "LicenseRef-unknown"
"""the licence of what may be trained on by another right"""


@dataclass
class Tally:
    """What the card says of one source."""

    documents: int = 0
    words: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    partitions: Counter[str] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    train_only: int = 0

    def add(self, row: Mapping[str, Any]) -> None:
        self.statuses[row["status"]] += 1
        if row["reason"]:
            self.excluded[row["reason"]] += 1
            self.train_only += row["reason"] == "licence" and row["may_train"] == "allowed"
        if row["status"] == "kept":
            self.documents += 1
            self.words += row["num_words"]
            self.licences[row["licence"]] += 1
            if row["language"]:
                self.languages[row["language"]] += 1
            if row["partition"]:
                self.partitions[row["partition"]] += 1


def write_ledger(
    census: Census,
    fates: Fates,
    judge: Judge,
    sources: Mapping[str, SourceSettings],
    questions: Mapping[int, str],
    ledger: Path,
    decided: Path,
    scores: Scores | None = None,
) -> dict[str, Tally]:
    """`questions` are the test questions found, `scores` a domain filter's, by document; one tally
    a source."""
    tallies = {source: Tally() for source in sources}
    schema = LEDGER_SCHEMA if scores is None else SCORED_SCHEMA
    with ExitStack() as stack:
        whole = stack.enter_context(ParquetFile(ledger, schema))
        rows: list[dict[str, Any]] = []
        shard, writer = -1, None
        for part, row in _rows(census, fates, judge, sources, questions, scores):
            if part != shard or len(rows) == BATCH_ROWS:
                if writer:
                    writer.write_batch(pa.RecordBatch.from_pylist(rows, LEDGER_SCHEMA))
                rows = []
            if part != shard:
                if writer:
                    writer.close()
                path = decided / f"{part:05d}.arrow"
                writer = stack.enter_context(pa.ipc.new_file(str(path), LEDGER_SCHEMA))
                shard = part
            rows.append(row)
            whole.write(row)
            tallies[row["source"]].add(row)
        if writer:
            writer.write_batch(pa.RecordBatch.from_pylist(rows, LEDGER_SCHEMA))
            writer.close()
    return tallies


def _rows(
    census: Census,
    fates: Fates,
    judge: Judge,
    sources: Mapping[str, SourceSettings],
    questions: Mapping[int, str],
    scores: Scores | None,
) -> Iterator[tuple[int, dict[str, Any]]]:
    names = census.names(fates.kept_instead[fates.kept_instead >= 0].tolist())
    columns = ["id", "language", "attribution", "partition", "evidence", "problem", "num_words"]
    for unit, begin, found in census.batches(columns):
        terms = judge.terms(unit.source)
        basis = sources[unit.source].rights_basis.words
        credit = sources[unit.source].attribution
        for offset, values in enumerate(zip(*found.values(), strict=True)):
            id, language, attribution, partition, evidence, problem, num_words = values
            number = begin + offset
            leader = int(census.leader[number])
            status = STATUSES[fates.status[number]]
            instead = int(fates.kept_instead[number])
            reason = REASONS[fates.reason[number]]
            is_copy = instead >= 0 and status == "excluded" and reason != "withdrawn"
            row: dict[str, Any] = {
                "id": census.renamed.get(number, id),
                "source": unit.source,
                "language": language,
                "partition": partition,
                "status": status,
                "reason": reason,
                "attribution": attribution,
                "kept_id": names[instead] if is_copy else "",
                "similarity": float(fates.similarity[number]) if status == "excluded" else 0.0,
                "num_words": num_words,
            }
            if scores is not None:
                score = float(scores.score[number])
                row["domain_score"] = None if score != score else score
            gone = _withdrawn(census, fates, row["id"], number) if reason == "withdrawn" else ""
            if problem:
                yield unit.part, row | _UNJUDGED | {"rule": gone or problem}
                continue
            judged = census.pooled.get(leader) or judge.judge(
                (evidence, terms), unit.source, judge.about([(id, unit.source)])
            )
            near = names[instead] if instead >= 0 else ""
            outside = scores is not None and int(scores.verdict[leader]) == NOT_JUDGED
            row |= {
                "rule": gone or _rule(row, judged, questions.get(leader, ""), near, outside),
                "verdict": judged.verdict.verdict,
                "licence": judged.resolved.licence or (UNREAD if status == "kept" else ""),
                "evidence": judged.resolved.statement,
                "rank": judged.resolved.rank or 0,
                "attribution": attribution or credit,
                "may_train": judged.judgement.train.verdict,
                "may_publish_cleaned": judged.judgement.publish_cleaned.verdict,
                "may_publish_verbatim": judged.judgement.publish_verbatim.verdict,
                "rights_basis": _basis(census, sources, leader) if leader != number else basis,
                "decided_by": judged.decided_by,
            }
            yield unit.part, row


_UNJUDGED = {
    "verdict": "unknown", "licence": "", "evidence": "", "rank": 0, "may_train": "unknown",
    "may_publish_cleaned": "unknown", "may_publish_verbatim": "unknown", "rights_basis": "",
    "decided_by": "",
}  # fmt: skip


def _basis(census: Census, sources: Mapping[str, SourceSettings], leader: int) -> str:
    """The right that the leader of the copies is used by."""
    leading = list(sources.values())[int(census.known.source[leader])]
    return leading.rights_basis.words


def _withdrawn(census: Census, fates: Fates, id: str, number: int) -> str:
    """By whom and why, of a withdrawn document, its copies and near copies."""
    leader = int(census.leader[number])
    original = leader if leader in census.withdrawals else int(fates.kept_instead[number])
    withdrawal = census.withdrawals[original]
    kin = "near copy" if original != leader else "copy"
    of = "" if id == withdrawal.document else f"{kin} of {withdrawal.document}, "
    return of + withdrawal.sentence


def _rule(
    row: Mapping[str, Any], judged: Judged, question: str, instead: str, unjudged: bool
) -> str:
    match row["reason"]:
        case "domain" if unjudged:
            return "the domain filter cannot judge its language, or it has no words"
        case "domain":
            return "below the domain filter's threshold"
        case "personal":
            return "contains personal data"
        case "contaminated":
            return f"contains the test question {question}"
        case "duplicate":
            return f"copy of {instead}"
        case "near_duplicate":
            return f"near duplicate of {instead}"
        case "mix":
            return "beyond what the mix asks for"
    if row["status"] in SPLITS:
        by = f" by its near copy {instead}" if instead else ""
        return f"belongs to the split {row['status']}{by}"
    return judged.verdict.rule
