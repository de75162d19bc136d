"""What a repo on the Hub holds: its files with their hashes, its tags, its `release.json`."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from huggingface_hub import HfApi, hf_hub_url
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status
from pydantic import ValidationError

from hub.failure import Unexpected
from hub.manifest import PayloadFile
from hub.publication import RELEASE, SIGNATURE_FILES, ReleaseRecord, RepoType
from hub.publish.patience import patiently, status

MADE_BY_THE_HUB = frozenset({".gitattributes"})
NOT_CONTENT = MADE_BY_THE_HUB | {RELEASE, *SIGNATURE_FILES}
"""Of a repo's files, those that belong to no publication's content."""


class Address(NamedTuple):
    """Which repo."""

    type: RepoType
    id: str


class Seen(NamedTuple):
    """A repo at one moment."""

    head: str
    private: bool
    files: dict[str, RepoFile]
    """the content: without what the Hub adds, and without `release.json`"""
    gated: Literal["auto", "manual"] | None


def see(api: HfApi, where: Address) -> Seen | None:
    """`main` as it is now: one listing; None where there is no such repo (or none for us)."""
    try:
        info = patiently(lambda: api.repo_info(where.id, repo_type=where.type))
    except RepositoryNotFoundError:
        return None
    gated = getattr(info, "gated", None) or None
    return Seen(str(info.sha), bool(info.private), files_at(api, where, str(info.sha)), gated)


def files_at(api: HfApi, where: Address, revision: str) -> dict[str, RepoFile]:
    """The content at a revision, by path."""

    def listed() -> dict[str, RepoFile]:
        tree = api.list_repo_tree(where.id, repo_type=where.type, revision=revision, recursive=True)
        return {
            entry.path: entry
            for entry in tree
            if isinstance(entry, RepoFile) and entry.path not in NOT_CONTENT
        }

    return patiently(listed)


def head_of(api: HfApi, where: Address, revision: str = "main") -> str | None:
    """The commit a revision stands at; None where there is no such revision."""
    try:
        info = patiently(lambda: api.repo_info(where.id, repo_type=where.type, revision=revision))
    except (RepositoryNotFoundError, RevisionNotFoundError):
        return None
    return str(info.sha)


class Refs(NamedTuple):
    tags: dict[str, str]
    """name to commit"""
    branches: dict[str, str]
    pulls: bool
    """whether there was ever a pull request"""


def refs_of(api: HfApi, where: Address) -> Refs:
    refs = patiently(
        lambda: api.list_repo_refs(where.id, repo_type=where.type, include_pull_requests=True)
    )
    return Refs(
        {ref.name: str(ref.target_commit) for ref in refs.tags},
        {ref.name: str(ref.target_commit) for ref in refs.branches},
        bool(refs.pull_requests),
    )


def read_file(api: HfApi, where: Address, path: str, revision: str) -> bytes | None:
    """One small file; None where it is not there."""
    url = hf_hub_url(where.id, path, repo_type=where.type, revision=revision, endpoint=api.endpoint)
    headers = build_hf_headers(token=api.token)

    def fetched() -> bytes:
        response = get_session().get(url, headers=headers, follow_redirects=True)
        hf_raise_for_status(response)
        return response.content

    try:
        return patiently(fetched)
    except (EntryNotFoundError, RevisionNotFoundError, RepositoryNotFoundError):
        return None


def record_at(api: HfApi, where: Address, revision: str = "main") -> ReleaseRecord | None:
    """The release that a results repo announces; None where it announces none."""
    data = read_file(api, where, RELEASE, revision)
    if data is None:
        return None
    try:
        return ReleaseRecord.model_validate_json(data)
    except ValidationError:
        raise Unexpected(
            f"release.json of {where.id} cannot be read: it was changed by hand, or written by "
            "another version of this kit"
        ) from None


def same(file: PayloadFile, content: Path | None, remote: RepoFile | None) -> bool:
    """Large files are listed by sha256, small ones by their git blob id.

    Without the local `content`, a small file is compared by its size only.
    """
    if remote is None or remote.size != file.size:
        return False
    if remote.lfs is not None:
        return bool(remote.lfs.sha256 == file.sha256)
    if content is None:
        return True
    return bool(remote.blob_id == git_blob((content / file.path).read_bytes()))


def equal_trees(one: Mapping[str, RepoFile], other: Mapping[str, RepoFile]) -> bool:
    """Whether two listings show the same bytes under the same names."""
    return {path: _identity(file) for path, file in one.items()} == {
        path: _identity(file) for path, file in other.items()
    }


def _identity(file: RepoFile) -> tuple[int, str]:
    return file.size, file.lfs.sha256 if file.lfs is not None else file.blob_id


def git_blob(data: bytes) -> str:
    header = b"blob %d\0" % len(data)
    return hashlib.sha1(header + data, usedforsecurity=False).hexdigest()


def refused(error: HfHubHTTPError) -> bool:
    """Whether the Hub said that this account may not."""
    return status(error) in (401, 403)
