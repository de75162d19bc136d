"""What people say of the labeller: sheets handed out to them and taken back.

The sample is drawn again, which gives the same documents, and the labels are those that were kept:
nobody is asked anew, and a sheet fits the run that it was handed out from.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.domain.agreement import Agreement, Check, agreement, check
from corpus.domain.cache import Cache
from corpus.domain.gather import drawn_documents
from corpus.domain.label import Sampled
from corpus.domain.settings import FilterSettings, Labeller, Sample
from corpus.domain.sheet import draw, read_sheet, write_sheet
from corpus.domain.thresholds import Interval
from corpus.settings import SourceSettings
from hub.failure import BadInput
from hub.manifest import Number


@dataclass(frozen=True)
class Opinion:
    """Of people among themselves, and of the labeller against them."""

    people: Agreement
    labeller: Check


def hand_out(
    settings: FilterSettings,
    sources: Mapping[str, SourceSettings],
    data: Path,
    cache: Path,
    path: Path,
    count: int,
    annotators: int,
    seed: int,
) -> int:
    """Write a sheet of `count` labelled documents, or as many as there are; how many they are.

    Raises BadInput where a file is there already, so that nobody's answers are written over, and
    where nothing is labelled yet.
    """
    sample, labeller = _labelled(settings)
    if path.exists():
        raise BadInput(f"{path} is there already: name another file, or take it away")
    labels = kept_labels(labeller, cache)
    documents: list[Sampled] = [
        one.document for one in drawn_documents(settings, sample, sources, data)
    ]
    chosen = draw(documents, labels, count, seed)
    if not chosen:
        raise BadInput("no document of the sample is labelled yet: run the release first")
    write_sheet(path, chosen, annotators)
    return len(chosen)


def take_back(settings: FilterSettings, cache: Path, path: Path) -> Opinion:
    """Raises BadInput naming the line where the sheet is none of this labeller's, and where people
    decided nothing."""
    _, labeller = _labelled(settings)
    if not path.is_file():
        raise BadInput(f"there is no sheet {path}")
    labels = kept_labels(labeller, cache)
    judged = read_sheet(path, labels)
    return Opinion(agreement(judged), check(judged, Counter(labels.values())))


def kept_labels(labeller: Labeller, cache: Path) -> dict[str, bool]:
    """By content; what has no label is not there."""
    answers = Cache(cache, labeller).answers
    return {key: answer.label for key, answer in answers.items() if answer.label is not None}


def told(opinion: Opinion) -> dict[str, Any]:
    """As JSON, with the disagreements by content key: their texts stay where they are."""
    people, labeller = opinion.people, opinion.labeller
    return {
        "documents": people.items,
        "annotators": people.annotators,
        "free_marginal_kappa": _interval(people.free_marginal),
        "fleiss_kappa": _interval(people.fleiss),
        "decided": labeller.items,
        "ties": labeller.ties,
        "precision": _interval(labeller.precision),
        "recall": _interval(labeller.recall),
        "f1": _interval(labeller.f1),
        "disagreements": [
            {"document": one.key, "labeller": one.label, "people": list(one.judgements)}
            for one in labeller.wrong
        ],
    }


def numbers_of(opinion: Opinion) -> dict[str, Number]:
    """For the card; what is not defined is left out."""
    numbers = {
        "people_documents": Number(value=opinion.people.items, unit="documents"),
        "people_annotators": Number(value=opinion.people.annotators, unit="people"),
    }
    for name, one in (
        ("people_free_marginal", opinion.people.free_marginal),
        ("people_fleiss", opinion.people.fleiss),
        ("labeller_precision", opinion.labeller.precision),
        ("labeller_recall", opinion.labeller.recall),
        ("labeller_f1", opinion.labeller.f1),
    ):
        unit = "kappa" if name.startswith("people") else "share"
        for part, value in (_interval(one) or {}).items():
            suffix = "" if part == "value" else f"_{part}"
            if value is not None:
                numbers[f"{name}{suffix}"] = Number(value=value, unit=unit)
    return numbers


def _labelled(settings: FilterSettings) -> tuple[Sample, Labeller]:
    if settings.sample is None or settings.labeller is None:
        raise BadInput("this filter has no labeller that people could check: its sources are known")
    return settings.sample, settings.labeller


def _interval(one: Interval | None) -> dict[str, float | None] | None:
    """Of nothing there is no share: null."""
    if one is None:
        return None
    return {name: None if value != value else value for name, value in one._asdict().items()}


def lines(opinion: Opinion, shown: int = 20) -> list[str]:
    """What a person reads: agreement, the labeller's figures, where they disagree."""
    people, labeller = opinion.people, opinion.labeller
    found = [f"{people.items} documents judged by all of {people.annotators} annotators"]
    for name, one in (
        ("free-marginal kappa", people.free_marginal), ("Fleiss' kappa", people.fleiss),
        ("labeller's precision", labeller.precision), ("labeller's recall", labeller.recall),
        ("labeller's F1", labeller.f1),
    ):  # fmt: skip
        found.append(f"{name}: {_said(one)}")
    found.append(
        f"{len(labeller.wrong)} of {labeller.items} labelled documents otherwise than most people"
        f" do ({labeller.ties} more without a majority)"
    )
    for wrong in labeller.wrong[:shown]:
        said = "yes" if wrong.label else "no"
        votes = " ".join("yes" if one else "no" for one in wrong.judgements)
        found.append(f"  labeller {said}, people {votes}: {' '.join(wrong.text.split())[:80]}")
    if len(labeller.wrong) > shown:
        found.append(f"  … and {len(labeller.wrong) - shown} more")
    return found


def _said(one: Interval | None) -> str:
    if one is None or one.value != one.value:
        return "not defined"
    return f"{one.value:.3f} (95% interval {one.low:.3f} to {one.high:.3f})"
