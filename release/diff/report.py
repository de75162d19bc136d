"""A difference to be read: lines for a terminal, a changelog for a card."""

import json
from collections.abc import Iterator
from typing import Any

from hub.cards.markdown import table
from release.diff.compare import Difference
from release.diff.documents import CorpusDifference
from release.diff.scores import ScoreDifference

SHOWN = 40
"""fields printed on a terminal; `--json` has all"""


def lines(found: Difference) -> list[str]:
    said = [f"{found.before} ({found.versions[0]}) → {found.after} ({found.versions[1]})", ""]
    if found.same:
        return [*said, "No difference."]
    said += ["Artefacts"]
    said += [
        f"  {one.name} ({one.kind}): {one.before[:12] or 'not there'} → "
        f"{one.after[:12] or 'not there'}"
        for one in found.artefacts
    ] or ["  all the same"]
    said += ["", "Documents", *_documents(found)]
    said += ["", "Settings", *_fields([(f.where, f.before, f.after) for f in found.settings])]
    said += ["", "Scores (differences on the items that both asked; p corrected by Holm)"]
    said += [f"  {line}" for line in _scores(found)] or ["  nothing to compare"]
    said += ["", "Metadata", *_fields([(f.where, f.before, f.after) for f in found.metadata])]
    return said


def _documents(found: Difference) -> Iterator[str]:
    for corpus in found.documents:
        yield f"  {_corpus(corpus)}"
        for row in corpus.rows:
            yield (
                f"    {row.source}, {row.licence or 'licence not known'}: "
                f"+{row.added:,} −{row.removed:,} changed {row.changed:,}"
            )
        for why, count in corpus.reasons.items():
            yield f"    no longer in it: {count:,}, {why.replace('_', ' ')}"


def _corpus(corpus: CorpusDifference) -> str:
    if corpus.same:
        return f"{corpus.corpus}: the same {_count(corpus.after)}"
    if corpus.state == "both":
        return (
            f"{corpus.corpus}: {corpus.before} → {_count(corpus.after)}; "
            f"{len(corpus.added):,} added, {len(corpus.removed):,} removed, "
            f"{len(corpus.changed):,} changed"
        )
    if corpus.state == "not published":
        return (
            f"{corpus.corpus}: {_count(corpus.before)} → {_count(corpus.after)}; its documents "
            "are not published, so only their number can be compared"
        )
    size = corpus.after if corpus.state == "added" else corpus.before
    return f"{corpus.corpus}: {corpus.state}, {_count(size)}"


def _count(documents: int | None) -> str:
    return "documents not counted" if documents is None else f"{documents:,} documents"


def _fields(found: list[tuple[str, Any, Any]]) -> Iterator[str]:
    if not found:
        yield "  no difference"
    for where, before, after in found[:SHOWN]:
        yield f"  {where}: {_value(before)} → {_value(after)}"
    if len(found) > SHOWN:
        yield f"  and {len(found) - SHOWN} more (--json has all)"


def _value(value: Any) -> str:
    if value is None:
        return "not there"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= 120 else text[:117] + "…"


def _scores(found: Difference) -> list[str]:
    said = [f"{one.model}, {one.group}: {_score(one)}" for one in found.scores]
    said += [f"{model}: no longer measured" for model in found.models_removed]
    return said + [f"{model}: measured for the first time" for model in found.models_added]


def _score(one: ScoreDifference) -> str:
    metric = one.metric.replace("_", " ")
    values = f"{one.before:.3f} → {one.after:.3f} {metric}"
    if one.verdict == "nothing in common":
        return f"{values}; no item was asked in both"
    if one.verdict == "not comparable":
        return f"{values}; not comparable, asked otherwise: {one.why}"
    if one.verdict == "identical":
        return f"{values}; every one of {one.compared:,} answers is the same"
    return (
        f"{values}; {one.difference:+.3f} [{one.ci_low:+.3f}, {one.ci_high:+.3f}] on "
        f"{one.compared:,} items, p {_p(one.p_adjusted)}: {one.verdict}"
    )


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def changelog(found: Difference) -> str:
    """Markdown for a card; the settings that differ, every corpus, every score."""
    parts = [f"From {found.versions[0]} to {found.versions[1]}. As data: `changes.json`."]
    parts += ["\n".join(f"- {_corpus(corpus)}." for corpus in found.documents)]
    rows = [
        (corpus.corpus, row.source, row.licence or "not known", f"{row.added:,}",
         f"{row.removed:,}", f"{row.changed:,}")
        for corpus in found.documents
        for row in corpus.rows
    ]  # fmt: skip
    if rows:
        header = ("corpus", "source", "licence", "added", "removed", "changed")
        parts += [table(header, rows, right=(3, 4, 5))]
    scores = _scores(found)
    if scores:
        parts += [
            "Scores, as differences on the items that both versions asked (p-values corrected by "
            "Holm):",
            "\n".join(f"- {line}." for line in scores),
        ]
    if found.settings:
        fields = [(one.where, _value(one.before), _value(one.after)) for one in found.settings]
        parts += [table(("setting", "before", "after"), fields)]
    return "\n\n".join(part for part in parts if part)
