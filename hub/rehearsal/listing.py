"""What is in a repo at a revision: the tree, some paths, the refs, the commits.

Long answers come in pages: a `Link: <...>; rel="next"` header leads to the next one.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, urlencode

from dulwich.objects import Commit, ObjectID
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.rehearsal.context import (
    base_url,
    flag,
    hub_of,
    param,
    parse_json,
    read_body,
    readable,
    revision_of,
)
from hub.rehearsal.errors import bad_request, entry_not_found
from hub.rehearsal.info import iso_date
from hub.rehearsal.names import path_in_repo
from hub.rehearsal.repository import HEADS, PULLS, TAGS, Repository
from hub.rehearsal.tree import Entry, Folder

PAGE_ENTRIES = 1000
PAGE_EXPANDED = 50
PAGE_COMMITS = 50


def tree(request: Request) -> Response:
    """GET tree/{revision}[/{path}] with `recursive`, `expand`, `cursor`."""
    repository = readable(request)
    path = param(request, "path").strip("/")
    recursive, expand = flag(request, "recursive"), flag(request, "expand")

    def walk() -> list[dict[str, Any]]:
        folder = repository.folder(commit).find(path)
        if not isinstance(folder, Folder):
            raise entry_not_found(f"{path} does not exist on this revision, or is not a folder")
        body = [_entry(repository, entry) for entry in folder.entries(path, recursive)]
        if expand:
            _expand(repository, commit, body)
        return body

    with repository.reading():
        commit = revision_of(request, repository)
        key = (repository.settings.id, commit, path, recursive, expand)
        entries = hub_of(request).listings.get(key, walk)
    start, size = _cursor(request), PAGE_EXPANDED if expand else PAGE_ENTRIES
    headers = _next_page(request, start + size, len(entries))
    return JSONResponse(entries[start : start + size], headers=headers)


async def paths_info(request: Request) -> Response:
    """POST paths-info/{revision}: form-encoded or JSON `paths`; those not there are left out."""
    data = await read_body(request)
    if request.headers.get("content-type", "").startswith("application/json"):
        body = parse_json(data)
        paths, expand = body.get("paths"), body.get("expand")
    else:
        form = parse_qs(data.decode(errors="replace"), max_num_fields=10_000)
        paths, expand = form.get("paths", []), form.get("expand", [""])[0].lower() in ("1", "true")
    if not isinstance(paths, list):
        raise bad_request("'paths' must be a list")
    return await run_in_threadpool(_paths_info, request, [str(p) for p in paths], bool(expand))


def _paths_info(request: Request, paths: list[str], expand: bool) -> Response:
    repository = readable(request)
    with repository.reading():
        commit = revision_of(request, repository)
        root = repository.folder(commit)
        body = []
        for path in paths:
            clean = path_in_repo(path.strip("/")) if path.strip("/") else ""
            found = root.find(clean)
            if isinstance(found, Folder) and clean:
                parent, _, _ = clean.rpartition("/")
                holder = root.find(parent)
                assert isinstance(holder, Folder)
                wanted = (e for e in holder.entries(parent) if e.path == clean)
                body += [_entry(repository, entry) for entry in wanted]
            elif isinstance(found, bytes):
                body.append(_entry(repository, Entry(clean, ObjectID(found), False)))
        if expand:
            _expand(repository, commit, body)
    return JSONResponse(body)


def _entry(repository: Repository, entry: Entry) -> dict[str, Any]:
    if entry.is_folder:
        return {"type": "directory", "oid": entry.oid.decode(), "size": 0, "path": entry.path}
    blob = repository.blob(entry.oid)
    found: dict[str, Any] = {"type": "file", "oid": blob.oid.decode(), "size": blob.size}
    if blob.sha256 is not None:
        found["xetHash"] = blob.sha256  # opaque to the clients
        found["lfs"] = {"oid": blob.sha256, "size": blob.size, "pointerSize": blob.pointer_size}
    return {**found, "path": entry.path}


def _expand(repository: Repository, commit: ObjectID, entries: list[dict[str, Any]]) -> None:
    """Add to each entry the commit that last changed it (nothing here scans files)."""
    waiting = {entry["path"]: entry for entry in entries}
    previous: Commit | None = None
    for ancestor in repository.history(commit):
        folder = repository.folder(ObjectID(ancestor.id))
        for path, entry in list(waiting.items()):
            found = folder.find(path)
            oid = found.oid if isinstance(found, Folder) else found
            if oid is None or oid.decode() != entry["oid"]:
                assert previous is not None
                entry["lastCommit"] = _last_commit(previous)
                del waiting[path]
        if not waiting:
            return
        previous = ancestor
    for entry in waiting.values():
        assert previous is not None
        entry["lastCommit"] = _last_commit(previous)


def _last_commit(commit: Commit) -> dict[str, str]:
    return {
        "id": ObjectID(commit.id).decode(),
        "title": _message(commit)[0],
        "date": iso_date(commit),
    }


def refs(request: Request) -> Response:
    """GET refs: branches and tags, pull requests if asked for."""
    repository = readable(request)
    body = {
        "branches": _refs(repository, HEADS),
        "converts": [],
        "tags": _refs(repository, TAGS),
    }
    if flag(request, "include_prs"):
        body["pullRequests"] = _refs(repository, PULLS)
    return JSONResponse(body)


def _refs(repository: Repository, folder: str) -> list[dict[str, str]]:
    return [
        {
            "name": f"{folder}/{name}" if folder == PULLS else name,
            "ref": f"{folder}/{name}",
            "targetCommit": oid,
        }
        for name, oid in repository.refs(folder).items()
    ]


def commits(request: Request) -> Response:
    """GET commits/{revision}, newest first."""
    repository = readable(request)
    start = _cursor(request)
    with repository.reading():
        history = repository.history(revision_of(request, repository))
        page = list(islice(history, start, start + PAGE_COMMITS + 1))
    formatted = "formatted" in request.query_params.getlist("expand[]")
    body = [_commit(commit, formatted) for commit in page[:PAGE_COMMITS]]
    return JSONResponse(body, headers=_next_page(request, start + PAGE_COMMITS, start + len(page)))


def _commit(commit: Commit, formatted: bool) -> dict[str, Any]:
    title, message = _message(commit)
    author = commit.author.decode(errors="replace").partition(" <")[0]
    found: dict[str, Any] = {
        "id": ObjectID(commit.id).decode(),
        "title": title,
        "message": message,
        "authors": [{"user": author}],
        "date": iso_date(commit),
    }
    if formatted:
        found["formatted"] = {"title": title, "message": message}
    return found


def _message(commit: Commit) -> tuple[str, str]:
    title, _, description = commit.message.decode(errors="replace").partition("\n\n")
    return title, description


def _cursor(request: Request) -> int:
    cursor = request.query_params.get("cursor", "0")
    if not cursor.isdecimal() or len(cursor) > 9:
        raise bad_request("Invalid cursor")
    return int(cursor)


def _next_page(request: Request, start: int, total: int) -> dict[str, str]:
    if start >= total:
        return {}
    items: Iterable[tuple[str, str]] = request.query_params.multi_items()
    query = urlencode([*((k, v) for k, v in items if k != "cursor"), ("cursor", str(start))])
    return {"Link": f'<{base_url(request)}{request.url.path}?{query}>; rel="next"'}
