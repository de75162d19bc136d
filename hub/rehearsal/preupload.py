"""Before a commit: `preupload` tells the client, file by file, how to send it and whether to.

Small text travels inside the commit ("regular"); the rest goes to large storage first ("lfs", by
whichever route the client takes). `oid` is what the repo already holds there: equal, and the client
sends nothing.
"""

import base64
import binascii
from io import BytesIO
from typing import Any

from dulwich.ignore import IgnoreFilter, read_ignore_patterns
from dulwich.objects import ObjectID
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.rehearsal.attributes import LargeFileRules
from hub.rehearsal.commit import target_ref
from hub.rehearsal.context import param, writable
from hub.rehearsal.errors import bad_request, revision_not_found
from hub.rehearsal.names import path_in_repo

MAX_FILES = 1000


def preupload(request: Request, body: dict[str, Any]) -> Response:
    """POST /api/{kinds}/{namespace}/{name}/preupload/{revision}"""
    repository, _ = writable(request)
    files = body.get("files")
    if not isinstance(files, list) or len(files) > MAX_FILES:
        raise bad_request(f"'files' must be a list of at most {MAX_FILES} files")
    revision = param(request, "revision")
    head = repository.head(target_ref(revision))
    if head is None:
        raise revision_not_found(revision)
    with repository.reading():
        root = repository.folder(head)
        rules = LargeFileRules(repository.text(root, ".gitattributes") or "")
        gitignore = body.get("gitIgnore", repository.text(root, ".gitignore") or "")
        patterns = read_ignore_patterns(BytesIO(str(gitignore).encode(errors="replace")))
        ignore = IgnoreFilter(patterns)
        answers = []
        for item in files:
            path, size, sample = _described(item)
            found = root.find(path)
            blob = repository.blob(ObjectID(found)) if isinstance(found, bytes) else None
            answers.append(
                {
                    "path": path,
                    "uploadMode": "lfs" if rules.is_large(path, size, sample) else "regular",
                    "shouldIgnore": bool(ignore.is_ignored(path)),
                    "oid": None if blob is None else blob.sha256 or blob.oid.decode(),
                }
            )
    return JSONResponse({"files": answers})


def _described(item: object) -> tuple[str, int, bytes]:
    """A file's path, size and first bytes, as the client announces them."""
    if not isinstance(item, dict) or not isinstance(item.get("size"), int):
        raise bad_request("Each file needs 'path', 'size' and 'sample'")
    try:
        sample = base64.b64decode(item.get("sample") or "", validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise bad_request("'sample' is not valid base64") from error
    return path_in_repo(item.get("path")), int(item["size"]), sample
