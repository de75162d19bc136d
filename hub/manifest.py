"""What passes between stages: an artefact is a folder with a `manifest.json`, written last.

    key                 known before running: kind, resolved recipe part, input digests, version of
                        the step. It names the work folder and decides "up to date".
    digest              known after running: kind and payload files (path, size, sha256).
                        Equal digests mean equal content, on whatever machine it was made.
    publication_digest  every byte of every repo that would be pushed, metadata included.

All three are sha256 over RFC 8785 canonical JSON, so that anyone can recompute them.
Payload is what the artefact is for (Parquet shards, weights, tokenizer, results); manifests, cards,
logs and optimiser states are not. A manifest is never edited: another result is another folder.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import rfc8785
from pydantic import BaseModel, ConfigDict, ValidationError

from hub.disk import sha256_file, sync_tree, write_json
from hub.failure import Failed

MANIFEST = "manifest.json"

FROM_HUB = "hub"
"""role of the only input of an artefact that was taken from the Hub as it is"""

Kind = Literal[
    "corpus", "quarantine", "tasks", "model", "checkpoint",
    "merge", "quantised", "results", "space", "release",
]  # fmt: skip


class ManifestError(Failed):
    """A manifest or a payload that is not what it says it is."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PayloadFile(_Frozen):
    path: str
    """POSIX path relative to the artefact folder"""
    size: int
    """bytes"""
    sha256: str


class Input(_Frozen):
    """What an artefact was made from, named by content: a local path never enters."""

    role: str
    name: str
    digest: str
    repo: str | None = None
    commit: str | None = None


class Number(_Frozen):
    """A figure that a card may print."""

    value: int | float
    unit: str


class MadeBy(_Frozen):
    """How it came to be; no user name, host name, absolute path or secret."""

    code: str
    """version of the kit"""
    packages: dict[str, str]
    command: str
    machine: str
    accelerator: str
    wall_seconds: float
    cpu_seconds: float
    finished: str = ""
    """the day in UTC, as an ISO date; empty in what was published before it was recorded"""


class Manifest(_Frozen):
    kind: Kind
    name: str
    key: str
    digest: str
    files: tuple[PayloadFile, ...]
    inputs: tuple[Input, ...]
    recipe: dict[str, Any]
    """the resolved part of the release file that made it"""
    numbers: dict[str, Number]
    licence: tuple[str, ...]
    """licence ids of everything in it, sorted; a corpus has no single merged licence"""
    made_by: MadeBy


@dataclass(frozen=True)
class Artefact:
    folder: Path
    manifest: Manifest

    @property
    def payload(self) -> list[Path]:
        return [self.folder / file.path for file in self.manifest.files]

    def as_input(self, role: str) -> Input:
        """With repo and commit where it was taken from the Hub as it is."""
        origin = next((entry for entry in self.manifest.inputs if entry.role == FROM_HUB), None)
        return Input(
            role=role, name=self.manifest.name, digest=self.manifest.digest,
            repo=origin.repo if origin else None, commit=origin.commit if origin else None,
        )  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What a stage hands back to the conductor, which writes the manifest."""

    payload: tuple[str, ...]
    """POSIX paths of the payload files, relative to the artefact folder"""
    numbers: Mapping[str, Number]
    licence: tuple[str, ...] = ()


def canonical_sha256(value: Any) -> str:
    """sha256 over the RFC 8785 form of JSON-like `value`."""
    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def artefact_key(
    kind: Kind, recipe: Mapping[str, Any], inputs: Iterable[Input], version: int
) -> str:
    """Equal keys mean: the same step would be run on the same content."""
    digests = sorted([entry.role, entry.digest] for entry in inputs)
    return canonical_sha256(
        {"kind": kind, "recipe": dict(recipe), "inputs": digests, "version": version}
    )


def artefact_digest(kind: Kind, files: Iterable[PayloadFile]) -> str:
    return canonical_sha256({"kind": kind, "files": _listing(files)})


def publication_digest(repos: Mapping[str, Iterable[PayloadFile]]) -> str:
    """Digest of all that would be pushed; `repos` maps "type/namespace/name" to its files."""
    return canonical_sha256({repo: _listing(files) for repo, files in repos.items()})


def describe_files(folder: Path, paths: Iterable[str]) -> tuple[PayloadFile, ...]:
    """Size and sha256 of each file, sorted by POSIX path."""
    return tuple(
        PayloadFile(
            path=path, size=(folder / path).stat().st_size, sha256=sha256_file(folder / path)
        )
        for path in sorted(set(paths))
    )


def write_manifest(folder: Path, manifest: Manifest) -> Artefact:
    """The act that makes a folder whole: everything in it is on disk before the manifest is.

    Returns what a later reader gets, in whose mappings the names are sorted: a card is the same to
    the byte whether its artefact was made just now or long ago.
    """
    sync_tree(folder)
    path = folder / MANIFEST
    write_json(path, manifest.model_dump(mode="json"))
    return Artefact(folder, Manifest.model_validate_json(path.read_bytes()))


def read_artefact(folder: Path) -> Artefact | None:
    """The artefact in `folder`, or None where it was never finished.

    Raises ManifestError for a manifest that cannot be read or whose payload lost a file or changed
    size; content is compared by `verify_payload`, which reads every byte.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "the file"
        raise ManifestError(f"{path} is not a manifest ({where}: {problem['msg']})") from None
    for file in manifest.files:
        payload = folder / file.path
        if not payload.is_file() or payload.stat().st_size != file.size:
            raise ManifestError(
                f"{payload} is missing or was changed since: delete {folder} to remake it"
            )
    return Artefact(folder, manifest)


def verify_payload(artefact: Artefact) -> None:
    """Read every payload byte; raises ManifestError naming the first file that differs."""
    for file in artefact.manifest.files:
        if sha256_file(artefact.folder / file.path) != file.sha256:
            raise ManifestError(f"{artefact.folder / file.path} is not what its manifest says")
    if artefact_digest(artefact.manifest.kind, artefact.manifest.files) != artefact.manifest.digest:
        raise ManifestError(f"the digest in {artefact.folder / MANIFEST} does not fit its files")


def _listing(files: Iterable[PayloadFile]) -> list[dict[str, str | int]]:
    return [file.model_dump() for file in sorted(files, key=lambda file: file.path)]
