"""Content goes to a staging revision first: a branch, or a pull request where there may be none.

What is there already is not sent again, so a killed upload goes on where it stopped. Nothing on
`main` moves here.
"""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.hf_api import RepoFile

from hub.failure import Unexpected
from hub.publication import Publication, Repo
from hub.publish.commits import Operation, commit
from hub.publish.patience import patiently, status
from hub.publish.refs import drop_branch
from hub.publish.remote import Address, files_at, head_of, same

BRANCHES = "imprimatur-staging-"
FILES_A_COMMIT = 100
"""The Hub asks for 50 to 100 (huggingface.co/docs/hub/repositories-recommendations)."""

_REFUSED = (400, 403, 405, 501)


class Staged(NamedTuple):
    """A revision that holds the whole planned content, read back and compared."""

    revision: str
    pull_request: int | None
    num_bytes: int
    """sent in this run"""


def branch_of(publication: Publication) -> str:
    return BRANCHES + publication.digest[:12]


def stage(api: HfApi, publication: Publication, repo: Repo, content: Path, base: str) -> Staged:
    """Bring a staging revision, made from commit `base`, to the planned content."""
    where = Address(repo.type, repo.id)
    revision, number = _revision(api, publication, where, base)
    head = head_of(api, where, revision)
    if head is None:
        raise Unexpected(f"{repo.id}: {revision} was deleted while it was staged: run again")
    there = files_at(api, where, head)
    wanted = {file.path: file for file in repo.files}
    missing = [path for path, file in wanted.items() if not same(file, content, there.get(path))]
    surplus = sorted(there.keys() - wanted.keys())
    for start in range(0, max(len(missing), 1 if surplus else 0), FILES_A_COMMIT):
        operations: list[Operation] = [
            CommitOperationAdd(path, content / path)
            for path in missing[start : start + FILES_A_COMMIT]
        ]
        if start == 0:
            operations += [CommitOperationDelete(path) for path in surplus]
        message = f"Staging {publication.release} {publication.tag}"
        head = commit(api, where, operations, head, message, revision=revision)
    if missing or surplus:
        there = files_at(api, where, head)
    _compare(repo, content, there, revision)
    return Staged(revision, number, sum(wanted[path].size for path in missing))


def _revision(
    api: HfApi, publication: Publication, where: Address, base: str
) -> tuple[str, int | None]:
    """The staging branch of this publication, or its pull request."""
    name = branch_of(publication)
    try:
        patiently(
            lambda: api.create_branch(
                where.id, repo_type=where.type, branch=name, revision=base, exist_ok=True
            )
        )
    except HfHubHTTPError as error:
        if status(error) not in _REFUSED:
            raise
        number = _pull_request(api, where, name)
        return f"refs/pr/{number}", number
    return name, None


def _pull_request(api: HfApi, where: Address, title: str) -> int:
    """The open pull request of that title; a new one where there is none."""
    found = [number for number, known in _open_pull_requests(api, where) if known == title]
    if found:
        return min(found)
    made = patiently(lambda: api.create_pull_request(where.id, title, repo_type=where.type))
    return int(made.num)


def _open_pull_requests(api: HfApi, where: Address) -> list[tuple[int, str]]:
    """Number and title of those that stage a publication."""
    return patiently(
        lambda: [
            (discussion.num, discussion.title)
            for discussion in api.get_repo_discussions(where.id, repo_type=where.type)
            if discussion.title.startswith(BRANCHES)
            and discussion.is_pull_request
            and discussion.status in ("open", "draft")
        ]
    )


def _compare(repo: Repo, content: Path, there: Mapping[str, RepoFile], revision: str) -> None:
    """What the Hub lists must be what was planned, name by name and hash by hash."""
    for file in repo.files:
        if not same(file, content, there.get(file.path)):
            raise Unexpected(
                f"{repo.id}: {file.path} is not on the Hub as it was sent ({revision}): run again"
            )
    surplus = there.keys() - {file.path for file in repo.files}
    if surplus:
        raise Unexpected(f"{repo.id} holds {min(surplus)}, which is not part of this release")


def unstage(api: HfApi, where: Address, staged: Staged) -> None:
    """The staging revision has done its work."""
    if staged.pull_request is not None:
        _close(api, where, staged.pull_request)
    else:
        drop_branch(api, where, staged.revision)


def close_pull_requests(api: HfApi, where: Address) -> None:
    """Every one that this account opened to stage a publication."""
    me = patiently(api.whoami)["name"]
    for number, _ in _open_pull_requests(api, where):
        details = patiently(
            functools.partial(api.get_discussion_details, where.id, number, repo_type=where.type)
        )
        if details.author == me:
            _close(api, where, number)


def _close(api: HfApi, where: Address, number: int) -> None:
    patiently(
        lambda: api.change_discussion_status(
            where.id, number, "closed", repo_type=where.type, comment="Its content is on main."
        )
    )
