"""A linear classifier from sources that are of the domain, or not, as a whole.

A few sources are a few genres: what tells them apart best is not the domain. Logistic regression
finds just that. Here a feature weighs how much more often it stands in one class than in the other
(naive Bayes), doubted in four ways, so that a source nobody has seen is judged by its words and not
by what kind of text it is:

- what a class lacks says as much as there was text to find it in (`SMOOTHING`): a hundred sentences
  without “ich” do not show that “ich” is not medical;
- a source counts as `SOURCE_FEATURES` features at most: a thousand leaflets repeat each other;
- no feature says no as loudly as others say yes (`LEAST`): what is not of the domain is everything
  else, of which the sources show a part;
- what is common in any language and class says less (`_rarity`).

Classes are compared within a language and the comparisons added up over languages, so that
language itself says nothing and `angio` learned in French is known in German. The sums become
log-odds by one logistic curve over documents and their windows. All of it is counting, so that
leaving a source out (`unseen`) costs little. The constants were chosen on the development pairs of
`benchmarks/domain_filter.py`, not on the pairs that it holds out.
"""

from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from corpus.domain.features import BITS
from corpus.domain.linear import Example, LinearModel, matrix, windows_of
from corpus.domain.thresholds import calibrate

Floats = NDArray[np.float64]
Chosen = NDArray[np.bool_]

SMOOTHING = 30_000.0
"""features of a class that are taken for granted, as the language has them"""
SOURCE_FEATURES = 40_000.0
LEAST = -1.5
"""of the logarithm of a ratio times the rarity"""
RAREST = 1e-3
FEWEST_DOCUMENTS = 2


class Known:
    """Documents of known sources, from which a classifier is made with or without some of them."""

    def __init__(self, examples: Sequence[Example], seed: int = 0) -> None:
        self.sources = np.array([example.source for example in examples])
        self.labels = np.array([example.label for example in examples], bool)
        self.languages = np.array([example.language for example in examples])
        self._rows = matrix([example.text for example in examples])
        self._sizes = np.diff(self._rows.indptr).astype(np.float64)
        self._columns = self._rows.T.tocsr()
        self._columns.data[:] = 1
        cut = windows_of(examples, seed)
        self._owners = np.array([number for number, _ in cut])
        self._windows = matrix([text for _, text in cut])

    def scores(self, model: LinearModel, places: NDArray[np.int64]) -> Floats:
        """Log-odds of these documents."""
        found: Floats = self._rows[places] @ model.weights + model.intercept
        return found.astype(np.float64)

    def without(self, left_out: Collection[str] = ()) -> LinearModel | None:
        """None where the rest has no language with both classes."""
        chosen = ~np.isin(self.sources, list(left_out))
        ratios = self._ratios(chosen)
        if ratios is None:
            return None
        weights = np.maximum(ratios * self._rarity(chosen), LEAST)
        mine = np.flatnonzero(chosen[self._owners])
        owners = self._owners[mine]
        found = calibrate(self.labels[owners], self._windows[mine] @ weights, self._even(owners))
        return LinearModel((found.slope * weights).astype(np.float32), found.offset)

    def _ratios(self, chosen: Chosen) -> Floats | None:
        """Logarithms of how much likelier a feature is in the domain, added up over languages."""
        heavy = np.zeros(len(chosen))
        for source in self._groups(chosen):
            heavy[source] = min(1.0, SOURCE_FEATURES / max(self._sizes[source].sum(), 1.0))
        ratios = np.zeros(1 << BITS)
        compared = False
        for language in np.unique(self.languages[chosen]):
            counts = [
                self._columns @ (heavy * (chosen & (self.languages == language) & side))
                for side in (self.labels, ~self.labels)
            ]
            totals = [max(float(count.sum()), 1e-9) for count in counts]
            if min(totals) < 1:
                continue
            compared = True
            usual = sum(c / total for c, total in zip(counts, totals, strict=True)) / 2
            seen = usual > 0
            yes, no = (
                (count[seen] + SMOOTHING * usual[seen]) / (total + SMOOTHING)
                for count, total in zip(counts, totals, strict=True)
            )
            ratios[seen] += np.log(yes / no)
        return ratios if compared else None

    def _rarity(self, chosen: Chosen) -> Floats:
        """1 for what stands in a thousandth of the documents of every language and class or less,
        0 for what stands in all of one or in a single document. Sources of a class weigh the same.
        """
        commonest = np.zeros(1 << BITS)
        shares: dict[tuple[str, bool], list[NDArray[np.int64]]] = {}
        for source in self._groups(chosen):
            first = source[0]
            key = (str(self.languages[first]), bool(self.labels[first]))
            shares.setdefault(key, []).append(source)
        for sources in shares.values():
            even = np.zeros(len(chosen))
            for source in sources:
                even[source] = 1 / (len(source) * len(sources))
            np.maximum(commonest, self._columns @ even, out=commonest)
        rarity: Floats = np.log(1 / np.clip(commonest, RAREST, 1)) / np.log(1 / RAREST)
        rarity[self._columns @ chosen.astype(np.float64) < FEWEST_DOCUMENTS] = 0
        return rarity

    def _groups(self, chosen: Chosen) -> Iterator[NDArray[np.int64]]:
        """Places of the chosen documents of each source, language and class."""
        names = [self.sources, self.languages, self.labels.astype(str)]
        _, group = np.unique(np.stack(names), axis=1, return_inverse=True)
        for number in np.unique(group[chosen]):
            yield np.flatnonzero(chosen & (group == number))

    def _even(self, owners: NDArray[np.int64]) -> Floats:
        """Languages, classes within them, and sources within a class weigh the same."""
        sizes: dict[tuple[str, bool, str], int] = {}
        keys = [
            (str(self.languages[o]), bool(self.labels[o]), str(self.sources[o]))
            for o in owners.tolist()
        ]
        for key in keys:
            sizes[key] = sizes.get(key, 0) + 1
        sources: dict[tuple[str, bool], int] = {}
        for language, label, _ in sizes:
            sources[language, label] = sources.get((language, label), 0) + 1
        weights = np.array([1 / sizes[key] / sources[key[0], key[1]] for key in keys])
        even: Floats = weights * len(weights) / weights.sum()
        return even
