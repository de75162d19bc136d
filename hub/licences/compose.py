"""What follows for a model from its base and the corpora it was trained on.

The position taken here, named so that it can be printed: *use follows, text obligations do not*. A
model keeps its base's licence; trained on a research version of a corpus it may be used for
research only, whatever its base allows. Attribution of the texts stands on the card of the corpus,
which the model's card links. Training on a text under a licence that forbids it never gets this
far: such a text is in no corpus.
"""

from collections.abc import Iterable

from hub.licences.evidence import Use
from hub.licences.table import restrictiveness

POSITION = "use follows, text obligations do not"

RESEARCH_ONLY = "LicenseRef-research-only"


def adapted(base: Iterable[str], corpus_use: Use) -> tuple[str, ...]:
    """Licence of a model trained from `base` on a corpus made for `corpus_use`."""
    licences = set(base)
    if corpus_use == "research":
        licences.add(RESEARCH_ONLY)
    return tuple(sorted(licences))


def merged(parents: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """A merge is bound by every parent's licence."""
    return tuple(sorted({licence for parent in parents for licence in parent}))


def governing(licences: Iterable[str]) -> str:
    """The most restrictive of `licences`: the one a card with room for one must name."""
    return max(licences, key=restrictiveness)
