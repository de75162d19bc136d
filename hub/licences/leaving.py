"""Which texts may leave this machine: none, unless a release names the endpoint and the texts.

>>> is_local("http://127.0.0.1:8000/v1"), is_local("https://api.example.org/v1")
(True, False)
"""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from hub.failure import Refused


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
