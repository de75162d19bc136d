"""The large files of a repo over its whole history: listing them, removing them for good.

    GET  T/lfs-files              every large file that any branch, tag or pull request leads to
    POST T/lfs-files/batch        {deletions: {sha: [...], rewriteHistory}}
    POST T/lfs-files/duplicate    {target: {type, name}, files: [{sha256, ...}]}: a copy elsewhere

A removed file is gone from this repo whatever revision asks for it; with `rewriteHistory` its
pointers go from every commit as well, which gives them all new ids. Its bytes stay in the store,
where another repo may hold the same content.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from dulwich.objects import Commit, ObjectID
from dulwich.refs import Ref
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.rehearsal.context import downloadable, hub_of, text, writable
from hub.rehearsal.errors import HubError, bad_request, repo_not_found
from hub.rehearsal.info import iso_date
from hub.rehearsal.names import new_repo_id
from hub.rehearsal.objects import is_sha256
from hub.rehearsal.packing import ObjectWriter
from hub.rehearsal.repository import HEADS, PULLS, TAGS, Repository
from hub.rehearsal.tree import Folder

MAX_FILES = 1000


class LargeFile(NamedTuple):
    """A large file where it first came into a repo."""

    sha256: str
    path: str
    size: int
    date: str
    ref: str


def listing(request: Request) -> Response:
    """GET lfs-files, newest first: for those who may write to the repo."""
    repository, _ = writable(request)
    found = sorted(large_files(repository).values(), key=lambda file: file.date, reverse=True)
    shown = [
        {
            "fileOid": file.sha256,
            "oid": file.sha256,
            "filename": file.path,
            "size": file.size,
            "pushedAt": file.date,
            "ref": file.ref,
        }
        for file in found
    ]
    return JSONResponse(shown)


def large_files(repository: Repository) -> dict[str, LargeFile]:
    """By sha256, the large files that the refs lead to and that were not removed."""
    found: dict[str, LargeFile] = {}
    removed = set(repository.settings.removed_files)
    with repository.reading():
        for ref in _refs(repository):
            for commit in reversed(list(_ancestors(repository, ref))):
                root = repository.folder(ObjectID(commit.id))
                for entry in root.entries(recursive=True):
                    if entry.is_folder:
                        continue
                    blob = repository.blob(entry.oid)
                    if blob.sha256 is not None and blob.sha256 not in removed | found.keys():
                        file = LargeFile(blob.sha256, entry.path, blob.size, iso_date(commit), ref)
                        found[blob.sha256] = file
    return found


def _refs(repository: Repository) -> list[str]:
    folders = (HEADS, TAGS, PULLS)
    return [f"{folder}/{name}" for folder in folders for name in repository.refs(folder)]


def _ancestors(repository: Repository, ref: str) -> Iterator[Commit]:
    """A ref's commits, each after every commit that has it as a parent."""
    head = repository.head(Ref(ref.encode()))
    assert head is not None
    order: list[Commit] = []
    seen: set[bytes] = set()
    waiting = [(head, False)]
    while waiting:
        oid, done = waiting.pop()
        if done:
            order.append(repository.commit(oid))
        elif oid not in seen:
            seen.add(oid)
            waiting.append((oid, True))
            waiting += [(ObjectID(parent), False) for parent in repository.commit(oid).parents]
    yield from reversed(order)


def remove(request: Request, body: dict[str, Any]) -> Response:
    """POST lfs-files/batch"""
    repository, _ = writable(request)
    deletions = body.get("deletions")
    wanted = deletions.get("sha") if isinstance(deletions, dict) else None
    if not isinstance(wanted, list) or len(wanted) > MAX_FILES or not all(map(is_sha256, wanted)):
        raise bad_request(f"'deletions' needs 'sha', a list of at most {MAX_FILES} sha256")
    with repository.writing():
        if isinstance(deletions, dict) and deletions.get("rewriteHistory"):
            _rewrite(repository, set(wanted))
        settings = repository.settings
        settings.removed_files = sorted({*settings.removed_files, *wanted})
        repository.save(settings)
    return JSONResponse({"success": True, "processed": len(wanted)})


def _rewrite(repository: Repository, unwanted: set[str]) -> None:
    """Give every ref a history without these files; the objects first, the refs last."""
    new_ids: dict[bytes, ObjectID] = {}
    moves: dict[str, ObjectID] = {}
    with repository.reading(), repository.writer() as writer:
        for ref in _refs(repository):
            for commit in reversed(list(_ancestors(repository, ref))):
                if commit.id not in new_ids:
                    new_ids[commit.id] = _without(repository, commit, unwanted, new_ids, writer)
                moves[ref] = new_ids[commit.id]
        writer.keep()
    for ref, oid in moves.items():
        repository.move_ref(Ref(ref.encode()), oid)


def _without(
    repository: Repository,
    commit: Commit,
    unwanted: set[str],
    new_ids: dict[bytes, ObjectID],
    writer: ObjectWriter,
) -> ObjectID:
    old = ObjectID(commit.id)
    root: Folder = repository.folder(old)
    paths = [
        entry.path
        for entry in root.entries(recursive=True)
        if not entry.is_folder and repository.blob(entry.oid).sha256 in unwanted
    ]
    parents = [new_ids[parent] for parent in commit.parents]
    if not paths and parents == list(commit.parents):
        return old
    for path in paths:
        root.remove(path, is_folder=False)
    changed = commit.copy()
    assert isinstance(changed, Commit)
    changed.tree, changed.parents = root.write(writer), parents
    return writer.add_object(changed)


def duplicate(request: Request, body: dict[str, Any]) -> Response:
    """POST lfs-files/duplicate: content is stored once, so there is only something to check."""
    hub, source = hub_of(request), downloadable(request)
    target, files = body.get("target"), body.get("files")
    if not isinstance(target, dict) or not isinstance(files, list) or len(files) > MAX_FILES:
        raise bad_request(f"'target' and 'files', at most {MAX_FILES}, must be given")
    namespace, _, name = text(target, "name").partition("/")
    there = new_repo_id(target.get("type") or "model", namespace, name)
    hub.accounts.require_writer(request, namespace)
    if not hub.store.exists(there):
        raise repo_not_found()
    here = large_files(source)
    failed = []
    for file in files:
        if not isinstance(file, dict) or not is_sha256(file.get("sha256")):
            raise bad_request("Each file needs a 'sha256'")
        if file["sha256"] not in here:
            failed.append({"sha256": file["sha256"], "error": "not a file of this repo"})
    copied = len(files) - len(failed)
    if not copied and failed:
        raise HubError(404, "None of these files is in this repo", "EntryNotFound")
    return JSONResponse({"success": copied, "failed": failed})
