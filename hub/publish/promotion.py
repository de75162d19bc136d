"""One commit makes a whole revision `main`: large files copied by the server, nothing sent again.

The commit names the parent that was seen at the start. If somebody else wrote to `main` meanwhile,
the Hub refuses it, and nothing of theirs is overwritten.
"""

from collections.abc import Mapping
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfApi
from huggingface_hub.hf_api import RepoFile

from hub.failure import Unexpected
from hub.publish.commits import Operation, commit
from hub.publish.patience import TROUBLE, status
from hub.publish.remote import Address, Seen, equal_trees, files_at

OPERATIONS_A_COMMIT = 25_000
"""What one commit may hold; staging takes several commits, promotion is one or it is not atomic."""

TRAILER = "Imprimatur-Publication: "
"""Begins a line of the description of every commit on `main` that this kit makes."""


def promote(
    api: HfApi,
    where: Address,
    seen: Seen,
    source: str,
    message: str,
    digest: str,
    content: Path | None = None,
) -> str:
    """Make the content at revision `source` that of `main`; returns the commit on `main`.

    `content` is the local copy of it, if there is one: small files then come from there, which
    spares a request for each. `seen` is `main` as it was before.
    """
    target = files_at(api, where, source)
    if equal_trees(target, seen.files):
        return seen.head
    operations = _operations(seen.files, target, source, content)
    description = f"{TRAILER}{digest}"
    try:
        head = commit(api, where, operations, seen.head, message, description)
    except TROUBLE as error:
        if status(error) == 412:
            raise _overtaken(where) from None
        raise
    if not equal_trees(files_at(api, where, head), target):
        raise _overtaken(where)
    return head


def _operations(
    before: Mapping[str, RepoFile],
    target: Mapping[str, RepoFile],
    source: str,
    content: Path | None,
) -> list[Operation]:
    operations: list[Operation] = []
    for path, file in target.items():
        known = before.get(path)
        if known is not None and equal_trees({path: known}, {path: file}):
            continue
        if file.lfs is None and content is not None:
            operations.append(CommitOperationAdd(path, content / path))
        else:
            operations.append(CommitOperationCopy(path, path, src_revision=source))
    return operations + [CommitOperationDelete(path) for path in before.keys() - target.keys()]


def _overtaken(where: Address) -> Unexpected:
    return Unexpected(
        f"{where.id} was changed by somebody else while this release was being published; nothing "
        "of theirs was overwritten: see who it was, then run again"
    )
