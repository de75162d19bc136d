"""The classifier as a folder: what a corpus applies and what is published.

filter.json        domain, languages, thresholds, reference for drift
classifier.json    calibration and intercept of the linear classifier
weights.npy        of the linear classifier
transformer/       of the expensive one, where there is one
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from corpus.domain.cascade import Band
from corpus.domain.cascade import decide as decide_in_cascade
from corpus.domain.drift import Reference
from corpus.domain.linear import LinearModel, sigmoid
from corpus.domain.transformer import TransformerModel
from hub.disk import write_json
from hub.failure import BadInput

DESCRIPTION = "filter.json"
TRANSFORMER = "transformer"


class Verdicts(NamedTuple):
    scores: NDArray[np.float64]
    """probability of being of the domain, by the classifier that decided"""
    taken: NDArray[np.bool_]
    asked: NDArray[np.bool_]
    """which the expensive classifier decided"""
    cheap: NDArray[np.float64]
    """log-odds of the linear classifier"""


@dataclass(frozen=True)
class Expensive:
    """The transformer's part: when it is asked and how its log-odds are read."""

    band: Band
    threshold: float
    slope: float
    offset: float
    max_tokens: int


@dataclass(frozen=True)
class Classifier:
    domain: str
    languages: tuple[str, ...]
    """ISO 639-1: the only ones it may judge"""
    linear: LinearModel
    thresholds: dict[str, float]
    """log-odds of the linear classifier, by language; the highest where a language is not known"""
    drift: Reference
    expensive: Expensive | None = None
    transformer: TransformerModel | None = None

    def judge(self, texts: Sequence[str], languages: Sequence[str]) -> Verdicts:
        """Every text gets a score and a verdict; `languages` are ISO 639-1 or empty."""
        if self.expensive is None or self.transformer is None:
            logits = self.linear.logits(texts)
            careful = max(self.thresholds.values())
            cuts = np.array([self.thresholds.get(language, careful) for language in languages])
            scores = sigmoid(self.linear.slope * logits + self.linear.offset)
            return Verdicts(scores, logits >= cuts, np.zeros(len(texts), bool), logits)
        part = self.expensive
        found = decide_in_cascade(
            texts, self.linear.logits, self.transformer.logits, part.band, part.threshold
        )
        cheap = sigmoid(self.linear.slope * found.cheap + self.linear.offset)
        second = sigmoid(part.slope * np.nan_to_num(found.expensive) + part.offset)
        return Verdicts(np.where(found.asked, second, cheap), found.taken, found.asked, found.cheap)

    def save(self, folder: Path) -> None:
        self.linear.save(folder)
        told: dict[str, Any] = {
            "domain": self.domain, "languages": list(self.languages),
            "thresholds": self.thresholds,
            "drift": asdict(self.drift),
            "expensive": asdict(self.expensive) if self.expensive else None,
        }  # fmt: skip
        if self.expensive:
            told["expensive"]["band"] = self.expensive.band._asdict()
        write_json(folder / DESCRIPTION, told)

    @staticmethod
    def description(folder: Path) -> dict[str, Any]:
        """Raises BadInput for a folder that is no classifier."""
        path = folder / DESCRIPTION
        if not path.is_file():
            raise BadInput(f"{folder} is not the folder of a domain classifier: no {DESCRIPTION}")
        told: dict[str, Any] = json.loads(path.read_bytes())
        return told

    @classmethod
    def reference(cls, folder: Path) -> Reference:
        said = cls.description(folder)["drift"]
        return Reference(tuple(said["edges"]), tuple(said["shares"]))

    @classmethod
    def load(cls, folder: Path) -> Self:
        told = cls.description(folder)
        expensive, transformer = None, None
        if said := told["expensive"]:
            expensive = Expensive(**{**said, "band": Band(**said["band"])})
            transformer = TransformerModel.load(folder / TRANSFORMER, expensive.max_tokens)
        return cls(
            told["domain"], tuple(told["languages"]), LinearModel.load(folder), told["thresholds"],
            cls.reference(folder), expensive, transformer,
        )  # fmt: skip
