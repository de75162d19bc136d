"""Large files by the git-lfs protocol: `batch` says where to PUT each, `verify` checks it.

POST /{repo}.git/info/lfs/objects/batch   an object without `actions` is already here
PUT  /lfs/{sha256}?pass=...               the client sends no token here: the address is signed
POST /{repo}.git/info/lfs/verify          {"oid", "size"}
GET  /lfs/{sha256}?pass=...               for `git lfs pull`
"""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from hub.rehearsal.context import base_url, downloadable, hub_of, writable
from hub.rehearsal.errors import bad_request, entry_not_found, too_large
from hub.rehearsal.objects import is_sha256

MAX_OBJECTS = 1000
_WRITE_BYTES = 1 << 20
_MEDIA_TYPE = "application/vnd.git-lfs+json"


def batch(request: Request, body: dict[str, Any]) -> Response:
    """What to do with each object: nothing, upload it here, or (for `download`) fetch it there."""
    upload = body.get("operation") != "download"
    repository = writable(request)[0] if upload else downloadable(request)
    objects = body.get("objects")
    if not isinstance(objects, list) or len(objects) > MAX_OBJECTS:
        raise bad_request(f"'objects' must be a list of at most {MAX_OBJECTS}")
    verify = f"{base_url(request)}/{repository.repo.url_path}.git/info/lfs/verify"
    answers = [_action(request, item, upload, verify) for item in objects]
    return JSONResponse({"transfer": "basic", "objects": answers}, media_type=_MEDIA_TYPE)


def _action(request: Request, item: object, upload: bool, verify: str) -> dict[str, Any]:
    if not isinstance(item, dict) or not is_sha256(item.get("oid")):
        raise bad_request("Each object needs a sha256 'oid' and a 'size'")
    oid, size = str(item["oid"]), item.get("size")
    if not isinstance(size, int) or size < 0:
        raise bad_request("Each object needs a sha256 'oid' and a 'size'")
    hub = hub_of(request)
    answer: dict[str, Any] = {"oid": oid, "size": size}
    here = hub.large.size(oid) is not None
    if not upload and not here:
        return {**answer, "error": {"code": 404, "message": "Object does not exist"}}
    if upload and here:
        return answer
    verb = "upload" if upload else "download"
    signature = hub.identity.sign(f"{verb} {oid} {size}")
    link = f"{base_url(request)}/lfs/{oid}?size={size}&pass={signature}"
    answer["actions"] = {verb: {"href": link, "header": {}}}
    if upload:
        answer["actions"]["verify"] = {"href": verify, "header": {}}
    return answer


def _signed_object(request: Request, verb: str) -> tuple[str, int]:
    """The object of a signed link, once its signature is checked."""
    oid, size = request.path_params["oid"], request.query_params.get("size", "")
    purpose = f"{verb} {oid} {size}"
    hub_of(request).identity.check(purpose, request.query_params.get("pass", ""))
    return oid, int(size)


async def put(request: Request) -> Response:
    """Stream one object to the disk; kept only if its size and sha256 are as announced."""
    oid, size = _signed_object(request, "upload")
    with hub_of(request).large.receive(oid, size) as incoming:
        buffer = bytearray()
        async for chunk in request.stream():
            buffer += chunk
            if incoming.size + len(buffer) > size:
                raise too_large(f"More than the announced {size} bytes")
            if len(buffer) >= _WRITE_BYTES:
                await run_in_threadpool(incoming.write, bytes(buffer))
                buffer.clear()
        await run_in_threadpool(incoming.write, bytes(buffer))
        await run_in_threadpool(incoming.keep)
    return Response(status_code=200)


def get(request: Request) -> Response:
    oid, _ = _signed_object(request, "download")
    return FileResponse(hub_of(request).large.path(oid), media_type="application/octet-stream")


def verify(request: Request, body: dict[str, Any]) -> Response:
    """Whether an object is here with the size it should have."""
    writable(request)
    oid = body.get("oid")
    if not is_sha256(oid):
        raise bad_request("'oid' must be a sha256")
    if hub_of(request).large.size(str(oid)) != body.get("size"):
        raise entry_not_found("The object is not here, or not with this size")
    return JSONResponse({})
