"""What a new version says about the one before: the changelog.

`previous` in the release file names the earlier version: a work folder (relative to that file), or
NAMESPACE/RELEASE@TAG on the Hub that HF_ENDPOINT names. What is fetched stays in the work folder,
so that a rehearsal and the publication after it say the same, and the second needs no network.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hub.disk import write_json
from hub.failure import BadInput
from hub.manifest import Artefact
from hub.verify import read_record as read_release
from release.diff import compare, report
from release.diff.content import (
    Address,
    Content,
    address,
    of_download,
    of_hub,
    of_workdir,
)
from release.recipe import Recipe
from release.record import resolved
from release.steps.evaluation import RESULTS

CHANGES = "changes.json"
WHOLE = "whole"
"""an empty file beside what was fetched, written last"""


@dataclass(frozen=True)
class Changed:
    """Of one publication against the version before."""

    difference: compare.Difference
    changelog: str
    """Markdown"""

    def write(self, folder: Path) -> None:
        write_json(folder / CHANGES, compare.as_json(self.difference))


def changed(recipe: Recipe, artefacts: Mapping[str, Artefact], workdir: Path) -> Changed | None:
    """None where the release file names no previous version; raises BadInput for a wrong one."""
    previous = recipe.release.previous
    if not previous:
        return None
    before = _before(previous, recipe.path.parent, workdir)
    found = compare.compare(before, _now(recipe, artefacts))
    return Changed(found, report.changelog(found))


def _before(previous: str, beside: Path, workdir: Path) -> Content:
    folder = beside / previous
    where = address(previous)
    if folder.is_dir():
        found = of_workdir(folder)
        return Content(found.version, found.release, found.artefacts, found.samples, {})
    if where is None:
        raise BadInput(
            f"previous: {previous} is neither a work folder beside the release file nor "
            "NAMESPACE/RELEASE@TAG"
        )
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    # A folder of its own for each: the files of two versions have the same names.
    home = workdir / "previous" / f"{where.results.replace('/', '--')}@{where.tag}"
    content = _kept(where, home)
    if content is None:
        content = of_hub(where, endpoint, home, _quiet)
        (home / WHOLE).touch()
    return Content(content.name, content.release, content.artefacts, content.samples, {})


def _kept(where: Address, home: Path) -> Content | None:
    """What an earlier call fetched, where it was fetched whole."""
    if not (home / WHOLE).is_file():
        return None
    results = home / "downloads" / "dataset" / where.results
    record = read_release(results, where.results, where.tag)
    return of_download(record, where, home / "downloads")


def _now(recipe: Recipe, artefacts: Mapping[str, Artefact]) -> Content:
    """The release that is being assembled; its cards are not written yet."""
    samples = {
        name.removesuffix(RESULTS): artefact.folder / "samples.parquet"
        for name, artefact in artefacts.items()
        if name.endswith(RESULTS)
    }
    return Content(f"v{recipe.release.version}", resolved(recipe.release), artefacts, samples, {})


def _quiet(line: str) -> None:
    """Assembling has no progress of its own."""
