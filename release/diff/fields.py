"""Settings and metadata that differ, by dotted path."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from release.diff.content import Content

_ELSEWHERE = {"model-index", "dataset_info"}
"""of a card's header: scores and sizes, which have their own sections"""


@dataclass(frozen=True)
class FieldDifference:
    where: str
    before: Any
    """None: not there"""
    after: Any


def settings(before: Content, after: Content) -> list[FieldDifference]:
    """The release files, after scales and overrides."""
    return list(_compare(before.release, after.release))


def metadata(before: Content, after: Content) -> list[FieldDifference]:
    """Headers of cards that both releases have; packages and licences from the manifests."""
    found: list[FieldDifference] = []
    for name in after.cards:
        if name in before.cards:
            old, new = (
                {key: value for key, value in side.cards[name].items() if key not in _ELSEWHERE}
                for side in (before, after)
            )
            found += _compare(old, new, f"card of {name}")
    for name in after.artefacts:
        if name in before.artefacts:
            was, now = (list(s.artefacts[name].manifest.licence) for s in (before, after))
            found += _compare({"licence": was}, {"licence": now}, name)
    return found + _making(before, after)


def _making(before: Content, after: Content) -> list[FieldDifference]:
    """Versions of what made them: one entry a package, not one an artefact."""
    sides = []
    for side in (before, after):
        made: dict[str, set[str]] = {}
        for artefact in side.artefacts.values():
            by = artefact.manifest.made_by
            for package, version in by.packages.items():
                made.setdefault(package, set()).add(version)
            made.setdefault("kit", set()).add(by.code)
            made.setdefault("machine", set()).add(by.machine)
        sides.append({name: ", ".join(sorted(versions)) for name, versions in made.items()})
    return list(_compare(sides[0], sides[1], "made by"))


def _compare(
    old: Mapping[str, Any], new: Mapping[str, Any], where: str = ""
) -> Iterator[FieldDifference]:
    for key in sorted({*old, *new}, key=str):
        path = f"{where}.{key}" if where else str(key)
        before, after = old.get(key), new.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _compare(before, after, path)
        elif before != after:
            yield FieldDifference(path, before, after)
