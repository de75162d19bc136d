"""Fetch, check the pins, run, compare."""

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hub.disk import locked, write_json
from hub.failure import BadInput, Failure
from release import outside
from release.claims import register
from release.diff.content import Address, address
from release.recipe import Recipe, load
from release.record import RECIPE, read_record
from release.reproduce.compare import Compared, compare, first_difference
from release.reproduce.pins import Other, check_sources, other_packages
from release.run import run
from release.steps.step import STAGES, Progress, Stage

REPRODUCTION = "reproduction.json"
"""in the work folder: of which release it is, so that an interrupted one is resumed"""


@dataclass(frozen=True)
class Reproduction:
    release: str
    publication_digest: str
    workdir: str
    tolerance: float
    compared: list[Compared]
    not_made: list[str]
    """published artefacts that the stages asked for do not make"""
    packages: list[Other]

    @property
    def first(self) -> Compared | None:
        return first_difference(self.compared)

    def sentence(self) -> str:
        if self.first is None:
            return f"{self.release} was reproduced"
        return (
            f"{self.release} was not reproduced: the first difference arises in {self.first.name} "
            f"({self.first.kind}): {self.first.why}"
        )

    def lines(self) -> list[str]:
        said = [
            f"{one.verdict:17} {one.kind:8} {one.name:34} {one.made[:12]}"
            + (f"  {one.why}" if one.why else "")
            for one in self.compared
        ]
        counts = Counter(one.verdict for one in self.compared)
        summary = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        said += ["", f"{summary} (tolerance of losses and scores: {self.tolerance:.2%})"]
        if self.not_made:
            said.append(f"not made again: {', '.join(self.not_made)}")
        said += [
            f"{one.package}: {one.published} made it, {one.here} is here" for one in self.packages
        ]
        return [*said, f"In {self.workdir}.", f"{self.sentence()}."]

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"reproduced": self.first is None, "said": self.sentence()}


def reproduce(
    published: str, endpoint: str, workdir: Path | None, sets: list[str], until: str | None,
    tolerance: float, progress: Progress,
) -> Reproduction:  # fmt: skip
    """Raises BadInput where the release does not say how it was made or a source is another."""
    where = _asked(published, sets, until, tolerance)
    stage: Stage | None = next((known for known in STAGES if known == until), None)
    name = where.release.replace("/", "-")
    workdir = workdir or Path("runs") / f"reproduce-{name}-{where.tag}"
    _check_fresh(workdir, where)
    with locked(workdir):
        record = outside.fetch(where.results, where.tag, endpoint, workdir / "fetched", progress)
        write_json(workdir / REPRODUCTION, {"release": where.release, "tag": where.tag})
        folder = workdir / "fetched" / "downloads" / "dataset" / where.results
        _, manifests = read_record(folder)
        recipe = _recipe(folder / RECIPE, sets)
        pinned = check_sources(recipe, manifests)
        progress(f"{pinned} local sources are what the release was made from")
        register(recipe, workdir)
        made = run(recipe, workdir, f"imprimatur reproduce {published}", progress, stage).artefacts
    found = compare(manifests, made, tolerance)
    return Reproduction(
        release=f"{where.release}@{where.tag}",
        publication_digest=record.publication_digest,
        workdir=str(workdir),
        tolerance=tolerance,
        compared=found,
        not_made=sorted(manifests.keys() - made.keys()),
        packages=list(other_packages(manifests)),
    )


def _asked(published: str, sets: list[str], until: str | None, tolerance: float) -> Address:
    where = address(published)
    if where is None:
        raise BadInput(f"{published} is not NAMESPACE/RELEASE@TAG, as in my-lab/demo@v0.1.0")
    others = [entry for entry in sets if not entry.startswith("data=")]
    if others:
        raise BadInput(
            f"--set {others[0]} would make another release: reproduce takes --set data=FOLDER only"
        )
    if until is not None and until not in STAGES:
        raise BadInput(f"there is no stage {until}: --until takes {', '.join(STAGES)}")
    if not 0 <= tolerance < 1:
        raise BadInput(f"a tolerance of {tolerance} is not between 0 and 1")
    return where


def _check_fresh(workdir: Path, where: Address) -> None:
    """Nothing that was made before may be taken for made again."""
    if not workdir.exists() or not any(workdir.iterdir()):
        return
    try:
        of = json.loads((workdir / REPRODUCTION).read_bytes())
    except (OSError, ValueError):
        of = None
    if of != {"release": where.release, "tag": where.tag}:
        raise BadInput(f"{workdir} is not empty: reproduce works in a fresh folder (--workdir)")


def _recipe(path: Path, sets: list[str]) -> Recipe:
    """The published recipe; its local sources are where --set data= says."""
    try:
        recipe = load(path, None, sets)
    except Failure as error:
        raise BadInput(
            f"the published recipe does not fit this version of the kit: {error}"
        ) from None
    if not sets and recipe.release.sources:
        raise BadInput(
            f"{recipe.release.release} was made from {len(recipe.release.sources)} local sources, "
            "which are not published: give their folder with --set data=FOLDER"
        )
    return recipe
