"""One commit, made once: an answer that was lost is looked up, never sent blindly again."""

from collections.abc import Sequence

from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfApi

from hub.publish.patience import TROUBLE, WAITS_SECONDS, passes, pause, status
from hub.publish.remote import Address, head_of

Operation = CommitOperationAdd | CommitOperationCopy | CommitOperationDelete

_STALE_PARENT = 412


def commit(
    api: HfApi,
    where: Address,
    operations: Sequence[Operation],
    parent: str,
    message: str,
    description: str = "",
    revision: str = "main",
) -> str:
    """Where `revision` stands afterwards.

    That is the commit just made, or what somebody else put there meanwhile: the caller compares
    the files, since after a lost answer nothing else tells the two apart.
    """
    for attempt, wait in enumerate((*WAITS_SECONDS, None)):
        try:
            return api.create_commit(
                where.id,
                list(operations),
                commit_message=message,
                commit_description=description,
                repo_type=where.type,
                revision=revision,
                parent_commit=parent,
            ).oid
        except TROUBLE as error:
            stale = status(error) == _STALE_PARENT
            if not stale and (wait is None or not passes(error, attempt)):
                raise
            if not stale and wait is not None:
                pause(error, wait)
            head = head_of(api, where, revision)
            if head is not None and head != parent:
                return head
            if stale:
                raise
    raise AssertionError("the last attempt returns or raises")
