"""The classifier as a step of the corpus pipeline: every document gets its score.

One task a unit; what it found lies in a file beside the unit, named by the classifier, so that a
killed run goes on with the units whose file is missing and another threshold of the corpus repeats
no score. A document in a language that the classifier never learned is not judged: its score would
look like any other. Scores are counted on the way, by which drift is told afterwards.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from datatrove.data import Document
from numpy.typing import NDArray

from corpus.domain.artefact import Classifier
from corpus.domain.drift import counted, stability_index
from corpus.languages import spoken
from corpus.pipeline import Task
from corpus.units import Unit, facts_of, texts_of

BATCH = 1_024
"""documents scored at once; the expensive classifier sorts them by length"""

TAKEN, OTHER, NOT_JUDGED = 0, 1, 2


class Scores(NamedTuple):
    """Of all documents of a corpus in order, or of a unit."""

    score: NDArray[np.float32]
    """probability of being of the domain; nan: not judged"""
    verdict: NDArray[np.uint8]
    """TAKEN, OTHER or NOT_JUDGED"""
    bins: NDArray[np.int64]
    """how many scores fall into each bin of the classifier's reference"""
    asked: int
    """documents that the expensive classifier decided"""


class Score(Task):
    """Scores units that were not scored yet."""

    type = "stats"
    name = "domain"

    def __init__(self, units: Sequence[Unit], classifier: Path, name: str) -> None:
        """`classifier`: folder of the artefact; `name`: of the folder beside the units."""
        super().__init__()
        self.units = units
        self.folder = classifier
        self.beside = name

    def run(
        self, data: Iterator[Document] | None, rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        unit = self.units[rank]
        path = unit.beside(self.beside)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Loaded in the worker: a model is not sent from process to process.
        found = score_texts(_documents(unit), Classifier.load(self.folder))
        temporary = path.with_name(path.name + ".tmp")
        with temporary.open("wb") as stream:
            np.savez(stream, **found._asdict())
        temporary.replace(path)
        return iter(())


def score_texts(documents: Iterator[tuple[str, str]], classifier: Classifier) -> Scores:
    """(text, language) pairs; the language is told by the text where nobody said it."""
    parts: list[Scores] = []
    while batch := list(islice(documents, BATCH)):
        languages = [spoken(text, said) for text, said in batch]
        pairs = zip(batch, languages, strict=True)
        judged = np.array([_can_judge(text, language, classifier) for (text, _), language in pairs])
        places = np.flatnonzero(judged).tolist()
        verdicts = classifier.judge(
            [batch[place][0] for place in places], [languages[place] for place in places]
        )
        scores = np.full(len(batch), np.nan, np.float32)
        scores[places] = verdicts.scores
        found = np.full(len(batch), NOT_JUDGED, np.uint8)
        found[places] = np.where(verdicts.taken, TAKEN, OTHER)
        bins = counted(classifier.drift, verdicts.cheap)
        parts.append(Scores(scores, found, bins, int(verdicts.asked.sum())))
    return _joined(parts, len(classifier.drift.shares))


def all_scores(units: Sequence[Unit], name: str, classifier: Path) -> Scores:
    """Of all units, one after another."""
    parts = []
    for unit in units:
        with np.load(unit.beside(name), allow_pickle=False) as saved:
            parts.append(
                Scores(saved["score"], saved["verdict"], saved["bins"], int(saved["asked"]))
            )
    return _joined(parts, len(Classifier.description(classifier)["drift"]["shares"]))


def drift_of(scores: Scores, classifier: Path) -> float:
    """Population stability index of what was scored against what the classifier was judged on."""
    known = Classifier.reference(classifier)
    return stability_index(known, scores.bins.tolist())


def _documents(unit: Unit) -> Iterator[tuple[str, str]]:
    languages = (
        language for batch in facts_of(unit, ["language"]) for language in batch[0].to_pylist()
    )
    return zip(texts_of(unit), languages, strict=True)


def _can_judge(text: str, language: str, classifier: Classifier) -> bool:
    known = not language or language in classifier.languages
    return known and any(map(str.isalnum, text))


def _joined(parts: Sequence[Scores], num_bins: int) -> Scores:
    bins: Any = sum((part.bins for part in parts), np.zeros(num_bins, np.int64))
    return Scores(
        np.concatenate([np.zeros(0, np.float32), *(part.score for part in parts)]),
        np.concatenate([np.zeros(0, np.uint8), *(part.verdict for part in parts)]),
        bins,
        sum(part.asked for part in parts),
    )
