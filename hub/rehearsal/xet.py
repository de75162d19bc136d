"""Uploads by the Xet protocol: the half of its content-addressed store that a client uploads to.

    GET  /api/.../xet-write-token/{revision}        where to upload, with a pass for an hour
    POST /xet/{store}/v1/xorbs/default/{hash}       a block of chunks
    POST /xet/{store}/v1/shards                     what files are made of: they are rebuilt here
    anything else below /xet                        404, which the client takes for "not here yet"

The store's id is part of the address because the client remembers, per address, which chunks a
store has: a fresh store behind an old cache would otherwise wait for chunks that nobody sends.
Downloads are in `xet_download`; a client without hf_xet takes the plain file (`resolve`).
"""

import time

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.rehearsal.auth import LINK_SECONDS
from hub.rehearsal.context import Hub, base_url, hub_of, read_body, writable
from hub.rehearsal.errors import HubError, too_large, unauthorised
from hub.rehearsal.xorbs import MAX_SHARD_BYTES, MAX_XORB_BYTES, read_shard, rebuild

_PURPOSE = "xet write"
_WRITE_BYTES = 1 << 20


def write_token(request: Request) -> Response:
    """GET xet-write-token/{revision}: for those who may write to the repo."""
    writable(request)
    identity = hub_of(request).identity
    address = f"{base_url(request)}/xet/{identity.store_id}"
    token, expires = identity.sign(_PURPOSE), int(time.time()) + LINK_SECONDS
    headers = {
        "X-Xet-Cas-Url": address,
        "X-Xet-Access-Token": token,
        "X-Xet-Token-Expiration": str(expires),
    }
    return JSONResponse({"casUrl": address, "accessToken": token, "exp": expires}, headers=headers)


def _admitted(request: Request) -> Hub:
    """The Hub, for a request with a pass from `write_token`."""
    hub = hub_of(request)
    if request.path_params["store"] != hub.identity.store_id:
        raise HubError(404, "This is not the address of this store")
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        raise unauthorised()
    hub.identity.check(_PURPOSE, token)
    return hub


async def put_xorb(request: Request) -> Response:
    """POST v1/xorbs/default/{hash}: stream one xorb to the disk."""
    hub = _admitted(request)
    target = hub.xorbs.path(request.path_params["hash"])
    file, draft = hub.xorbs.draft()
    try:
        with file:
            buffer, size = bytearray(), 0
            async for chunk in request.stream():
                buffer += chunk
                size += len(chunk)
                if size > MAX_XORB_BYTES:
                    raise too_large(f"A xorb over {MAX_XORB_BYTES} bytes")
                if len(buffer) >= _WRITE_BYTES:
                    await run_in_threadpool(file.write, bytes(buffer))
                    buffer.clear()
            await run_in_threadpool(file.write, bytes(buffer))
        is_new = await run_in_threadpool(hub.xorbs.keep, draft, target.name)
    finally:
        draft.unlink(missing_ok=True)
    return JSONResponse({"was_inserted": is_new})


async def put_shard(request: Request) -> Response:
    """POST v1/shards: rebuild each file that the shard describes and check its sha256."""
    hub = _admitted(request)
    recipes = read_shard(await read_body(request, MAX_SHARD_BYTES))
    await run_in_threadpool(rebuild, recipes, hub.xorbs, hub.large)
    return JSONResponse({"result": 1})


def not_here(_request: Request) -> Response:
    raise HubError(404, "Not found")
