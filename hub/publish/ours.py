"""Whose work is it that lies on `main`? What a person changed there is never overwritten.

`main` is ours where it holds what is planned, what the last release recorded, what a tag of an
earlier release holds, or a commit that this kit made (a run that was killed between two repos). A
repo with nothing but its first commit is still empty. Anything else is a conflict, and it is shown.
"""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.hf_api import RepoFile

from hub.manifest import PayloadFile
from hub.publication import PublishedRepo, Repo
from hub.publish.notes import CARD, only_notes_differ
from hub.publish.patience import patiently
from hub.publish.promotion import TRAILER
from hub.publish.remote import Address, Refs, Seen, equal_trees, files_at, read_file, same

_SHOWN_LINES = 12
_FIRST_FILES = {CARD}
"""What the Hub itself puts into a new repo (a Space)."""


def conflict(
    api: HfApi,
    where: Address,
    seen: Seen,
    recorded: PublishedRepo | None,
    content: Path | None = None,
) -> str | None:
    """One sentence, and the lines that differ, about a `main` that is not ours; None if it is.

    `content` is what is planned, if there is a plan: what people wrote between the marked lines of
    a card is no conflict where the planned card says it too.
    """
    if recorded is not None and _as_recorded(api, where, seen, recorded):
        return None
    newest = patiently(lambda: api.list_repo_commits(where.id, repo_type=where.type))
    if not newest:
        return None
    if TRAILER in f"{newest[0].title}\n{newest[0].message}":
        return None
    if len(newest) == 1 and seen.files.keys() <= _FIRST_FILES:
        return None
    if recorded is None:
        return (
            f"{where.id} exists and holds {_some(sorted(seen.files))} that this kit did not put "
            "there: choose another `release` or namespace, or move that repo away"
        )
    changed = _changed(api, where, seen, recorded)
    if changed == [CARD] and content is not None:
        before, now = (read_file(api, where, CARD, at) for at in (recorded.commit, seen.head))
        if before and now and only_notes_differ(before, now, (content / CARD).read_bytes()):
            return None
    return (
        f"{where.id} was edited by hand since its last release ({newest[0].title!r}, "
        f"{newest[0].commit_id[:8]}): {_some(changed)}; bring the change into the release, or undo "
        f"it on the Hub, then run again{_difference(api, where, seen, recorded, changed)}"
    )


def gate_conflict(repo: Repo, seen: Seen, recorded: PublishedRepo) -> str | None:
    """One sentence about a gate that is neither the planned one nor that of the last release."""
    if seen.private or seen.gated in (repo.gated, recorded.gated):
        return None
    return (
        f"the gate of {repo.id} was changed by hand since its last release: it is "
        f"{seen.gated or 'open'} there, {recorded.gated or 'open'} in that release and "
        f"{repo.gated or 'open'} in this one; write into `gates` what is right, or undo it there"
    )


def holds(
    there: Mapping[str, RepoFile], files: Sequence[PayloadFile], content: Path | None
) -> bool:
    """Whether a listing is exactly these files."""
    return there.keys() == {file.path for file in files} and all(
        same(file, content, there[file.path]) for file in files
    )


def published_otherwise(api: HfApi, repo: Repo, content: Path, tag: str, refs: Refs) -> str | None:
    """One sentence where this version is there with other content; None where it is not."""
    where = Address(repo.type, repo.id)
    if tag not in refs.tags or holds(files_at(api, where, refs.tags[tag]), repo.files, content):
        return None
    return (
        f"{repo.id} already has a {tag} with other content: a version is published once, so raise "
        "`version` in the release file"
    )


def _as_recorded(api: HfApi, where: Address, seen: Seen, recorded: PublishedRepo) -> bool:
    """Small files of equal size may still differ: those are compared with the recorded commit."""
    if seen.head == recorded.commit:
        return True
    if not holds(seen.files, recorded.files, None):
        return False
    return equal_trees(files_at(api, where, recorded.commit), seen.files)


def _changed(api: HfApi, where: Address, seen: Seen, recorded: PublishedRepo) -> list[str]:
    before = files_at(api, where, recorded.commit)
    return sorted(
        path
        for path in before.keys() | seen.files.keys()
        if path not in before
        or path not in seen.files
        or before[path].blob_id != seen.files[path].blob_id
    )


def _difference(
    api: HfApi, where: Address, seen: Seen, recorded: PublishedRepo, changed: Sequence[str]
) -> str:
    """The changed lines of the card, if it is the card that was changed."""
    if CARD not in changed:
        return ""
    before, after = (
        (read_file(api, where, CARD, revision) or b"").decode(errors="replace").splitlines()
        for revision in (recorded.commit, seen.head)
    )
    lines = [
        line
        for line in difflib.unified_diff(before, after, lineterm="", n=0)
        if line[:1] in "+-" and line[:3] not in ("+++", "---")
    ]
    more = f" (and {len(lines) - _SHOWN_LINES} more lines)" if len(lines) > _SHOWN_LINES else ""
    return " | README.md: " + " ".join(lines[:_SHOWN_LINES]) + more


def _some(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - 3} more files" if len(paths) > 3 else ""
    return ", ".join(paths[:3]) + more
