"""The order of a publication, from the first look to `release.json`.

1. See every repo; list what speaks against it; make missing repos, private.
2. Stage every repo: nothing that anybody reads has changed yet.
3. Promote in order: datasets, models, merges, results, Space. Compare each, tag each.
4. Make new repos public, watch the Space, collect.
5. `release.json` into the results repo: the commit point. Then its tag.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.errors import RevisionNotFoundError

from hub.failure import Refused, Unexpected
from hub.publication import (
    RELEASE,
    SIGNATURE,
    UNSIGNED,
    Publication,
    PublishedRepo,
    ReleaseRecord,
    Repo,
    read_publication,
)
from hub.publish import running
from hub.publish.announcement import announce, announcement, tag_results
from hub.publish.deprecation import deprecate
from hub.publish.ours import conflict, gate_conflict, holds, published_otherwise
from hub.publish.patience import patiently
from hub.publish.preflight import check
from hub.publish.promotion import promote
from hub.publish.refs import drop_branch
from hub.publish.remote import (
    Address,
    Refs,
    Seen,
    record_at,
    refs_of,
    see,
)
from hub.publish.signing import Signer, check_key
from hub.publish.squash import forget, squash_main
from hub.publish.staging import BRANCHES, Staged, close_pull_requests, stage, unstage
from hub.publish.storage import storage

Progress = Callable[[str], None]


@dataclass
class _Work:
    """One repo on its way."""

    repo: Repo
    content: Path
    seen: Seen
    refs: Refs
    source: str | None = None
    """revision that holds the whole content; None while `main` does"""
    staged: Staged | None = None
    commit: str = ""

    @property
    def where(self) -> Address:
        return Address(self.repo.type, self.repo.id)


@dataclass(frozen=True)
class _Publishing:
    publication: Publication
    api: HfApi
    progress: Progress
    signer: Signer | None
    patience: float
    squash: Mapping[str, Collection[str]]
    works: list[_Work] = field(default_factory=list)


def publish(
    folder: Path,
    api: HfApi,
    progress: Progress,
    signer: Signer | None = None,
    patience: float = running.PATIENCE_SECONDS,
    unsigned: bool = False,
    squash: Mapping[str, Collection[str]] | None = None,
) -> ReleaseRecord:
    """Bring every repo of the publication in `folder` to its planned content, then say so.

    `patience`: seconds that the Space may take to run. `unsigned` is for rehearsals, which do not
    have the key. `squash`: ids of repos that lose their history, and the tags of the versions that
    held what may no longer be read. Raises BadInput, Refused, Unexpected.
    """
    publication = read_publication(folder)
    check_key(publication, signer, unsigned)
    results = Address(publication.results.type, publication.results.id)
    record = record_at(api, results)
    looks = {repo.address: see(api, Address(repo.type, repo.id)) for repo in publication.repos}
    if record is not None and record.publication_digest == publication.digest and not squash:
        _confirm(publication, folder, api, looks, record)
        progress(f"{publication.tag} is published already: nothing to send")
        tag_results(api, results, publication.tag)
        _deprecate(publication, api, progress)
        return record
    check(publication, folder, api, looks, record, rehearsal=unsigned)
    if not unsigned and (said := storage(api, publication, looks)):
        progress(said)
    this = _Publishing(publication, api, progress, signer, patience, squash or {})
    for repo in publication.repos:
        this.works.append(_prepare(this, repo, folder / repo.type / repo.id, looks[repo.address]))
    for work in this.works:
        with _alone(work.repo):
            _stage(this, work)
    for work in this.works:
        with _alone(work.repo):
            _close_gate(this, work)
            _promote(this, work)
    for work in this.works:
        _make_public(this, work)
    _watch_space(this, record)
    _collect(this)
    record = _announce(this, record, results)
    for work in this.works:
        if work.repo.id in this.squash:
            versions = this.squash[work.repo.id]
            for line in forget(api, work.where, work.commit, publication.tag, versions):
                progress(line)
    tag_results(api, results, publication.tag)
    _deprecate(publication, api, progress)
    return record


@contextmanager
def _alone(repo: Repo) -> Iterator[None]:
    """A staging revision that is gone was taken away by who published the same at the same time."""
    try:
        yield
    except RevisionNotFoundError:
        raise Unexpected(
            f"{repo.id}: what was staged is gone, somebody else is publishing this very release: "
            "wait until they are done, then run again"
        ) from None


def _deprecate(publication: Publication, api: HfApi, progress: Progress) -> None:
    for one in publication.superseded:
        progress(deprecate(api, publication, one))


def _confirm(
    publication: Publication,
    folder: Path,
    api: HfApi,
    looks: dict[str, Seen | None],
    record: ReleaseRecord,
) -> None:
    """Published before: fine if it is still what was published, a conflict if it is not."""
    recorded = {(repo.type, repo.id): repo for repo in record.repos}
    for repo in publication.repos:
        seen = looks[repo.address]
        if seen is None:
            raise Unexpected(f"{repo.id} was deleted since {record.tag} was published")
        if not holds(seen.files, repo.files, folder / repo.type / repo.id):
            where = Address(repo.type, repo.id)
            problem = conflict(api, where, seen, recorded.get((repo.type, repo.id)))
            raise Unexpected(problem or f"{repo.id} no longer holds what {record.tag} says")
        if problem := gate_conflict(repo, seen, recorded[repo.type, repo.id]):
            raise Unexpected(problem)


def _prepare(this: _Publishing, repo: Repo, content: Path, seen: Seen | None) -> _Work:
    """Where the content will come from. A version is published once."""
    where, api = Address(repo.type, repo.id), this.api
    if seen is None:
        sdk = "gradio" if repo.type == "space" else None
        patiently(
            lambda: api.create_repo(
                repo.id, repo_type=repo.type, private=True, exist_ok=True, space_sdk=sdk
            )
        )
        seen = see(api, where)
        if seen is None:
            raise Unexpected(f"{repo.id} was created and is not there: run again")
    work = _Work(repo, content, seen, refs_of(api, where))
    tag = this.publication.tag
    if problem := published_otherwise(api, repo, content, tag, work.refs):
        raise Refused(problem)
    if tag in work.refs.tags:
        work.source = tag
    return work


def _stage(this: _Publishing, work: _Work) -> None:
    if holds(work.seen.files, work.repo.files, work.content):
        work.source = None
        this.progress(f"{work.repo.id}: nothing to send")
    elif work.source is not None:
        this.progress(f"{work.repo.id}: {this.publication.tag} is there already")
    else:
        work.staged = stage(this.api, this.publication, work.repo, work.content, work.seen.head)
        work.source = work.staged.revision
        this.progress(
            f"{work.repo.id}: {len(work.repo.files)} files staged and read back, "
            f"{work.staged.num_bytes:,} bytes sent"
        )


def _promote(this: _Publishing, work: _Work) -> None:
    """`main`, its tag, and the end of the staging revision."""
    publication, api = this.publication, this.api
    work.commit = work.seen.head
    if work.source is not None:
        work.commit = promote(
            api, work.where, work.seen, work.source,
            f"{publication.release} {publication.tag}", publication.digest, work.content,
        )  # fmt: skip
        this.progress(f"{work.repo.id}: main is {publication.tag}")
    if work.repo.id in this.squash:
        title = f"{publication.release} {publication.tag}, without its history"
        work.commit = squash_main(api, work.where, work.commit, title, publication.digest)
        this.progress(f"{work.repo.id}: main has one commit, {work.commit[:8]}")
    if work.repo is not publication.results:  # its tag has to include release.json
        _tag(api, work.where, publication.tag, work.commit, work.refs)
    if work.staged is not None:
        unstage(api, work.where, work.staged)
    for name in work.refs.branches:  # of versions that were given up: their parents are stale
        if name.startswith(BRANCHES) and (work.staged is None or name != work.staged.revision):
            drop_branch(api, work.where, name)
    if work.refs.pulls:  # of a run that was killed before it could close its own
        close_pull_requests(api, work.where)


def _tag(api: HfApi, where: Address, tag: str, commit: str, refs: Refs) -> None:
    if tag not in refs.tags:
        patiently(
            lambda: api.create_tag(
                where.id, tag=tag, revision=commit, repo_type=where.type, exist_ok=True
            )
        )


def _close_gate(this: _Publishing, work: _Work) -> None:
    """A gate that is new, or another one, is there before what it guards."""
    if not work.seen.private and work.repo.gated and work.seen.gated != work.repo.gated:
        _set_gate(this, work)


def _make_public(this: _Publishing, work: _Work) -> None:
    """New repos are shown, gates that are given up opened, once all content is in its place."""
    if work.seen.private:
        _set_gate(this, work, private=False)
    elif not work.repo.gated and work.seen.gated:
        _set_gate(this, work)


def _set_gate(this: _Publishing, work: _Work, private: bool | None = None) -> None:
    where, gate = work.where, work.repo.gated
    patiently(
        lambda: this.api.update_repo_settings(
            where.id, repo_type=where.type, private=private, gated=gate or False
        )
    )
    this.progress(f"{where.id}: public" + (f", gated ({gate})" if gate else ""))


def _watch_space(this: _Publishing, record: ReleaseRecord | None) -> None:
    """Its previous state is the one that the last release names, not what a killed run left."""
    work = next((work for work in this.works if work.repo.type == "space"), None)
    if work is None:
        return
    earlier = [repo.commit for repo in record.repos if repo.id == work.repo.id] if record else []
    stage = running.watch(
        this.api, work.where, work.commit, next(iter(earlier), None), this.publication.digest,
        this.patience,
    )  # fmt: skip
    this.progress(f"{work.repo.id}: {stage} at {work.commit[:8]}")


def _collect(this: _Publishing) -> None:
    """One page for the release; what is in it already stays as it is."""
    api, publication = this.api, this.publication
    slug = patiently(
        lambda: api.create_collection(
            publication.release, namespace=publication.namespace, exists_ok=True
        )
    ).slug
    items = patiently(lambda: api.get_collection(slug)).items
    there = {(item.item_type, item.item_id) for item in items}
    for repo in publication.repos:
        if (repo.type, repo.id) not in there:
            _add_to_collection(api, slug, repo)
    this.progress(f"{slug}: {len(publication.repos)} repos")


def _add_to_collection(api: HfApi, slug: str, repo: Repo) -> None:
    patiently(lambda: api.add_collection_item(slug, repo.id, repo.type, exists_ok=True))


def _announce(this: _Publishing, before: ReleaseRecord | None, results: Address) -> ReleaseRecord:
    """`release.json` into the results repo, signed where there is a key."""
    publication, signer = this.publication, this.signer
    repos = tuple(
        PublishedRepo(**work.repo.model_dump(), commit=work.commit) for work in this.works
    )
    previous = before.publication_digest if before else ""
    if before and before.publication_digest == publication.digest:
        previous = before.previous_digest  # it is announced anew, its history was squashed
    record = ReleaseRecord(
        release=publication.release,
        version=publication.version,
        tag=publication.tag,
        publication_digest=publication.digest,
        previous_digest=previous,
        signature=SIGNATURE if signer else UNSIGNED,
        key=publication.key,
        repos=repos,
    )
    tagged = record_at(this.api, results, publication.tag)
    if tagged is not None and _stands(this, tagged):
        record = tagged  # a rollback was undone: the version is announced as it was
        files = announcement(this.api, results, publication.tag)
    else:
        text = (record.model_dump_json(indent=2) + "\n").encode()
        files = {RELEASE: text, **(signer.sign(text) if signer else {})}
    work = next(work for work in this.works if work.repo is publication.results)
    announce(this.api, results, work.commit, files, f"Release {publication.release} {record.tag}",
             publication.digest)  # fmt: skip
    this.progress(f"{results.id}: release.json, {record.signature}")
    return record


def _stands(this: _Publishing, tagged: ReleaseRecord) -> bool:
    """Whether a version may be announced by the words of before: they name no squashed commit."""
    commits = {work.repo.id: work.commit for work in this.works if work.repo.id in this.squash}
    return tagged.publication_digest == this.publication.digest and all(
        repo.commit == commits.get(repo.id, repo.commit) for repo in tagged.repos
    )
