"""Files of a repo: placed, and described for the publication."""

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
