"""`git clone`, read-only, by git's "dumb" HTTP protocol: refs as text, objects as files.

Large files arrive as git-lfs pointers; `git lfs pull` then asks `lfs.batch` for them.
"""

import re

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from hub.rehearsal.context import downloadable, param
from hub.rehearsal.errors import entry_not_found
from hub.rehearsal.repository import HEADS, TAGS

_OBJECT = re.compile(r"[0-9a-f]{2}/[0-9a-f]{38}|pack/pack-[0-9a-f]{40}\.(?:pack|idx)")


def refs(request: Request) -> Response:
    """GET info/refs: one line per branch and tag."""
    repository = downloadable(request)
    lines = [
        f"{oid}\t{folder}/{name}\n"
        for folder in (HEADS, TAGS)
        for name, oid in repository.refs(folder).items()
    ]
    return PlainTextResponse("".join(lines))


def head(request: Request) -> Response:
    """GET HEAD: the branch that a clone checks out."""
    downloadable(request)
    return PlainTextResponse(f"ref: {HEADS}/main\n")


def objects(request: Request) -> Response:
    """GET objects/...: a loose object, a pack, its index, or the list of packs."""
    repository = downloadable(request)
    folder, path = repository.path / "objects", param(request, "path")
    if path == "info/packs":
        packs = sorted((folder / "pack").glob("pack-*.pack"))
        return PlainTextResponse("".join(f"P {pack.name}\n" for pack in packs))
    if not _OBJECT.fullmatch(path) or not (folder / path).is_file():
        raise entry_not_found()
    return FileResponse(folder / path, media_type="application/octet-stream")
