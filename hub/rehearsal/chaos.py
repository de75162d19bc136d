"""Misbehaving on request: `--chaos SEED[:KIND...]`, so that a client can be shown a bad day.

    --chaos 7                    everything below, now and then
    --chaos 7:429:reset          only rate limits and dropped connections

    429      too many requests, with Retry-After and the RateLimit headers that the clients obey
    500 502  the server's own fault
    reset    the connection drops in the middle of an upload, or before an answer
    slow     bytes arrive and leave in drips
    token    the token has expired: 401, or 403 for a signed link
    disk     the disk is full half-way through an upload: 507, and nothing of it is kept

What happens to a request depends on the seed, its method and path, and how often it was asked: not
on timing, so a run can be repeated. No request is refused more than `MAX_IN_A_ROW` times in a row:
a client that tries again gets through.
"""

import asyncio
import errno
import random
import re
import threading
import weakref
from collections import OrderedDict
from typing import Any, NamedTuple, Self

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.rehearsal.errors import HubError, answer, unauthorised

KINDS = ("429", "500", "502", "reset", "slow", "token", "disk")
RATE = 0.15
MAX_IN_A_ROW = 2
RETRY_SECONDS = 1
DRIP_SECONDS = 0.02
MAX_DRIPS = 50
MAX_REMEMBERED = 20_000
_STORE = re.compile(r"^/xet/[0-9a-f]+/")

Peer = tuple[str, int]
TRANSPORTS: "weakref.WeakValueDictionary[Peer, asyncio.Transport]" = weakref.WeakValueDictionary()
"""The open connections, filled by the protocol that `serve` uses: ASGI itself cannot drop one."""


class Chaos(NamedTuple):
    """What goes wrong, and the seed that says when."""

    seed: int
    kinds: tuple[str, ...] = KINDS

    @classmethod
    def parse(cls, text: str) -> Self:
        """`SEED[:KIND...]`; kinds are parted by colons or commas."""
        seed, _, rest = text.partition(":")
        kinds = tuple(dict.fromkeys(kind for kind in re.split("[:,]", rest) if kind))
        if not re.fullmatch(r"\d{1,18}", seed) or not set(kinds) <= set(KINDS):
            raise ValueError(
                f"--chaos {text}: must look like SEED[:KIND...], a whole number and any of"
                f" {', '.join(KINDS)}"
            )
        return cls(int(seed), kinds or KINDS)

    def pick(self, method: str, path: str, time: int) -> str | None:
        """What goes wrong the n-th `time` that this is asked; None for nothing."""
        chance = random.Random(f"{self.seed} {method} {path} {time}")  # noqa: S311
        return chance.choice(self.kinds) if chance.random() < RATE else None


class Misbehaving:
    """Middleware that lets a `Chaos` loose on some requests."""

    def __init__(self, app: ASGIApp, chaos: Chaos) -> None:
        self._app = app
        self._chaos = chaos
        self._asked: OrderedDict[tuple[str, str], tuple[int, int]] = OrderedDict()
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = self._choose(scope) if scope["type"] == "http" else None
        match kind:
            case None:
                await self._app(scope, receive, send)
            case "429" | "500" | "502" | "token":
                request = Request(scope, receive)
                error = _expired(scope) if kind == "token" else _refusal(int(kind))
                response: Response = await answer(request, error)
                response.headers["Connection"] = "close"  # the body was not read
                await response(scope, receive, send)
            case "slow":
                await self._app(scope, _dripping(receive), _dripping_send(send))
            case "reset":
                await self._app(scope, _breaking(scope, receive), _silenced(scope, send))
            case "disk":
                await self._app(scope, _filling(scope, receive), send)

    def _choose(self, scope: Scope) -> str | None:
        """The kind of trouble for this request, and a note that it was asked."""
        key = (scope["method"], _STORE.sub("/xet/", scope["path"]))
        with self._lock:
            times, in_a_row = self._asked.pop(key, (0, 0))
            kind = self._chaos.pick(*key, times) if in_a_row < MAX_IN_A_ROW else None
            if kind == "disk" and scope["method"] not in ("POST", "PUT"):
                kind = None
            self._asked[key] = (times + 1, 0 if kind in (None, "slow") else in_a_row + 1)
            if len(self._asked) > MAX_REMEMBERED:
                self._asked.popitem(last=False)
        return kind


def _refusal(status: int) -> HubError:
    if status != 429:
        return HubError(status, "Internal error (chaos)" if status == 500 else "Bad gateway")
    headers = {
        "Retry-After": str(RETRY_SECONDS),
        "RateLimit": f'"api";r=0;t={RETRY_SECONDS}',
        "RateLimit-Policy": '"fixed window";"api";q=500;w=300',
    }
    return HubError(429, "We had to rate limit you (chaos)", None, headers)


def _expired(scope: Scope) -> HubError:
    if scope["path"].startswith("/lfs/"):
        return HubError(403, "This link has expired (chaos)")
    return unauthorised("Invalid credentials in Authorization header: the token has expired")


def _dripping(receive: Receive) -> Receive:
    drips = 0

    async def slowly() -> Message:
        nonlocal drips
        drips += 1
        if drips <= MAX_DRIPS:
            await asyncio.sleep(DRIP_SECONDS)
        return await receive()

    return slowly


def _dripping_send(send: Send) -> Send:
    drips = 0

    async def slowly(message: Message) -> None:
        nonlocal drips
        drips += 1
        if drips <= MAX_DRIPS:
            await asyncio.sleep(DRIP_SECONDS)
        await send(message)

    return slowly


def _half(scope: Scope) -> int:
    """How much of an upload arrives before something happens to it."""
    length = dict(scope["headers"]).get(b"content-length", b"")
    return int(length) // 2 if length.isdigit() and len(length) < 16 else 1 << 16


def _breaking(scope: Scope, receive: Receive) -> Receive:
    """Take half of the body, then drop the connection."""
    left = _half(scope)

    async def until_it_breaks() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left > 0 or (left == 0 and not message.get("more_body") and _half(scope) == 0):
            return message
        drop(scope)
        return {"type": "http.disconnect"}

    return until_it_breaks


def _silenced(scope: Scope, send: Send) -> Send:
    """No answer: the connection is dropped instead."""

    async def nothing(message: Message) -> None:
        drop(scope)

    return nothing


def _filling(scope: Scope, receive: Receive) -> Receive:
    """Take half of the body, then fail as a write to a full disk does."""
    left = _half(scope)

    async def until_it_is_full() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left <= 0:
            raise OSError(errno.ENOSPC, "No space left on device (chaos)")
        return message

    return until_it_is_full


def drop(scope: Scope) -> None:
    """Reset the connection of a request, as far as it is known."""
    client: Any = scope.get("client")
    transport = TRANSPORTS.get((client[0], client[1])) if client else None
    if transport is not None:
        transport.abort()
