"""What a finished corpus says of itself: statistics, hits, removed lines, figures for the card."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.reading import searched_kinds
from corpus.settings import CorpusSettings
from hub.disk import write_json
from hub.manifest import Number, Outcome

if TYPE_CHECKING:
    from corpus.census import Census
    from corpus.decide import Fates
    from corpus.decontaminate import Hits, Questions
    from corpus.domain.apply import Scores
    from corpus.ledger import Tally
    from corpus.mix import Mixed
    from corpus.units import Unit


@dataclass(frozen=True)
class Built:
    corpus: Outcome
    excluded: Outcome


def describe(
    settings: CorpusSettings,
    tallies: Mapping[str, "Tally"],
    units: Sequence["Unit"],
    mixed: "Mixed | None",
    contaminated: Mapping[str, int],
    out: Path,
    excluded: Path,
) -> Built:
    """`contaminated` counts the items found, by task."""
    write_json(out / "statistics.json", _statistics(settings, tallies))
    every = list(tallies.values())
    numbers = {
        "documents": Number(value=sum(one.documents for one in every), unit="documents"),
        "words": Number(value=sum(one.words for one in every), unit="words"),
        "read": Number(value=sum(one.statuses.total() for one in every), unit="documents"),
    }
    statuses = sum((one.statuses for one in every), Counter[str]())
    for split in ("train", "validation", "held_out"):
        if statuses[split]:
            numbers[f"split_{split}"] = Number(value=statuses[split], unit="documents")
    reasons = sum((one.excluded for one in every), Counter[str]())
    # What was looked for and not found is a nought, not unknown.
    looked_for = {"licence", "duplicate"}
    looked_for |= {"contaminated"} if settings.decontaminate else set()
    looked_for |= {"near_duplicate"} if settings.dedup != "exact" else set()
    for reason in sorted({*reasons, *looked_for}):
        count = reasons[reason]
        numbers[f"excluded_{reason}"] = Number(value=count, unit="documents")
    train_only = sum(one.train_only for one in every)
    if train_only:
        numbers["train_only"] = Number(value=train_only, unit="documents")
    for task, items in contaminated.items():
        numbers[f"contaminated_{task}"] = Number(value=items, unit="items")
    for part, one in enumerate(mixed.parts if mixed else ()):
        unit = settings.mix.unit if settings.mix else "words"
        numbers[f"mix_{part}_asked"] = Number(value=one.asked, unit=f"{unit} of {one.part}")
        numbers[f"mix_{part}_obtained"] = Number(value=one.obtained, unit=f"{unit} of {one.part}")
    for kind, count in sorted(_totals(units, "edits").items()):
        numbers[f"cleaned_{kind}"] = Number(value=count, unit="spans")
    personal = _totals(units, "personal")
    for searched in sorted(searched_kinds(settings)):
        numbers[f"personal_{searched}"] = Number(value=personal[searched], unit="spans")
    payload = [path.relative_to(out).as_posix() for path in out.rglob("*.parquet")]
    left_out = [path.relative_to(excluded).as_posix() for path in excluded.rglob("*.parquet")]
    licences = {licence for one in every for licence in one.licences}
    num_excluded = Number(value=statuses["excluded"], unit="documents")
    return Built(
        corpus=Outcome((*payload, "statistics.json"), numbers, tuple(sorted(licences))),
        excluded=Outcome(tuple(left_out), {"documents": num_excluded}),
    )


def with_scores(built: Built, scores: "Scores", classifier: Path) -> Built:
    """With what the domain filter did, and how far its documents moved from those it learned."""
    from corpus.domain.apply import NOT_JUDGED, TAKEN, drift_of

    judged = scores.verdict != NOT_JUDGED
    numbers = dict(built.corpus.numbers)
    numbers["domain_scored"] = Number(value=int(judged.sum()), unit="documents")
    numbers["domain_taken"] = Number(value=int((scores.verdict == TAKEN).sum()), unit="documents")
    numbers["domain_not_judged"] = Number(value=int((~judged).sum()), unit="documents")
    if judged.any():
        drift = round(drift_of(scores, classifier), 4)
        numbers["domain_drift"] = Number(value=drift, unit="population stability index")
    if scores.asked:
        numbers["domain_asked"] = Number(value=scores.asked, unit="documents of the transformer")
    return replace(built, corpus=replace(built.corpus, numbers=numbers))


def write_hits(
    path: Path,
    tasks: Mapping[str, Path],
    questions: "Questions",
    hits: "Hits",
    census: "Census",
    fates: "Fates",
) -> dict[str, int]:
    """Which test items stand in which documents that would otherwise be in the corpus, and how
    much of each; the number of items found of each task."""
    import pyarrow as pa

    from corpus.decide import REASONS, STATUSES
    from corpus.pipeline import ParquetFile

    if not tasks:
        return {}
    schema = pa.schema(
        [("document", pa.string()), ("task", pa.string()), ("item", pa.string()),
         ("containment", pa.float64()), ("action", pa.string())]
    )  # fmt: skip
    leaders = census.leader[hits.documents] == hits.documents
    kept = fates.status[hits.documents] == STATUSES.index("kept")
    dropped = fates.reason[hits.documents] == REASONS.index("contaminated")
    names = census.names(hits.documents[leaders & (kept | dropped)].tolist())
    found: dict[str, set[str]] = {task: set() for task in tasks}
    with ParquetFile(path, schema) as table:
        for row in (leaders & (kept | dropped)).nonzero()[0].tolist():
            task, item = questions.ids[int(hits.items[row])].split("/", 1)
            found[task].add(item)
            table.write(
                {
                    "document": names[int(hits.documents[row])],
                    "task": task,
                    "item": item,
                    "containment": float(hits.containment[row]),
                    "action": "dropped" if dropped[row] else "flagged",
                }
            )
    return {task: len(items) for task, items in found.items()}


def write_lines(path: Path, units: Sequence["Unit"]) -> None:
    """The repeated lines that were taken out, by source, with their number of documents."""
    import pyarrow as pa

    from corpus.pipeline import ParquetFile

    written = [unit for unit in units if unit.lines.exists()]
    if not written:
        return
    counts: Counter[tuple[str, str]] = Counter()
    for unit in written:
        for line, documents in json.loads(unit.lines.read_text("utf-8")).items():
            counts[unit.source, line] += documents
    fields = [("source", pa.string()), ("line", pa.string()), ("documents", pa.int64())]
    with ParquetFile(path, pa.schema(fields)) as table:
        for (source, line), documents in sorted(counts.items()):
            table.write({"source": source, "line": line, "documents": documents})


def _totals(units: Sequence["Unit"], name: str) -> Counter[str]:
    from corpus.units import totals

    return sum((Counter(totals(unit, name)) for unit in units), Counter[str]())


def _statistics(settings: CorpusSettings, tallies: Mapping[str, "Tally"]) -> list[dict[str, Any]]:
    """Per source: documents and words kept, and what was left out for which reason."""
    return [
        {
            "source": source,
            "documents": one.documents,
            "words": one.words,
            "languages": dict(sorted(one.languages.items())),
            "partitions": dict(sorted(one.partitions.items())),
            "licences": dict(sorted(one.licences.items())),
            "excluded": dict(sorted(one.excluded.items())),
        }
        for source, one in ((source, tallies[source]) for source in settings.sources)
    ]
