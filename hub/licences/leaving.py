"""Which texts may leave this machine: none, unless a release names the endpoint and the texts.

A server on this machine is asked without any proxy, and no server is followed to another address: a
redirect would carry the texts with it.

>>> is_local("http://127.0.0.1:8000/v1"), is_local("https://api.example.org/v1")
(True, False)
"""

import ipaddress
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from hub.failure import BadInput, Refused

if TYPE_CHECKING:
    from openai import OpenAI


class Endpoint(BaseModel):
    """A server that speaks the OpenAI protocol, as a release file names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    """up to and including `/v1`"""
    model: str
    send: tuple[str, ...] = ()
    """sources, datasets or tasks whose texts may leave this machine; not asked of a server on it"""
    key_variable: str = ""
    """environment variable that holds the key"""
    request: dict[str, Any] = {}
    """further fields of every request, as the server has them (vLLM's `structured_outputs`, say)"""
    concurrency: int = Field(default=8, ge=1, le=256)
    timeout_seconds: float = Field(default=60.0, gt=0)
    retries: int = Field(default=4, ge=0, le=20)
    """after a 408, 409, 429, a 5xx or no answer in time; `Retry-After` is honoured"""
    price_per_million_input: float = Field(default=0.0, ge=0)
    price_per_million_output: float = Field(default=0.0, ge=0)
    currency: str = "EUR"

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("url looks like https://host/v1")
        if parts.username or parts.password:
            raise ValueError("url holds no password: name an environment variable in key_variable")
        return url.rstrip("/")


def is_local(url: str) -> bool:
    """Whether it names this machine by a loopback address; no name but `localhost` is trusted."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def may_send(url: str, send: Iterable[str], texts: Iterable[str]) -> None:
    """Raises Refused, naming them, unless each of `texts` may go to `url`; `send` names those."""
    kept = sorted(set(texts) - set(send))
    if kept and not is_local(url):
        raise Refused(
            f"the texts of {', '.join(kept)} may not leave this machine: {url} is not on it, and "
            "the endpoint's `send` does not name them"
        )


def client(url: str, key_variable: str, timeout_seconds: float, retries: int) -> "OpenAI":
    """An OpenAI client that sends nothing elsewhere; raises BadInput where its key is not set."""
    from openai import DefaultHttpxClient, OpenAI

    key = os.environ.get(key_variable, "") if key_variable else "none"
    if not key:
        raise BadInput(f"{key_variable} is not set: it holds the key of {url}")
    return OpenAI(
        base_url=url,
        api_key=key,
        timeout=timeout_seconds,
        max_retries=retries,
        http_client=DefaultHttpxClient(follow_redirects=False, trust_env=not is_local(url)),
    )


def words(error: Any) -> str:
    """Why a server refuses, in its words: FastAPI's `detail` or the protocol's `message`."""
    told = error.response.text if error.body is None else str(error.body)
    return " ".join((told or str(error.message)).split())[:200]
