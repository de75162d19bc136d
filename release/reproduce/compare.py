"""What was made again against what was published, artefact by artefact in the order of the run.

    equal              the same content digest
    within tolerance   training or scores: other bytes, the same figures up to the tolerance
    follows            other bytes because an input has other bytes, which is where to look
    different          the first of these is where the difference arises

Corpora and tasks are promised to the byte, merges to the byte where their parents are; training is
exact on one machine and configuration only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hub.manifest import Artefact, Manifest

Verdict = Literal["equal", "within tolerance", "follows", "different"]

_WITH_FIGURES = ("model", "checkpoint", "results")
"""kinds that are not promised to the byte on every machine"""


@dataclass(frozen=True)
class Compared:
    """One artefact."""

    name: str
    kind: str
    published: str
    made: str
    """content digests"""
    verdict: Verdict
    why: str = ""


def compare(
    published: Mapping[str, Manifest], made: Mapping[str, Artefact], tolerance: float
) -> list[Compared]:
    """Every artefact that was made again, in the order of making; `tolerance` is relative."""
    found: dict[str, Compared] = {}
    for name, artefact in made.items():
        if artefact.manifest.kind == "quarantine":
            continue  # not published, and implied by the corpus beside it
        if name not in published:
            why = "it is not among the published manifests"
            kind, digest = artefact.manifest.kind, artefact.manifest.digest
            found[name] = Compared(name, kind, "", digest, "different", why)
            continue
        found[name] = _one(published[name], artefact.manifest, found, tolerance)
    return list(found.values())


def first_difference(found: Sequence[Compared]) -> Compared | None:
    return next((one for one in found if one.verdict == "different"), None)


def _one(
    before: Manifest, after: Manifest, found: Mapping[str, Compared], tolerance: float
) -> Compared:
    def verdict(said: Verdict, why: str = "") -> Compared:
        return Compared(after.name, after.kind, before.digest, after.digest, said, why)

    if before.digest == after.digest:
        return verdict("equal")
    others = [e.name for e in after.inputs if e.name in found and found[e.name].verdict != "equal"]
    if after.kind not in _WITH_FIGURES:
        if others:
            return verdict("follows", f"its input {others[0]} has other bytes")
        return verdict("different", _cause(before, after))
    worst = _worst(_figures(before), _figures(after))
    if worst is None:
        return verdict("different", "there is no figure to compare; " + _cause(before, after))
    what, share = worst
    if share <= tolerance:
        return verdict("within tolerance", f"{what} differs most, by {share:.2%}")
    because = f"its input {others[0]} has other bytes" if others else _cause(before, after)
    return verdict("different", f"{what} differs by {share:.2%}; {because}")


def _figures(manifest: Manifest) -> dict[str, float]:
    """Scores by task, or the losses of a training; counts alone say nothing about weights."""
    numbers = {name: float(number.value) for name, number in manifest.numbers.items()}
    if manifest.kind == "results":
        return {name: value for name, value in numbers.items() if "." not in name}
    return {name: value for name, value in numbers.items() if "loss" in name}


def _worst(before: Mapping[str, float], after: Mapping[str, float]) -> tuple[str, float] | None:
    """The figure that moved most, and by which share; None where they have other figures."""
    if not before or before.keys() != after.keys():
        return None
    moved = {name: _relative(value, after[name]) for name, value in before.items()}
    name, share = max(moved.items(), key=lambda item: item[1])
    return name.replace("_", " "), share


def _relative(published: float, made: float) -> float:
    if published == made:
        return 0.0
    return abs(made - published) / max(abs(published), abs(made))


def _cause(before: Manifest, after: Manifest) -> str:
    """What is known to differ in how it was made, nearest first."""
    changed = sorted(
        name
        for name in {*before.recipe, *after.recipe}
        if before.recipe.get(name) != after.recipe.get(name)
    )
    if changed:
        return f"its settings differ ({', '.join(changed)})"
    old = {(entry.role, entry.name): entry.digest for entry in before.inputs}
    inputs = [e.name for e in after.inputs if old.get((e.role, e.name)) != e.digest]
    if inputs:
        return f"its inputs differ ({', '.join(inputs)})"
    if before.key != after.key:
        return "the step itself is another version"
    files = {file.path: file.sha256 for file in before.files}
    first = next((f.path for f in after.files if files.get(f.path) != f.sha256), "its files")
    packages = sorted(
        name
        for name in {*before.made_by.packages, *after.made_by.packages}
        if before.made_by.packages.get(name) != after.made_by.packages.get(name)
    )
    made_by = f"made by other versions of {', '.join(packages)}" if packages else (
        f"on {after.made_by.machine}, published from {before.made_by.machine}"
    )  # fmt: skip
    return f"{first} differs from equal settings and inputs ({made_by})"
