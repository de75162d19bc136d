"""A linear classifier on hashed features: made in seconds, thousands of documents a second.

`fit` learns from a labelled sample (from known sources alone: `evidence`). Two things keep it from
learning what is only the sample's:
- a feature counts by how rare it is in every language and class of the sample (squared inverse
  document frequency), so that neither a language nor a genre's phrases decide;
- no weight falls below `LEAST_WEIGHT`: words of the domain say yes, and no other single word may
  say no as loudly. What is not of the domain is everything else, of which a sample shows a part.

Every class weighs the same within each language, so that language itself says nothing. Windows of
the documents are learned beside them, so that short documents are judged like long ones.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from corpus.domain.features import BITS, batches, distinct
from hub.disk import write_json
from hub.failure import BadInput

Floats = NDArray[np.float64]

EXPONENT = 0.7
"""of a text's number of features: 1 would trust a line as much as a page, 0.5 trusts pages more"""
FEWEST_FEATURES = 15
LEAST_WEIGHT = -0.4
PENALTY = 10.0
RAREST = 1e-3
WINDOW_WORDS = (12, 25, 60, 150)
WINDOWS = 6
"""at most, of a document"""
WEIGHTS, MODEL = "weights.npy", "classifier.json"


@dataclass(frozen=True)
class Example:
    """A document whose domain is known."""

    text: str
    label: bool
    language: str
    source: str


