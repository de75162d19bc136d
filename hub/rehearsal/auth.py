"""Who asks, and whether they may: users and tokens, presigned addresses, the Host header.

The server is for one machine. It binds to loopback, and `LocalOnly` refuses any request whose Host
header is not loopback, so that a web page cannot reach it through a name of its own that resolves
to 127.0.0.1.
"""

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.disk import write_atomically
from hub.rehearsal.errors import forbidden, unauthorised
from hub.rehearsal.names import is_name

LINK_SECONDS = 3600
_LOCAL_NAMES = {"127.0.0.1", "localhost", "[::1]"}


class Accounts:
    """The users, by token; the first one owns the organisations."""

    def __init__(self, users: Mapping[str, str], orgs: Sequence[str]) -> None:
        for name in [*users, *orgs]:
            if not is_name(name):
                raise ValueError(f"not a Hub user or organisation name: {name!r}")
        if len({*users, *orgs}) != len(users) + len(orgs):
            raise ValueError("a user and an organisation share a name")
        if not users:
            raise ValueError("a Hub without users takes no uploads: give at least one")
        if not all(users.values()) or len(set(users.values())) != len(users):
            raise ValueError("each user needs a token of their own, and not an empty one")
        self._users = dict(users)
        self._owner = next(iter(users))
        self.orgs = list(orgs)

    @property
    def names(self) -> list[str]:
        return [*self._users, *self.orgs]

    def orgs_of(self, user: str) -> list[str]:
        return self.orgs if user == self._owner else []

    def is_user(self, name: str) -> bool:
        return name in self._users

    def may_write(self, user: str | None, namespace: str) -> bool:
        return user is not None and (user == namespace or namespace in self.orgs_of(user))

    def asking(self, request: Request) -> str | None:
        """The user whose token came along, None without one, 401 for one that is nobody's."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if not kind:
            return None
        if kind.lower() == "bearer":
            for name, known in self._users.items():
                if hmac.compare_digest(known.encode(), token.strip().encode()):
                    return name
        raise unauthorised()

    def require(self, request: Request) -> str:
        """The user, or 401."""
        user = self.asking(request)
        if user is None:
            raise unauthorised()
        return user

    def require_writer(self, request: Request, namespace: str) -> str:
        """A user who may write to `namespace`, or 401, or 403."""
        user = self.require(request)
        if not self.may_write(user, namespace):
            raise forbidden(f"You don't have the rights to write to the namespace '{namespace}'")
        return user


class Identity(NamedTuple):
    """A store's own name and key, made when the store is first used and kept with it."""

    store_id: str
    key: bytes

    @classmethod
    def load(cls, root: Path) -> "Identity":
        path = root / "identity.json"
        if not path.exists():
            root.mkdir(parents=True, exist_ok=True)
            fresh = {"store_id": secrets.token_hex(8), "key": secrets.token_hex(32)}
            write_atomically(path, json.dumps(fresh).encode())
            path.chmod(0o600)
        found = json.loads(path.read_bytes())
        return cls(found["store_id"], bytes.fromhex(found["key"]))

    def sign(self, purpose: str, seconds: int = LINK_SECONDS) -> str:
        """A pass for one purpose and a limited time, for requests that carry no user token."""
        expires = str(int(time.time()) + seconds)
        return f"{expires}.{self._mac(purpose, expires)}"

    def check(self, purpose: str, given: str) -> None:
        expires, _, mac = given.partition(".")
        if not hmac.compare_digest(mac.encode(), self._mac(purpose, expires).encode()):
            raise forbidden("This link is not signed by this server")
        if int(expires) < time.time():
            raise forbidden("This link has expired")

    def _mac(self, purpose: str, expires: str) -> str:
        return hmac.new(self.key, f"{purpose}\0{expires}".encode(), hashlib.sha256).hexdigest()


class LocalOnly:
    """Refuses foreign Host headers, and routes on the path as it was sent.

    The clients percent-encode revisions (`refs%2Fpr%2F1`) so that a slash inside a name is not a
    slash between names; the ASGI server decodes that away in `path` and keeps it in `raw_path`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not is_local(hosts[0].decode("latin-1")):
            refusal = PlainTextResponse("This server answers on 127.0.0.1 and localhost only", 403)
            await refusal(scope, receive, send)
            return
        raw = scope.get("raw_path") or scope["path"].encode()
        scope = {**scope, "path": raw.partition(b"?")[0].decode("ascii", errors="replace")}
        await self._app(scope, receive, send)


def is_local(host: str) -> bool:
    name, separator, port = host.rpartition(":")
    if not separator or host.endswith("]"):
        return host in _LOCAL_NAMES
    return name in _LOCAL_NAMES and port.isdigit()


def load_users(path: Path) -> dict[str, str]:
    """Users and tokens from a JSON file {"name": "token"} that only its owner can read."""
    if path.stat().st_mode & 0o077:
        raise ValueError(f"{path} holds tokens and others can read it: chmod 600 {path}")
    found = json.loads(path.read_bytes())
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise ValueError(f'{path}: expected {{"user": "token", ...}}')
    return found


def read_users(path: Path | None, pairs: Sequence[str]) -> dict[str, str]:
    """Users from a file and from `NAME=TOKEN` pairs, in this order; ValueError if malformed."""
    users: dict[str, str] = {}
    if path is not None:
        try:
            users = load_users(path)
        except OSError as error:
            raise ValueError(f"--users-file {path}: {error.strerror}") from None
        except json.JSONDecodeError as error:
            raise ValueError(f"{path} is not a JSON file of users and tokens: {error}") from None
    for pair in pairs:
        name, equals, token = pair.partition("=")
        if not equals:
            raise ValueError(f"--user {name}: must look like NAME=TOKEN")
        users[name] = token
    return users


def new_user() -> dict[str, str]:
    """A user with a token that nobody else knows."""
    return {"rehearser": f"hf_{secrets.token_hex(16)}"}
