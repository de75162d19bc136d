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

from hub.failure import BadInput, Refused

if TYPE_CHECKING:
    from openai import OpenAI


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
