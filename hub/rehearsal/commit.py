"""Commits: `preupload` says what each file is, `commit` takes the operations, one JSON line each.

    {"key": "header", "value": {"summary": "...", "description": "...", "parentCommit": "..."}}
    {"key": "file", "value": {"path": "...", "content": "...", "encoding": "base64"}}
    {"key": "lfsFile", "value": {"path": "...", "algo": "sha256", "oid": "...", "size": 1}}
    {"key": "deletedFile", "value": {"path": "..."}}      and "deletedFolder"

Lines are handled as they arrive: a file's content goes to the object writer, only its path and id
are kept, so memory stays at one line however large the commit. Nothing is visible before the ref
moves.
"""

import base64
import binascii
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dulwich.objects import ObjectID
from dulwich.refs import Ref
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.rehearsal.attributes import LargeFileRules, with_large_files
from hub.rehearsal.context import base_url, flag, hub_of, param, parse_json, writable
from hub.rehearsal.errors import bad_request, revision_not_found, stale_parent, too_large
from hub.rehearsal.names import path_in_repo
from hub.rehearsal.objects import LargeFiles, is_sha256
from hub.rehearsal.packing import ObjectWriter
from hub.rehearsal.pulls import open_pull, record_commit
from hub.rehearsal.repository import HEADS, PULLS, Repository, new_commit, pointer
from hub.rehearsal.tree import Folder

MAX_LINE_BYTES = 24 << 20  # a regular file is at most 10 MB, 4/3 of that in base64
MAX_OPERATIONS = 25_000
MAX_TITLE, MAX_DESCRIPTION = 1_000, 65_536


class Change(NamedTuple):
    """One operation, its content already stored: `blob` is None for a deletion."""

    path: str
    blob: ObjectID | None
    is_folder: bool = False
    is_large: bool = False


@dataclass
class Draft:
    """A commit being received."""

    writer: ObjectWriter
    large: LargeFiles
    title: str = ""
    description: str = ""
    parent: str | None = None
    gitattributes: str | None = None
    changes: list[Change] = field(default_factory=list)
    large_ids: set[str] = field(default_factory=set)

    def take(self, line: bytes) -> None:
        """Handle one line of the request."""
        item = parse_json(line)
        value = item.get("value")
        if not isinstance(value, dict):
            raise bad_request("Each line needs a 'key' and an object as 'value'")
        match item.get("key"):
            case "header":
                self._header(value)
            case "file":
                path, content = path_in_repo(value.get("path")), _content(value)
                self._add(Change(path, self.writer.add(b"blob", content)))
                if path == ".gitattributes":
                    self.gitattributes = content.decode(errors="replace")
            case "lfsFile":
                self._add(self._large(value))
            case "deletedFile":
                self._add(Change(path_in_repo(value.get("path")), None))
            case "deletedFolder":
                path = str(value.get("path", "")).rstrip("/")
                self._add(Change(path_in_repo(path), None, is_folder=True))
            case key:
                raise bad_request(f"Unknown operation: {key!r}")

    def _header(self, value: dict[str, Any]) -> None:
        self.title = str(value.get("summary") or "").strip()
        self.description = str(value.get("description") or "")
        if len(self.title) > MAX_TITLE or len(self.description) > MAX_DESCRIPTION:
            raise bad_request("The commit's summary or description is too long")
        parent = value.get("parentCommit")
        self.parent = None if parent is None else str(parent)

    def _large(self, value: dict[str, Any]) -> Change:
        path, sha256 = path_in_repo(value.get("path")), value.get("oid")
        if not is_sha256(sha256) or value.get("algo", "sha256") != "sha256":
            raise bad_request(f"lfsFile '{path}' needs a sha256 as 'oid'")
        size = self.large.size(str(sha256))
        if size is None or value.get("size", size) != size:
            raise bad_request(f"The large file of '{path}' was not uploaded: {sha256}")
        self.large_ids.add(str(sha256))
        blob = self.writer.add(b"blob", pointer(str(sha256), size))
        return Change(path, blob, is_large=True)

    def _add(self, change: Change) -> None:
        if len(self.changes) >= MAX_OPERATIONS:
            raise bad_request(f"Over {MAX_OPERATIONS} operations in one commit")
        self.changes.append(change)


def _content(value: dict[str, Any]) -> bytes:
    content, encoding = value.get("content"), value.get("encoding", "utf-8")
    if not isinstance(content, str) or encoding not in ("base64", "utf-8"):
        raise bad_request("A file needs 'content' as text, base64 or utf-8")
    try:
        return (
            base64.b64decode(content, validate=True) if encoding == "base64" else content.encode()
        )
    except (binascii.Error, UnicodeEncodeError) as error:
        raise bad_request("A file's content is not valid base64") from error


