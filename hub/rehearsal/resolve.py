"""Downloading a file: HEAD and GET of `resolve/{revision}/{path}`, whole or by range.

The client reads the commit from X-Repo-Commit, and from the ETag the name under which it caches the
file: the git id for a file in git, the sha256 for a large one (then also X-Linked-Etag and -Size).
Large files are served from here, without the redirect that the real Hub makes.
"""

import re
from typing import NamedTuple
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from hub.rehearsal import xet_download
from hub.rehearsal.context import downloadable, hub_of, param, revision_of
from hub.rehearsal.errors import HubError, entry_not_found
from hub.rehearsal.names import path_in_repo

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_SHOWN = {"json": "application/json", "svg": "image/svg+xml", "png": "image/png"}
"""what a card shows; the sandbox that `resolve` asks for keeps an SVG from running anything"""


class Span(NamedTuple):
    """The bytes from `start` up to but not including `stop`."""

    start: int
    stop: int


def resolve(request: Request) -> Response:
    """GET or HEAD /{repo}/resolve/{revision}/{path}"""
    repository = downloadable(request)
    with repository.reading():
        commit = revision_of(request, repository)
        headers = {"X-Repo-Commit": commit.decode(), "Accept-Ranges": "bytes"}
        try:
            path = path_in_repo(param(request, "path"))
            blob = repository.file(commit, path)
        except HubError as error:
            raise HubError(404, error.message, "EntryNotFound", headers) from error
        name = quote(path.rpartition("/")[2], safe="")
        headers["Content-Disposition"] = f"inline; filename*=UTF-8''{name}"
        headers["Content-Type"] = _media_type(path)
        headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
        headers["X-Content-Type-Options"] = "nosniff"
        if blob.sha256 is None:
            headers["ETag"] = f'"{blob.oid.decode()}"'
            data = repository.data(blob.oid)
            return _from_memory(request, data, headers)
    headers["ETag"] = headers["X-Linked-Etag"] = f'"{blob.sha256}"'
    headers["X-Linked-Size"] = str(blob.size)
    headers |= xet_download.headers_of(request, repository, commit, blob.sha256)
    stored = hub_of(request).large.path(blob.sha256)
    if blob.sha256 in repository.settings.removed_files or not stored.exists():
        raise entry_not_found(f"The content of {path} is gone from this server")
    return FileResponse(stored, headers=headers, media_type=headers["Content-Type"])


def _from_memory(request: Request, data: bytes, headers: dict[str, str]) -> Response:
    """A small file, or the part of it that a Range header asks for."""
    asked = request.headers.get("range")
    status = 200
    if asked is not None and (match := _RANGE.fullmatch(asked.strip())):
        span = _span(match[1], match[2], len(data))
        if span is None:
            raise HubError(
                416, "Range not satisfiable", None, {"Content-Range": f"bytes */{len(data)}"}
            )
        headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{len(data)}"
        data, status = data[span.start : span.stop], 206
    headers["Content-Length"] = str(len(data))
    return Response(b"" if request.method == "HEAD" else data, status, headers)


def _span(first: str, last: str, size: int) -> Span | None:
    """What `bytes=first-last` means for a file of `size` bytes; None if nothing."""
    if not first:
        start, stop = max(size - int(last or 0), 0), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
    return Span(start, stop) if start < stop else None


def _media_type(path: str) -> str:
    """Text that a browser shows as text, or bytes that it saves: never a page that could run."""
    suffix = path.rpartition(".")[2].lower()
    if suffix in ("md", "txt", "py", "yaml", "yml", "csv", "jsonl", "html", "js", "css", "toml"):
        return "text/plain; charset=utf-8"
    return _SHOWN.get(suffix, "application/octet-stream")
