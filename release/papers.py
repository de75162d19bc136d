"""The three papers' printed tables, in the form of a results dataset, for the Space to show beside
a release: `papers/NAME/` with about.json, models.json, scores, differences and ranks.

Scores are as printed. Intervals, differences and ranks are computed here, from the printed errors
where these fit n answers, else from √(p(1−p)/(n−1)); differences are unpaired, since no answers are
published, and corrected by Holm over each printed table. What the consistency report says against
a figure stands beside it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from evaluation.changes import VERDICTS, changes
from evaluation.consistency import findings
from evaluation.published import RESULTS, published_table
from evaluation.published.slips import inside, prose
from evaluation.statistics.intervals import quantile
from evaluation.tables import Table
from hub.disk import write_json
from release import columns
from release.ranking import RANKS, places

CONFIDENCE = 0.95
METRIC = "accuracy_percent"
SCORES = columns.SCORES | {"task": str, "language": str, "source": str, "note": str}
DIFFERENCES = columns.DIFFERENCES | {"task": str}
JUDGED = {"increase": "better", "decrease": "worse", "none": "no clear difference"}


class Paper(NamedTuple):
    paper: str
    """one of `evaluation.published.slips.PAPERS`"""
    title: str


CITATIONS = {
    "partages": "Is Biomedical Specialization Still Worth It? Insights from Domain-Adaptive "
    "Language Modelling with a New French Health Corpus. arXiv:2604.06903, 2026.",
    "definemed": "N. Doll et al. Can Continual Pre-training Bridge the Performance Gap between "
    "General-purpose and Specialized Language Models in the Medical Domain?",
    "biomistral": "Y. Labrak et al. BioMistral: A Collection of Open-Source Pretrained Large "
    "Language Models for Medical Domains.",
}
PAPERS = {
    "partages-groups": Paper("partages", "PARTAGES, Tables 3 to 6"),
    "partages-benchmark": Paper("partages", "PARTAGES, Tables 8 to 11"),
    "definemed": Paper("definemed", "DeFineMed, Tables 4, 9 and 11"),
    "biomistral-english": Paper("biomistral", "BioMistral, Tables 2 to 4"),
    "biomistral-languages": Paper("biomistral", "BioMistral, appendix H"),
    "biomistral-truthfulqa": Paper("biomistral", "BioMistral, Table 8"),
}


def write(folder: Path) -> None:
    """One subfolder a table; the same bytes every time."""
    for name in RESULTS:
        _write(folder / name, PAPERS[name], published_table(name))


def _write(folder: Path, paper: Paper, table: Table) -> None:
    about = {
        "title": paper.title,
        "source": f"The figures are those that the paper prints; intervals are "
        f"{100 * CONFIDENCE:g}% and, like differences and places, computed from them.",
        "citation": CITATIONS[paper.paper],
    }
    write_table(folder, about, table, prose(paper.paper))


def write_table(
    folder: Path, about: Mapping[str, str], table: Table, said: Iterable[str] = ()
) -> None:
    """Any table in that form; `said` is what else speaks against its figures."""
    folder.mkdir(parents=True)
    labels = table.labels()
    against = [line.removeprefix("- ") for line in (*inside(table), *said)]
    write_json(folder / "about.json", {**about, "findings": against})
    write_json(folder / "models.json", {"models": list(_models(table, labels))})
    columns.write(folder / "scores.parquet", list(_scores(table, labels)), SCORES)
    columns.write(folder / "differences.parquet", list(_differences(table, labels)), DIFFERENCES)
    columns.write(folder / "ranks.parquet", list(_ranks(table, labels)), RANKS)


def _models(table: Table, labels: list[str]) -> Iterator[dict[str, Any]]:
    """The size is what the name says; what was merged from what is only told as far as its base."""
    for entrant, label in enumerate(labels):
        base = table.bases.get(entrant)
        merged = re.search(r"slerp|ties|dare", label, re.IGNORECASE) and base is not None
        size = re.search(r"(?<![\w.])(\d+(?:\.\d+)?)\s?([bm])(?![a-z])", label, re.IGNORECASE)
        scale = {"b": 1e9, "m": 1e6}[size[2].lower()] if size else 0
        yield {
            "name": label,
            "kind": "merge" if merged else "model",
            "parents": [] if base is None else [labels[base]],
            "parameters": round(float(size[1]) * scale) if size else None,
        }


def _scores(table: Table, labels: list[str]) -> Iterator[dict[str, Any]]:
    half = quantile(CONFIDENCE) * table.standard_errors()
    notes = _notes(table)
    for entrant, column in np.argwhere(table.present).tolist():
        where = table.columns[column]
        yield {
            "model": labels[entrant],
            "group": _group(table, column),
            "task": where.task,
            "language": _language(table, column),
            "metric": METRIC,
            **_interval(table.score[entrant, column], half[entrant, column]),
            "source": table.sources[table.source[entrant, column]],
            "note": notes.get((labels[entrant], where.task, where.language), ""),
        }


def _interval(score: float, half: float) -> dict[str, float | None]:
    """In percent, as printed; without an error there is no interval."""
    known = bool(np.isfinite(half))
    return {
        "value": 100 * score,
        "ci_low": 100 * (score - half) if known else None,
        "ci_high": 100 * (score + half) if known else None,
    }


def _language(table: Table, column: int) -> str:
    """Without the source table, which the reader adds where two of them print one task."""
    return table.columns[column].language.split(" (")[0]


def _group(table: Table, column: int) -> str:
    where = table.columns[column]
    return where.group or where.language


def _notes(table: Table) -> dict[tuple[str, str, str], str]:
    """What speaks against single cells; findings about whole tables stand in about.json."""
    found: dict[tuple[str, str, str], str] = {}
    for finding in findings(table):
        if finding.model and finding.task and finding.check != "missing":
            key = finding.model, finding.task, finding.language
            said = f"{finding.check}: {finding.detail}"
            found[key] = f"{found[key]}; {said}" if key in found else said
    return found


def _differences(table: Table, labels: list[str]) -> Iterator[dict[str, Any]]:
    found = changes(table, "unpaired-z", "holm", CONFIDENCE)
    for number, (entrant, column) in enumerate(
        zip(found.entrant.tolist(), found.column.tolist(), strict=True)
    ):
        verdict = VERDICTS[found.verdict[number]]
        base = table.bases[entrant]
        if verdict not in JUDGED or base is None:
            continue
        yield {
            "before": labels[base],
            "after": labels[entrant],
            "group": _group(table, column),
            "task": table.columns[column].task,
            "metric": METRIC,
            "difference": 100 * float(found.delta[number]),
            "ci_low": 100 * float(found.low[number]),
            "ci_high": 100 * float(found.high[number]),
            "items": None,
            "p_value": None,
            "p_adjusted": float(found.p[number]),
            "family": table.sources[table.source[entrant, column]],
            "verdict": JUDGED[verdict],
        }


def _ranks(table: Table, labels: list[str]) -> Iterator[dict[str, Any]]:
    error = table.standard_errors()
    for column, where in enumerate(table.columns):
        group = _group(table, column)
        for entrant, place in places(table.score[:, column], error[:, column], CONFIDENCE):
            yield {
                "model": labels[entrant], "group": group, "task": where.task, "metric": METRIC,
                **place,
            }  # fmt: skip
