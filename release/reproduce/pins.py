"""Before anything is computed: is this what the release was made from?"""

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from corpus.build import source_digest
from hub.failure import BadInput, Failure
from hub.manifest import Manifest, canonical_sha256
from release.recipe import Recipe


class Other(NamedTuple):
    """A package of which another version made the release."""

    package: str
    published: str
    here: str


def check_sources(recipe: Recipe, manifests: Mapping[str, Manifest]) -> int:
    """How many local sources were found as pinned; raises BadInput naming all that are not."""
    pinned = {
        entry.name: entry.digest
        for manifest in manifests.values()
        for entry in manifest.inputs
        if entry.role == "source" and entry.repo is None
    }
    wrong: list[str] = []
    for name, digest in pinned.items():
        settings = recipe.release.sources.get(name)
        if settings is None:
            wrong.append(f"the published recipe has no source {name}, which its manifests name")
            continue
        try:
            found = canonical_sha256(source_digest(settings, recipe.data))
        except (Failure, OSError) as error:
            wrong.append(f"source {name}: {error}")
            continue
        if found != digest:
            wrong.append(
                f"source {name} is not what the release was made from: its content digest is "
                f"{found[:12]} and {digest[:12]} is pinned"
            )
    if wrong:
        wrong.append("give the folder that the release was made from with --set data=FOLDER")
        raise BadInput("\n".join(wrong))
    return len(pinned)


def other_packages(manifests: Mapping[str, Manifest]) -> Sequence[Other]:
    """What is installed in another version than the one that decided the published bytes."""
    published: dict[str, set[str]] = {}
    for manifest in manifests.values():
        for package, made_with in manifest.made_by.packages.items():
            published.setdefault(package, set()).add(made_with)
    found = []
    for package, versions in sorted(published.items()):
        try:
            here = version(package)
        except PackageNotFoundError:
            here = "not installed"
        if versions != {here}:
            found.append(Other(package, ", ".join(sorted(versions)), here))
    return found
