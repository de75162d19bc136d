"""Files of a repo: placed, and described for the publication."""

import os
import shutil
from pathlib import Path

from hub.manifest import describe_files
from hub.publication import Repo, RepoType
from release.publication.context import Context


def describe(
    context: Context, kind: RepoType, name: str, artefact_kind: str, digest: str, folder: Path
) -> Repo:
    paths = [p.relative_to(folder).as_posix() for p in sorted(folder.rglob("*")) if p.is_file()]
    return Repo(
        type=kind, id=context.repo(name), artefact=name, kind=artefact_kind, digest=digest,
        files=describe_files(folder, paths),
    )  # fmt: skip


def place(source: Path, target: Path) -> None:
    """The same bytes a second time without the space, where the disk allows links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
