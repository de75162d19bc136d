"""What every endpoint needs: the Hub's parts, the repo that a request is about, its body.

Endpoints are plain functions that run in worker threads; `with_json` reads a bounded JSON body
first. Large bodies are streamed by the endpoints that take them (`commit`, `lfs`, `xet`).
"""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import unquote

from dulwich.objects import ObjectID
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from hub.rehearsal.auth import Accounts, Identity
from hub.rehearsal.errors import HubError, bad_request, repo_not_found, too_large
from hub.rehearsal.names import RepoId, repo_id
from hub.rehearsal.objects import LargeFiles
from hub.rehearsal.recent import Recent
from hub.rehearsal.repository import Repository
from hub.rehearsal.shelf import Shelf
from hub.rehearsal.store import Store
from hub.rehearsal.xorbs import Xorbs

MAX_JSON_BYTES = 16 << 20
_HALF_A_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True)
class Hub:
    """The parts of one running rehearsal Hub."""

    store: Store
    large: LargeFiles
    xorbs: Xorbs
    shelf: Shelf
    accounts: Accounts
    identity: Identity
    listings: Recent[list[dict[str, Any]]] = field(default_factory=lambda: Recent(2))


def hub_of(request: Request) -> Hub:
    return cast(Hub, request.app.state.hub)


def base_url(request: Request) -> str:
    """`http://127.0.0.1:PORT`, as the client addressed us (the Host header was checked)."""
    return f"{request.url.scheme}://{request.headers['host']}"


def param(request: Request, name: str) -> str:
    """A path parameter, decoded; routes match on the encoded path."""
    return unquote(request.path_params.get(name, ""))


def flag(request: Request, name: str) -> bool:
    return request.query_params.get(name, "").lower() in ("1", "true")


def repo_of(request: Request) -> RepoId:
    """The repo named by the path: `/api/datasets/a/b/...`, `/datasets/a/b/...` or `/a/b/...`."""
    parts = request.url.path.split("/")
    word = parts[2] if parts[1] == "api" else parts[1]
    kind = word[:-1] if word in ("datasets", "spaces") else "model"
    return repo_id(kind, param(request, "namespace"), param(request, "name").removesuffix(".git"))


def readable(request: Request) -> Repository:
    """The repo of this request, if whoever asks may see it: a private one is "not found"."""
    hub = hub_of(request)
    user = hub.accounts.asking(request)
    repository = hub.store.open(repo_of(request))
    if repository.settings.private and not hub.accounts.may_write(user, repository.repo.namespace):
        raise repo_not_found()
    return repository


def downloadable(request: Request) -> Repository:
    """The same for a repo's files, which a gated repo shows only to those who were let in."""
    hub = hub_of(request)
    repository = readable(request)
    user = hub.accounts.asking(request)
    settings = repository.settings
    if (
        settings.gated
        and not hub.accounts.may_write(user, repository.repo.namespace)
        and not settings.lets_in(user)
    ):
        status = 401 if user is None else 403
        name = repository.repo.full_name
        raise HubError(status, f"Access to {name} is restricted and you need access", "GatedRepo")
    return repository


def writable(request: Request) -> tuple[Repository, str]:
    """The repo of this request and the user, if that user may write to it: else 401, 404 or 403."""
    hub = hub_of(request)
    hub.accounts.require(request)
    repository = readable(request)
    return repository, hub.accounts.require_writer(request, repository.repo.namespace)


def revision_of(request: Request, repository: Repository) -> ObjectID:
    """The commit that the path's revision means."""
    return repository.resolve(param(request, "revision") or "main")


async def read_body(request: Request, max_bytes: int = MAX_JSON_BYTES) -> bytes:
    """The whole body, refused once it passes `max_bytes`."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_bytes:
            raise too_large(f"Request body over {max_bytes} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def parse_json(data: bytes) -> dict[str, Any]:
    """A JSON object; anything else is the caller's mistake."""
    try:
        found = json.loads(data.decode() or "{}")
        if _HALF_A_PAIR.search(data):  # it may be half of a surrogate pair: no text at all
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise bad_request("The body is not valid JSON") from error
    if not isinstance(found, dict):
        raise bad_request("The body is not a JSON object")
    return found


def with_json(
    handler: Callable[[Request, dict[str, Any]], Response],
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint whose JSON body is read first, and which then runs in a worker thread."""

    async def endpoint(request: Request) -> Response:
        body = parse_json(await read_body(request))
        return await run_in_threadpool(handler, request, body)

    return endpoint


def text(body: dict[str, Any], key: str, max_length: int = 1000) -> str:
    """A required string of a JSON body."""
    value = body.get(key)
    if not isinstance(value, str) or not value or len(value) > max_length:
        raise bad_request(f"'{key}' must be text of 1 to {max_length} characters")
    return value
