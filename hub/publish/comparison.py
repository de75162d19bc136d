"""`--dry-run`: what publishing would change on the Hub, and nothing is changed."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from huggingface_hub import HfApi

from hub.failure import Refused
from hub.publication import Repo, read_publication
from hub.publish.ours import published_otherwise
from hub.publish.preflight import check
from hub.publish.remote import Address, Seen, record_at, refs_of, same, see
from hub.publish.storage import storage


class Change(NamedTuple):
    """One repo: what is there against what is planned."""

    type: str
    repo: str
    state: str
    """new, unchanged or changed"""
    added: list[str]
    changed: list[str]
    removed: list[str]
    num_bytes: int
    """of added and changed files; less is sent where the Hub knows the content already"""

    @property
    def sentence(self) -> str:
        if self.state == "unchanged":
            return f"{self.type:8} {self.repo}: unchanged"
        counts = ((self.added, "added"), (self.changed, "changed"), (self.removed, "removed"))
        parts = [f"{len(paths)} {word}" for paths, word in counts if paths]
        return (
            f"{self.type:8} {self.repo}: {self.state}, {', '.join(parts)}, {self.num_bytes:,} bytes"
        )


def compare(folder: Path, api: HfApi, progress: Callable[[str], None]) -> list[Change]:
    """Every repo of the publication in `folder`; raises what `publish` would raise."""
    publication = read_publication(folder)
    record = record_at(api, Address(publication.results.type, publication.results.id))
    looks = {repo.address: see(api, Address(repo.type, repo.id)) for repo in publication.repos}
    check(publication, folder, api, looks, record)
    if said := storage(api, publication, looks):
        progress(said)
    changes = [
        _change(repo, folder / repo.type / repo.id, looks[repo.address])
        for repo in publication.repos
    ]
    for change in changes:
        progress(change.sentence)
    for repo in publication.repos:
        if looks[repo.address] is not None:
            refs = refs_of(api, Address(repo.type, repo.id))
            content = folder / repo.type / repo.id
            if problem := published_otherwise(api, repo, content, publication.tag, refs):
                raise Refused(problem)
    return changes


def _change(repo: Repo, content: Path, seen: Seen | None) -> Change:
    there = seen.files if seen else {}
    added = [file for file in repo.files if file.path not in there]
    changed = [
        file
        for file in repo.files
        if file.path in there and not same(file, content, there[file.path])
    ]
    removed = sorted(there.keys() - {file.path for file in repo.files})
    state = "new" if seen is None else "changed" if added or changed or removed else "unchanged"
    return Change(
        repo.type, repo.id, state,
        [file.path for file in added], [file.path for file in changed], removed,
        sum(file.size for file in [*added, *changed]),
    )  # fmt: skip
