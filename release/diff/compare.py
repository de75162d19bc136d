"""Two releases -> everything in which they differ."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from release.diff import documents, fields, scores
from release.diff.content import Content
from release.diff.documents import CorpusDifference
from release.diff.fields import FieldDifference
from release.diff.scores import ScoreDifference


@dataclass(frozen=True)
class ArtefactDifference:
    name: str
    kind: str
    before: str
    """digest; empty: not in that release"""
    after: str


@dataclass(frozen=True)
class Difference:
    before: str
    after: str
    """the releases, as they were asked for"""
    versions: tuple[str, str]
    artefacts: list[ArtefactDifference]
    """those that are not the same in both"""
    documents: list[CorpusDifference]
    settings: list[FieldDifference]
    scores: list[ScoreDifference]
    models_removed: list[str]
    """measured in the earlier release only"""
    models_added: list[str]
    metadata: list[FieldDifference]

    @property
    def same(self) -> bool:
        return not (self.artefacts or self.settings or self.metadata)


def compare(before: Content, after: Content) -> Difference:
    removed, added = scores.unshared(before, after)
    return Difference(
        before=before.name,
        after=after.name,
        versions=(before.version, after.version),
        artefacts=_artefacts(before, after),
        documents=documents.compare(before, after),
        settings=fields.settings(before, after),
        scores=scores.compare(before, after),
        models_removed=removed,
        models_added=added,
        metadata=fields.metadata(before, after),
    )


def _artefacts(before: Content, after: Content) -> list[ArtefactDifference]:
    """Refused text is in no published release, so its artefacts are in no comparison."""
    digests: list[dict[str, tuple[str, str]]] = [
        {
            name: (one.manifest.kind, one.manifest.digest)
            for name, one in side.artefacts.items()
            if one.manifest.kind != "quarantine"
        }
        for side in (before, after)
    ]
    old, new = digests
    found = []
    for name in [*new, *(name for name in old if name not in new)]:
        kind, _ = new.get(name) or old[name]
        sides = old.get(name, ("", ""))[1], new.get(name, ("", ""))[1]
        if sides[0] != sides[1]:
            found.append(ArtefactDifference(name, kind, *sides))
    return found


def as_json(difference: Difference) -> dict[str, Any]:
    """Plain JSON: what cannot be computed is null."""
    found: dict[str, Any] = _finite(asdict(difference))
    return found


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
