"""Downloads by the Xet protocol: the half of its store that a client reads from.

    GET /api/.../xet-read-token/{revision}                        where to read, with a pass
    GET /xet/{store}/from/{repo}/{commit}/v1/reconstructions/{id} which blocks make up a file
    GET /xet/{store}/blocks/{sha256}/{number}?pass=...            a block, by range

A file is stored whole, so its blocks are made as they are read: 64 MiB of it each, in chunks of
64 KiB, none compressed. Every chunk but the last has the same size, which tells where each one
starts. A file's id (`xetHash`, opaque to the clients) is its sha256 here; on the real Hub it is a
hash of its own.
"""

import hashlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dulwich.objects import ObjectID
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from hub.rehearsal.auth import LINK_SECONDS
from hub.rehearsal.context import base_url, downloadable, hub_of, param, revision_of
from hub.rehearsal.errors import HubError, entry_not_found, unauthorised
from hub.rehearsal.repository import Repository
from hub.rehearsal.xorbs import chunk_header

CHUNK_BYTES = 64 << 10
BLOCK_CHUNKS = 1024
_BLOCK_BYTES = CHUNK_BYTES * BLOCK_CHUNKS
_STORED_CHUNK_BYTES = CHUNK_BYTES + 8
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")


def headers_of(
    request: Request, repository: Repository, commit: ObjectID, id: str
) -> dict[str, str]:
    """What tells a client that a file can be read this way."""
    repo = repository.repo
    route = (
        f"{base_url(request)}/api/{repo.kind}s/{repo.full_name}/xet-read-token/{commit.decode()}"
    )
    return {"X-Xet-Hash": id, "Link": f'<{route}>; rel="xet-auth"'}


def read_token(request: Request) -> Response:
    """GET xet-read-token/{revision}: for those who may download from the repo."""
    repository = downloadable(request)
    commit = revision_of(request, repository).decode()
    identity = hub_of(request).identity
    place = f"{repository.repo.kind}/{repository.repo.full_name}/{commit}"
    address = f"{base_url(request)}/xet/{identity.store_id}/from/{place}"
    token, expires = identity.sign(f"xet read {place}"), int(time.time()) + LINK_SECONDS
    headers = {
        "X-Xet-Cas-Url": address,
        "X-Xet-Access-Token": token,
        "X-Xet-Token-Expiration": str(expires),
    }
    return JSONResponse({"casUrl": address, "accessToken": token, "exp": expires}, headers=headers)


def reconstruction(request: Request) -> Response:
    """GET v1/reconstructions/{id}: the blocks of a file, or of the part that a Range asks for."""
    hub, sha256 = hub_of(request), request.path_params["id"]
    size = hub.large.size(sha256) if _is_readable(request, sha256) else None
    if size is None:
        raise entry_not_found("There is no such file at this revision")
    start, stop = _asked(request, size)
    first = start // CHUNK_BYTES
    last = -(-stop // CHUNK_BYTES)
    terms, sources = [], {}
    for number in range(first // BLOCK_CHUNKS, -(-last // BLOCK_CHUNKS)):
        low = max(first - number * BLOCK_CHUNKS, 0)
        high = min(last - number * BLOCK_CHUNKS, BLOCK_CHUNKS)
        offset = number * _BLOCK_BYTES
        length = min(offset + high * CHUNK_BYTES, size) - (offset + low * CHUNK_BYTES)
        block = hashlib.sha256(f"{sha256} {number}".encode()).hexdigest()
        span = {"start": low, "end": high}
        terms.append({"hash": block, "unpacked_length": length, "range": span})
        signature = hub.identity.sign(f"block {sha256} {number}")
        link = f"{base_url(request)}/xet/{hub.identity.store_id}/blocks/{sha256}/{number}"
        begin = low * _STORED_CHUNK_BYTES
        bytes_of = {"start": begin, "end": begin + length + 8 * (high - low) - 1}
        source = {"range": span, "url": f"{link}?pass={signature}", "url_range": bytes_of}
        sources[block] = [source]
    into_first = start - first * CHUNK_BYTES
    body = {"offset_into_first_range": into_first, "terms": terms, "fetch_info": sources}
    return JSONResponse(body)


def _is_readable(request: Request, sha256: str) -> bool:
    """Whether the pass is for a revision that has this file, which is still meant to be there."""
    hub = hub_of(request)
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or request.path_params["store"] != hub.identity.store_id:
        raise unauthorised()
    names = [param(request, name) for name in ("kind", "namespace", "name", "commit")]
    hub.identity.check(f"xet read {'/'.join(names)}", token)
    repository = hub.store.open_named(*names[:3])

    def walk() -> list[dict[str, Any]]:
        with repository.reading():
            root = repository.folder(ObjectID(names[3].encode()))
            files = (e.oid for e in root.entries(recursive=True) if not e.is_folder)
            return [{"sha256": {repository.blob(oid).sha256 for oid in files}}]

    known = hub.listings.get(("large files", repository.settings.id, names[3]), walk)
    return sha256 in known[0]["sha256"] and sha256 not in repository.settings.removed_files


def _asked(request: Request, size: int) -> tuple[int, int]:
    """The bytes that are wanted, from the first up to but not including the last."""
    match = _RANGE.fullmatch(request.headers.get("range", "bytes=0-"))
    start = int(match[1]) if match else 0
    stop = min(int(match[2]) + 1, size) if match and match[2] else size
    if start >= stop and (start, size) != (0, 0):
        raise HubError(416, "Range not satisfiable", None, {"Content-Range": f"bytes */{size}"})
    return start, stop


def block(request: Request) -> Response:
    """GET blocks/{sha256}/{number}: the chunks of one block, each behind its header."""
    hub = hub_of(request)
    sha256, number = request.path_params["sha256"], request.path_params["number"]
    hub.identity.check(f"block {sha256} {number}", request.query_params.get("pass", ""))
    path = hub.large.path(sha256)
    offset = int(number) * _BLOCK_BYTES
    length = min(path.stat().st_size - offset, _BLOCK_BYTES)
    stored = length + 8 * -(-length // CHUNK_BYTES)
    start, stop = _asked(request, stored)
    headers = {
        "Content-Length": str(stop - start),
        "Content-Range": f"bytes {start}-{stop - 1}/{stored}",
        "Accept-Ranges": "bytes",
    }
    status = 206 if "range" in request.headers else 200
    body = _stored_bytes(path, offset, length, start, stop)
    return StreamingResponse(body, status, headers, media_type="application/octet-stream")


def _stored_bytes(path: Path, offset: int, length: int, start: int, stop: int) -> Iterator[bytes]:
    """The bytes from `start` to `stop` of a block, a few chunks at a time."""
    with path.open("rb") as file:
        for group in range(start // _STORED_CHUNK_BYTES, -(-stop // _STORED_CHUNK_BYTES), 16):
            parts: list[bytes] = []
            data = os.pread(file.fileno(), 16 * CHUNK_BYTES, offset + group * CHUNK_BYTES)
            data = data[: length - group * CHUNK_BYTES]
            for position in range(0, len(data), CHUNK_BYTES):
                chunk = data[position : position + CHUNK_BYTES]
                parts += [chunk_header(len(chunk)), chunk]
            whole, begin = b"".join(parts), group * _STORED_CHUNK_BYTES
            yield whole[max(start - begin, 0) : stop - begin]
