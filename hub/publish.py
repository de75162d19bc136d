"""Publication: every repo of a release to a Hub; nothing half-done is ever seen as a release.

    HF_TOKEN=… python -m hub.publish FOLDER --endpoint URL

1. New repos are made private. Each gets one commit that brings it to exactly the planned content
   (only what differs is sent), is read back and compared, and tagged.
2. They are made public in order: datasets, models, merges, results, Space; then the collection.
3. `release.json` goes last into the results repo. It is the commit point: until it is there, the
   release does not exist, and running again finishes it.

Progress goes to stderr, the release record as JSON to stdout. Rate limits and server errors are
waited out by the client; it runs in a process of its own because huggingface_hub reads its endpoint
at import.
"""

import argparse
import hashlib
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
)
from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile

from hub.failure import BadInput, Failed, Failure, Refused, Unexpected
from hub.manifest import PayloadFile
from hub.publication import (
    RELEASE,
    Publication,
    PublishedRepo,
    ReleaseRecord,
    Repo,
    read_publication,
)

Progress = Callable[[str], None]

_MADE_BY_THE_HUB = frozenset({".gitattributes"})
_TRANSPORT = (HfHubHTTPError, OSError)
"""what the client raises once it has given up waiting"""


def publish(folder: Path, api: HfApi, progress: Progress) -> ReleaseRecord:
    """Bring every repo of the publication in `folder` to its planned content, then say so."""
    publication = read_publication(folder)
    _check_account(publication, api)
    commits: dict[str, str] = {}
    for repo in publication.repos:
        commits[repo.address] = _stage(
            publication, repo, folder / repo.type / repo.id, api, progress
        )
    for repo in publication.repos:
        _make_public(repo, api, progress)
    _collect(publication, api, progress)
    record = ReleaseRecord(
        release=publication.release,
        version=publication.version,
        tag=publication.tag,
        publication_digest=publication.digest,
        signature="unsigned",
        repos=tuple(
            PublishedRepo(**repo.model_dump(), commit=commits[repo.address])
            for repo in publication.repos
        ),
    )
    _announce(publication.results, record, api, progress)
    return record


def _check_account(publication: Publication, api: HfApi) -> None:
    """The token may write to the namespace: known before the first byte is sent."""
    account: Mapping[str, Any] = api.whoami()
    names = [account["name"], *(org["name"] for org in account.get("orgs", []))]
    if publication.namespace not in names:
        raise BadInput(
            f"the token of {account['name']} may not write to {publication.namespace}: "
            f"use a token of that account, or --set namespace={account['name']}"
        )


def _stage(
    publication: Publication, repo: Repo, content: Path, api: HfApi, progress: Progress
) -> str:
    """One commit that makes the repo's `main` the planned content; returns the tagged commit."""
    head, remote = _remote_files(repo, api)
    tagged = _tagged_commit(repo, publication.tag, api) if head else None
    if tagged is not None:
        return _confirm_tagged(publication, repo, content, tagged, api, progress)
    if head is None:
        sdk = "gradio" if repo.type == "space" else None
        api.create_repo(repo.id, repo_type=repo.type, private=True, exist_ok=True, space_sdk=sdk)
        head, remote = _remote_files(repo, api)
    wanted = {file.path: file for file in repo.files}
    changed = [
        path for path, file in wanted.items() if not _same(file, content / path, remote.get(path))
    ]
    surplus = sorted(remote.keys() - wanted.keys() - _MADE_BY_THE_HUB - {RELEASE})
    if changed or surplus:
        sent = sum(wanted[path].size for path in changed)
        progress(f"{repo.id}: {len(changed)} files, {sent:,} bytes")
        head = api.create_commit(
            repo.id,
            [
                *(CommitOperationAdd(path, content / path) for path in changed),
                *(CommitOperationDelete(path) for path in surplus),
            ],
            commit_message=f"{publication.release} {publication.tag}",
            repo_type=repo.type,
            parent_commit=head,
        ).oid
        _, remote = _remote_files(repo, api, head)
    else:
        progress(f"{repo.id}: nothing to send")
    _compare(repo, content, remote)
    if head is None:
        raise Unexpected(f"{repo.id} has no commit after it was published: run again")
    if repo is not publication.results:  # its tag has to include release.json
        api.create_tag(
            repo.id, tag=publication.tag, revision=head, repo_type=repo.type, exist_ok=True
        )
    return head


def _confirm_tagged(
    publication: Publication, repo: Repo, content: Path, tagged: str, api: HfApi, progress: Progress
) -> str:
    """This version is published already: fine if it is the same content, refused if it is other."""
    _, remote = _remote_files(repo, api, tagged)
    try:
        _compare(repo, content, remote)
    except Unexpected:
        raise Refused(
            f"{repo.id} already has a {publication.tag} with other content: a version is published "
            "once, so raise `version` in the release file"
        ) from None
    progress(f"{repo.id}: {publication.tag} is there already")
    return tagged


