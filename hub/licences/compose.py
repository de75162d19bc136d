"""What follows for a model from its base and its corpora, and for its descendants.

What training does to obligations is a legal position; the ones that can be taken have names, are
printed on the card, and are argued in docs/licences.md. None grants what a part forbids.

    >>> adapted(("Apache-2.0",), "research")
    ('Apache-2.0', 'LicenseRef-research-use')
    >>> adapted(("MIT",), "commercial", ("CC-BY-SA-4.0",), "texts-follow")
    ('CC-BY-SA-4.0', 'MIT')
"""

from collections.abc import Iterable
from typing import Literal

from hub.licences.expression import all_of, permission
from hub.licences.rights import Use
from hub.licences.table import Act, Permission, restrictiveness

Position = Literal["use-follows", "texts-follow"]

POSITIONS: dict[Position, str] = {
    "use-follows": "use follows, text obligations do not",
    "texts-follow": "the model is bound by the licence of every text it was trained on",
}
DEFAULT: Position = "use-follows"

RESEARCH_ONLY = "LicenseRef-research-use"


def adapted(
    base: Iterable[str],
    corpus_use: Use,
    corpus: Iterable[str] = (),
    position: Position = DEFAULT,
) -> tuple[str, ...]:
    """Licence of a model trained from `base` on a corpus made for `corpus_use`.

    *use-follows*: it keeps its base's licence; trained on a research version of a corpus it may be
    used for research only, whatever its base allows. Attribution of the texts stands on the card of
    the corpus. *texts-follow*: the licences of the texts bind it as well.
    """
    licences = set(base)
    if corpus_use == "research":
        licences.add(RESEARCH_ONLY)
    if position == "texts-follow":
        licences |= set(corpus)
    return tuple(sorted(licences))


def merged(parents: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """A merge is bound by every parent's licence; a quantised copy by its one parent's."""
    return tuple(sorted({licence for parent in parents for licence in parent}))


def allows(licences: Iterable[str], acts: tuple[Act, ...]) -> Permission:
    """Whether `acts` may be done with something that all of `licences` bind."""
    found = sorted(set(licences))
    return permission(all_of(found), acts) if found else "unknown"


def governing(licences: Iterable[str]) -> str:
    """The most restrictive of `licences`: the one a card with room for one must name."""
    return max(licences, key=restrictiveness)
