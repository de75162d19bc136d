"""What a release file came to, and which artefacts it made: for whoever reads the release later.

    run.json                    in a work folder: the resolved release file and the artefacts of the
                                last run, since a work folder also holds those of earlier settings
    recipe.json, manifests/     in the published results repo: the same for everybody

Local paths never enter: `data` is left out, its content is pinned by the digests of the sources.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hub.disk import write_json
from hub.failure import BadInput
from hub.manifest import MANIFEST, Artefact, Manifest, ManifestError, read_artefact
from release import lock
from release.lock import Lock
from release.recipe import Recipe
from release.schema import Release

RUN = "run.json"
RECIPE = "recipe.json"
MANIFESTS = "manifests"

_LOCAL = {"data", "workers", "scales", "space", "previous", "notes"}
"""fields that say where and how, not what; scales are applied already, a Space is published"""


def resolved(release: Release) -> dict[str, Any]:
    """The release file after `--scale` and `--set`; JSON is YAML, so it can be run again."""
    return release.model_dump(mode="json", exclude=_LOCAL, exclude_none=True)


def write_run(workdir: Path, release: Release, artefacts: Mapping[str, Artefact]) -> None:
    folders = {name: one.folder.relative_to(workdir) for name, one in artefacts.items()}
    listed = {name: folder.as_posix() for name, folder in folders.items()}
    write_json(workdir / RUN, {"release": resolved(release), "artefacts": listed})


def read_run(workdir: Path) -> tuple[dict[str, Any], dict[str, Artefact]]:
    """The release and the artefacts of the last run; raises BadInput where there is none."""
    path = workdir / RUN
    try:
        said = json.loads(path.read_bytes())
        folders = {str(name): workdir / str(at) for name, at in said["artefacts"].items()}
        release = dict(said["release"])
    except FileNotFoundError:
        raise BadInput(f"{workdir} is no work folder of a finished run: no {RUN} in it") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadInput(f"{path} cannot be read: run the release again") from None
    found: dict[str, Artefact] = {}
    for name, folder in folders.items():
        if not folder.resolve().is_relative_to(workdir.resolve()):
            raise BadInput(f"{path} names {folder}, which is not in the work folder")
        try:
            artefact = read_artefact(folder)
        except ManifestError as error:
            raise BadInput(str(error)) from None
        if artefact is None:
            raise BadInput(f"{folder} is gone or unfinished: run the release again")
        found[name] = artefact
    return release, found


def publish_record(folder: Path, recipe: Recipe, artefacts: Mapping[str, Artefact]) -> None:
    """The recipe with its lock, and every manifest but for those of what was refused."""
    write_json(folder / RECIPE, resolved(recipe.release))
    used = {model.at for model in recipe.release.models.values()}
    pinned = {at: pin for at, pin in recipe.lock.models.items() if at in used}
    if pinned:  # the tasks in the recipe name their commits themselves
        lock.write(folder / RECIPE, Lock(models=pinned))
    (folder / MANIFESTS).mkdir()
    for name, artefact in artefacts.items():
        if artefact.manifest.kind != "quarantine":
            public = artefact.manifest.model_dump(mode="json")
            write_json(folder / MANIFESTS / f"{name}.json", public)


def read_record(folder: Path) -> tuple[dict[str, Any], dict[str, Manifest]]:
    """What `publish_record` wrote; raises BadInput where a release has none."""
    try:
        release = dict(json.loads((folder / RECIPE).read_bytes()))
        found = {
            path.stem: Manifest.model_validate_json(path.read_bytes())
            for path in sorted((folder / MANIFESTS).glob("*.json"))
        }
    except FileNotFoundError:
        raise BadInput(
            f"{folder.name} has no {RECIPE}: this release does not say how it was made"
        ) from None
    except (ValueError, ValidationError):
        raise BadInput(f"{folder.name}: {RECIPE} or a manifest cannot be read") from None
    return release, found


def described(folder: Path) -> Artefact | None:
    """The artefact of a published repo by its manifest, whether or not its payload was fetched."""
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        return Artefact(folder, Manifest.model_validate_json(path.read_bytes()))
    except ValidationError:
        raise BadInput(f"{folder.name}: {MANIFEST} cannot be read") from None