async def commit(request: Request) -> Response:
    """POST /api/{kinds}/{namespace}/{name}/commit/{revision}"""
    repository, user = await run_in_threadpool(writable, request)
    with repository.writer() as writer:
        draft = Draft(writer, hub_of(request).large)
        async for lines in _batches(request):
            await run_in_threadpool(_take_all, draft, lines)
        if not draft.title:
            raise bad_request("A commit needs a header with a 'summary'")
        answer = await run_in_threadpool(_apply, request, repository, user, draft)
    return JSONResponse(answer)


def _take_all(draft: Draft, lines: list[bytes]) -> None:
    for line in lines:
        draft.take(line)


async def _batches(request: Request) -> AsyncIterator[list[bytes]]:
    """The body's lines, those of a few chunks at a time; no line may pass MAX_LINE_BYTES."""
    rest: list[bytes] = []
    rest_bytes = 0
    async for chunk in request.stream():
        head, newline, tail = chunk.rpartition(b"\n")
        if newline:
            lines = b"".join([*rest, head]).split(b"\n")
            yield [line for line in lines if line.strip()]
            rest, rest_bytes = [], 0
        rest.append(tail)
        rest_bytes += len(tail)
        if rest_bytes > MAX_LINE_BYTES:
            raise too_large("A line of the commit is too long: upload large files first")
    last = b"".join(rest)
    if last.strip():
        yield [last]


def _apply(request: Request, repository: Repository, user: str, draft: Draft) -> dict[str, Any]:
    """Put the changes on top of the branch and move it; the answer that the client expects."""
    revision = param(request, "revision")
    with repository.writing():
        ref = target_ref(revision)
        head = repository.head(ref)
        if head is None:
            raise revision_not_found(revision)
        if draft.parent is not None and not head.decode().startswith(draft.parent):
            raise stale_parent()
        oid = build(repository, user, draft, head)
        _put_back(repository, draft.large_ids)
        answer: dict[str, Any] = {"success": True, "hookOutput": ""}
        address = f"{base_url(request)}/{repository.repo.url_path}"
        if flag(request, "create_pr"):
            number = open_pull(repository, user, draft.title, draft.description, oid)
            answer["pullRequestUrl"] = f"{address}/discussions/{number}"
        else:
            repository.move_ref(ref, oid)
            record_commit(repository, user, revision, draft.title, oid)
    return {**answer, "commitOid": oid.decode(), "commitUrl": f"{address}/commit/{oid.decode()}"}


def _put_back(repository: Repository, large_ids: set[str]) -> None:
    """A large file that was removed for good is in the repo again once it is committed again."""
    settings = repository.settings
    if large_ids & set(settings.removed_files):
        settings.removed_files = [f for f in settings.removed_files if f not in large_ids]
        repository.save(settings)


def target_ref(revision: str) -> Ref:
    """The ref that a commit to `revision` moves: a branch, or a pull request's."""
    if revision.startswith(f"{PULLS}/") and revision.removeprefix(f"{PULLS}/").isdigit():
        return Ref(revision.encode())
    return Ref(f"{HEADS}/{revision.removeprefix(f'{HEADS}/')}".encode(errors="replace"))


def build(repository: Repository, user: str, draft: Draft, head: ObjectID) -> ObjectID:
    """Write the commit; `head` again if the changes change nothing."""
    with repository.reading():
        root = repository.folder(head)
        for change in draft.changes:
            if change.blob is None:
                root.remove(change.path, change.is_folder)
            else:
                root.put(change.path, change.blob)
        _name_large_files(repository, draft, root)
        tree = root.write(draft.writer)
        if tree == repository.commit(head).tree:
            return head
    oid = draft.writer.add_object(new_commit(tree, [head], user, draft.title, draft.description))
    draft.writer.keep()
    return oid


def _name_large_files(repository: Repository, draft: Draft, root: Folder) -> None:
    """Add to `.gitattributes` the large files that no pattern there covers, as the Hub does."""
    large = [change.path for change in draft.changes if change.is_large]
    found = root.find(".gitattributes")
    current = draft.gitattributes
    if current is None:
        data = repository.data(ObjectID(found)) if isinstance(found, bytes) and large else b""
        current = data.decode(errors="replace")
    rules = LargeFileRules(current)
    if missing := [path for path in large if not rules.matches(path)]:
        lines = with_large_files(current, missing).encode()
        root.put(".gitattributes", draft.writer.add(b"blob", lines))
