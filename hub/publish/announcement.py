"""`release.json`: the commit point. Until it names a release, that release is not."""

from collections.abc import Mapping

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

from hub.failure import Unexpected
from hub.publication import RELEASE, SIGNATURE_FILES
from hub.publish.commits import Operation, commit
from hub.publish.patience import TROUBLE, patiently, status
from hub.publish.promotion import TRAILER
from hub.publish.refs import drop_tag
from hub.publish.remote import Address, head_of, read_file, refs_of

_NAMES = (RELEASE, *SIGNATURE_FILES)


def announcement(api: HfApi, results: Address, revision: str) -> dict[str, bytes]:
    """`release.json`, its signature and the public key, as far as they are at a revision."""
    found = {name: read_file(api, results, name, revision) for name in _NAMES}
    return {name: data for name, data in found.items() if data is not None}


def announce(
    api: HfApi, results: Address, parent: str, files: Mapping[str, bytes], title: str, digest: str
) -> None:
    """One commit on top of `parent` puts these files in place of the earlier ones."""
    before = announcement(api, results, parent)
    if before == dict(files):
        return
    operations: list[Operation] = [
        CommitOperationAdd(name, data) for name, data in files.items() if before.get(name) != data
    ]
    operations += [CommitOperationDelete(name) for name in before.keys() - files.keys()]
    try:
        head = commit(api, results, operations, parent, title, f"{TRAILER}{digest}")
    except TROUBLE as error:
        if status(error) == 412:
            raise _overtaken(results) from None
        raise
    if announcement(api, results, head) != dict(files):
        raise _overtaken(results)


def tag_results(api: HfApi, results: Address, tag: str) -> None:
    """The results repo's tag includes `release.json`, so it comes last of all; one that holds an
    earlier announcement of the same version is moved."""
    head = head_of(api, results)
    if tag in refs_of(api, results).tags:
        if head is None or announcement(api, results, tag) == announcement(api, results, head):
            return
        drop_tag(api, results, tag)
    patiently(
        lambda: api.create_tag(
            results.id, tag=tag, revision=head, repo_type=results.type, exist_ok=True
        )
    )


def _overtaken(results: Address) -> Unexpected:
    return Unexpected(
        f"{results.id} was changed by somebody else before release.json could be written: see who "
        "it was, then run again"
    )