def _compare(repo: Repo, content: Path, remote: Mapping[str, RepoFile]) -> None:
    """What the Hub lists must be what was planned, name by name and hash by hash."""
    for file in repo.files:
        if not _same(file, content / file.path, remote.get(file.path)):
            raise Unexpected(f"{repo.id}: {file.path} is not on the Hub as it was sent: run again")
    surplus = remote.keys() - {file.path for file in repo.files} - _MADE_BY_THE_HUB - {RELEASE}
    if surplus:
        raise Unexpected(f"{repo.id} holds {min(surplus)}, which is not part of this release")


def _make_public(repo: Repo, api: HfApi, progress: Progress) -> None:
    if api.repo_info(repo.id, repo_type=repo.type).private:
        api.update_repo_settings(repo.id, repo_type=repo.type, private=False)
        progress(f"{repo.id}: public")


def _collect(publication: Publication, api: HfApi, progress: Progress) -> None:
    """One page for the release; what is in it already stays as it is."""
    collection = api.create_collection(
        publication.release, namespace=publication.namespace, exists_ok=True
    )
    there = {(item.item_type, item.item_id) for item in api.get_collection(collection.slug).items}
    for repo in publication.repos:
        if (repo.type, repo.id) not in there:
            api.add_collection_item(collection.slug, repo.id, repo.type, exists_ok=True)
    progress(f"{collection.slug}: {len(publication.repos)} repos")


def _announce(results: Repo, record: ReleaseRecord, api: HfApi, progress: Progress) -> None:
    """`release.json`, then the tag of the results repo that includes it."""
    if _tagged_commit(results, record.tag, api) is not None:
        progress("release.json is there already")
        return
    head, remote = _remote_files(results, api)
    data = (record.model_dump_json(indent=2) + "\n").encode()
    listed = remote.get(RELEASE)
    if listed is None or listed.blob_id != _git_blob(data):
        head = api.create_commit(
            results.id,
            [CommitOperationAdd(RELEASE, data)],
            commit_message=f"Release {record.release} {record.tag}",
            repo_type=results.type,
            parent_commit=head,
        ).oid
    api.create_tag(results.id, tag=record.tag, revision=head, repo_type=results.type, exist_ok=True)
    progress(f"{results.id}: release.json")


def _remote_files(
    repo: Repo, api: HfApi, revision: str | None = None
) -> tuple[str | None, dict[str, RepoFile]]:
    """Head commit and files of the repo; (None, {}) where it does not exist."""
    try:
        info = api.repo_info(repo.id, repo_type=repo.type, revision=revision)
        listed = api.list_repo_tree(repo.id, repo_type=repo.type, revision=info.sha, recursive=True)
        return info.sha, {entry.path: entry for entry in listed if isinstance(entry, RepoFile)}
    except RepositoryNotFoundError:
        return None, {}


def _tagged_commit(repo: Repo, tag: str, api: HfApi) -> str | None:
    refs = api.list_repo_refs(repo.id, repo_type=repo.type)
    return next((str(ref.target_commit) for ref in refs.tags if ref.name == tag), None)


def _same(file: PayloadFile, path: Path, remote: RepoFile | None) -> bool:
    """Large files are listed by sha256, small ones by their git blob id."""
    if remote is None or remote.size != file.size:
        return False
    if remote.lfs is not None:
        return bool(remote.lfs.sha256 == file.sha256)
    return bool(remote.blob_id == _git_blob(path.read_bytes()))


def _git_blob(data: bytes) -> str:
    header = b"blob %d\0" % len(data)
    return hashlib.sha1(header + data, usedforsecurity=False).hexdigest()


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hub.publish")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--endpoint", required=True)
    arguments = parser.parse_args(argv)
    try:
        if not os.environ.get("HF_TOKEN"):
            raise BadInput("no token: set HF_TOKEN, or log in with `hf auth login`")
        api = HfApi(endpoint=arguments.endpoint, token=os.environ["HF_TOKEN"])
        record = publish(
            arguments.folder, api, lambda line: print(line, file=sys.stderr, flush=True)
        )
    except Failure as error:
        return _report(error)
    except LocalTokenNotFoundError:
        return _report(BadInput("no token: set HF_TOKEN, or log in with `hf auth login`"))
    except _TRANSPORT as error:
        reason = " ".join(str(error).split())
        return _report(Failed(f"{arguments.endpoint} did not take the release: {reason}"))
    print(record.model_dump_json())
    return 0


def _report(error: Failure) -> int:
    print(f"error: {error}", file=sys.stderr)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
