"""Back to an earlier release: the content of its tags, promoted again; `release.json` last.

Nothing is uploaded and nothing is lost: the newer release keeps its commits and its tags, and
publishing it again brings it back. Repos that the earlier release did not have stay as they are.
"""

from huggingface_hub import HfApi

from hub.failure import BadInput, Unexpected
from hub.publication import PublishedRepo, ReleaseRecord
from hub.publish import running
from hub.publish.announcement import announce, announcement
from hub.publish.ours import conflict, holds
from hub.publish.promotion import promote
from hub.publish.remote import Address, Seen, files_at, head_of, record_at, refs_of, see
from hub.publish.transaction import Progress


def rollback(
    results: str,
    tag: str,
    api: HfApi,
    progress: Progress,
    patience: float = running.PATIENCE_SECONDS,
) -> ReleaseRecord:
    """Make the release at `tag` the present one; `results` is the id of the results repo."""
    where = Address("dataset", results)
    present = record_at(api, where)
    target = record_at(api, where, tag)
    if present is None:
        raise BadInput(f"{results} announces no release: there is nothing to go back from")
    if target is None:
        known = [name for name in refs_of(api, where).tags if name.startswith("v")]
        raise BadInput(f"{results} has no release {tag} (there are: {', '.join(known) or 'none'})")
    recorded = {(repo.type, repo.id): repo for repo in present.repos}
    looks = [_look(api, repo, tag, recorded.get((repo.type, repo.id))) for repo in target.repos]
    head = ""
    for repo, seen in zip(target.repos, looks, strict=True):
        address = Address(repo.type, repo.id)
        title = f"Back to {target.release} {tag}"
        commit = promote(api, address, seen, tag, title, target.publication_digest)
        progress(f"{repo.id}: {'was' if commit == seen.head else 'is'} {tag}")
        if repo.id == results and repo.type == "dataset":
            head = commit
        if repo.type == "space":
            earlier = recorded.get((repo.type, repo.id))
            before = earlier.commit if earlier else None
            running.watch(api, address, commit, before, present.publication_digest, patience)
    left = [
        repo.id
        for key, repo in recorded.items()
        if key not in {(r.type, r.id) for r in target.repos}
    ]
    if left:
        progress(f"{', '.join(left)}: not part of {tag}, left as published")
    announce(
        api, where, head, announcement(api, where, tag), f"Back to {target.release} {tag}",
        target.publication_digest,
    )  # fmt: skip
    progress(f"{results}: release.json is that of {tag}")
    return target


def _look(api: HfApi, repo: PublishedRepo, tag: str, present: PublishedRepo | None) -> Seen:
    """The repo as it is; raises Unexpected where it was edited by hand or its tag was moved."""
    where = Address(repo.type, repo.id)
    seen = see(api, where)
    if seen is None:
        raise Unexpected(f"{repo.id} was deleted since: {tag} cannot come back")
    if head_of(api, where, tag) is None:
        raise Unexpected(
            f"{repo.id} has no {tag} any more: it was taken away, as with a withdrawn document, "
            "and that release cannot come back"
        )
    if not holds(files_at(api, where, tag), repo.files, None):
        raise Unexpected(
            f"{repo.id} at {tag} no longer holds what release.json says: its tag moved"
        )
    problem = conflict(api, where, seen, present)
    if problem:
        raise Unexpected(problem)
    return seen