@dataclass(frozen=True)
class LinearModel:
    weights: NDArray[np.float32]
    """of 2^BITS features"""
    intercept: float
    slope: float = 1.0
    offset: float = 0.0
    """of the calibration: probability = sigmoid(slope · logit + offset)"""

    def logits(self, texts: Sequence[str]) -> Floats:
        """Log-odds before calibration; a text without letters has that of nothing at all."""
        found = np.full(len(texts), self.intercept)
        for start, some in batches(texts):
            numbers, counts = distinct(some)
            sums = np.add.reduceat(
                np.append(self.weights[numbers], np.float32(0)).astype(np.float64),
                np.cumsum(counts) - counts,
            )
            found[start : start + len(some)] += np.where(counts > 0, sums, 0.0) * _scale(counts)
        return found

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Calibrated, 0 to 1."""
        return sigmoid(self.slope * self.logits(texts) + self.offset)

    def save(self, folder: Path) -> None:
        np.save(folder / WEIGHTS, self.weights, allow_pickle=False)
        told = {"intercept": self.intercept, "slope": self.slope, "offset": self.offset}
        write_json(folder / MODEL, {"classifier": "linear", "bits": BITS, **told})

    @classmethod
    def load(cls, folder: Path) -> Self:
        told: dict[str, Any] = json.loads((folder / MODEL).read_bytes())
        weights = np.load(folder / WEIGHTS, allow_pickle=False)
        if told.get("bits") != BITS or weights.shape != (1 << BITS,):
            raise BadInput(f"{folder.name} is a classifier with other features: make it anew")
        return cls(weights, told["intercept"], told["slope"], told["offset"])


def fit(examples: Sequence[Example], seed: int = 0) -> LinearModel:
    """Raises BadInput where a language of the sample has examples of one class only."""
    check_classes(examples)
    cut = windows_of(examples, seed)
    texts = [text for _, text in cut]
    owners = [examples[number] for number, _ in cut]
    rows = matrix(texts)
    rarity = _rarity(rows, owners)
    told = np.flatnonzero(rarity)
    rows = rows[:, told]
    rows.data *= rarity[told].astype(np.float32)[rows.indices]
    labels = np.array([example.label for example in owners], np.float64)
    found, intercept = _descend(rows, labels, _balance(owners))
    weights = np.zeros(1 << BITS, np.float32)
    weights[told] = found * rarity[told]
    return LinearModel(weights, intercept)


def check_classes(examples: Sequence[Example]) -> None:
    seen: dict[str, set[bool]] = {}
    for example in examples:
        seen.setdefault(example.language, set()).add(example.label)
    lacking = sorted(language or "unknown" for language, found in seen.items() if len(found) < 2)
    if lacking or not seen:
        raise BadInput(
            "a classifier needs documents of the domain and others in every language: "
            f"{', '.join(lacking) or 'the sample'} has not both; label more, or leave it out"
        )


def sigmoid(logits: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(logits, -500, 500)))


def windows_of(examples: Sequence[Example], seed: int = 0) -> list[tuple[int, str]]:
    """Each document and its windows, with the document's place.

    Windows depend on a document's place alone, not on the windows of those before it.
    """
    return [
        (number, window)
        for number, example in enumerate(examples)
        for window in _windows(example.text, np.random.default_rng([seed, number]))
    ]


def _windows(text: str, rng: np.random.Generator) -> list[str]:
    words = text.split()
    count = min(WINDOWS, len(words) // 60) if len(words) > 90 else 0
    found = [text]
    for _ in range(count):
        length = int(rng.choice(WINDOW_WORDS))
        start = int(rng.integers(max(1, len(words) - length)))
        found.append(" ".join(words[start : start + length]))
    return found


def _scale(counts: NDArray[np.int64]) -> Floats:
    return 0.2 * (100 / np.maximum(counts, FEWEST_FEATURES)) ** EXPONENT


def matrix(texts: Sequence[str]) -> Any:
    """One row a text (scipy CSR), scaled as `logits` does it."""
    from scipy import sparse

    parts = [distinct(some) for _, some in batches(texts)]
    counts = np.concatenate([part.counts for part in parts])
    numbers = np.concatenate([part.numbers for part in parts]).astype(np.int32)
    values = np.repeat(_scale(counts), counts).astype(np.float32)
    ends = np.concatenate([[0], np.cumsum(counts)])
    return sparse.csr_matrix((values, numbers, ends), shape=(len(texts), 1 << BITS))


def _rarity(rows: Any, owners: Sequence[Example]) -> Floats:
    """Squared, 1 for what stands in a thousandth of the texts of every language and class or less.

    Sources of one language and class weigh the same; a feature of a single text says nothing.
    """
    commonest = np.zeros(1 << BITS)
    groups: dict[tuple[str, bool], dict[str, list[int]]] = {}
    for number, owner in enumerate(owners):
        sources = groups.setdefault((owner.language, owner.label), {})
        sources.setdefault(owner.source, []).append(number)
    for sources in groups.values():
        shares = [
            np.bincount(rows[some].indices, minlength=1 << BITS) / len(some)
            for some in sources.values()
        ]
        np.maximum(commonest, np.mean(shares, axis=0), out=commonest)
    rarity: Floats = (np.log(1 / np.clip(commonest, RAREST, 1)) / np.log(1 / RAREST)) ** 2
    rarity[np.bincount(rows.indices, minlength=1 << BITS) < 2] = 0
    return rarity


def _balance(owners: Sequence[Example]) -> Floats:
    """Classes alike within each language, sources within a class by the root of their size."""
    sizes: dict[tuple[str, bool, str], int] = {}
    for one in owners:
        key = (one.language, one.label, one.source)
        sizes[key] = sizes.get(key, 0) + 1
    totals: dict[tuple[str, bool], float] = {}
    for (language, label, _), size in sizes.items():
        totals[language, label] = totals.get((language, label), 0.0) + size**0.5
    weights = np.array(
        [
            sizes[one.language, one.label, one.source] ** -0.5 / totals[one.language, one.label]
            for one in owners
        ]
    )
    even: Floats = weights / weights.sum()
    return even


def _descend(rows: Any, labels: Floats, weights: Floats) -> tuple[Floats, float]:
    """Logistic regression with an L2 penalty and bounded weights, by L-BFGS-B."""
    from scipy.optimize import minimize

    transposed = rows.T.tocsr()
    signs = 2 * labels - 1

    def loss(point: Floats) -> tuple[float, Floats]:
        margins = signs * (rows @ point[:-1] + point[-1])
        slope = -weights * signs * sigmoid(-margins)
        value = float(weights @ np.logaddexp(0, -margins))
        value += float(point[:-1] @ point[:-1]) / (2 * PENALTY * len(labels))
        pulled = transposed @ slope + point[:-1] / (PENALTY * len(labels))
        return value, np.append(pulled, slope.sum())

    size = rows.shape[1]
    bounds = [(LEAST_WEIGHT, None)] * size + [(None, None)]
    found = minimize(
        loss, np.zeros(size + 1), jac=True, method="L-BFGS-B", bounds=bounds,
        options={"maxiter": 60},
    )  # fmt: skip
    return found.x[:-1], float(found.x[-1])
