"""Waiting out a bad day: rate limits and server errors, for as long as the server asks.

The client repeats downloads and uploads itself, and neither commits nor most of its other calls.
"""

import re
import time
from collections.abc import Callable
from typing import TypeVar

import httpx2
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import parse_ratelimit_headers

Result = TypeVar("Result")

WAITS_SECONDS = (0.5, 1, 2, 4, 8, 16, 32)
REFUSALS = 2
UNREACHABLE = 3
"""attempts after the first, where a token is refused and where nobody answers at all"""
FULL = 507
LONGEST_WAIT_SECONDS = 600
"""a server that asks for more is believed to be out of order"""

_XET_STATUS = re.compile(r"HTTP status (?:client|server) error \((\d{3}) ")
"""of Xet's errors, which have no response"""

TROUBLE = (HfHubHTTPError, httpx2.HTTPError, RuntimeError)
"""What the client raises; uploads of large files wrap theirs in a RuntimeError."""


def patiently(call: Callable[[], Result]) -> Result:
    """The result of `call`, asked again while the trouble is a passing one."""
    for attempt, wait in enumerate(WAITS_SECONDS):
        try:
            return call()
        except TROUBLE as error:
            if not passes(error, attempt):
                raise
            pause(error, wait)
    return call()


def pause(error: BaseException, seconds: float) -> None:
    """Sleep as long as the server asked for, or `seconds` where it did not say."""
    response = _response(error)
    asked = None
    if response is not None:
        stated = response.headers.get("retry-after", "")
        limit = parse_ratelimit_headers(response.headers)
        asked = int(stated) if stated.isdecimal() else limit.reset_in_seconds if limit else None
    time.sleep(min(seconds if asked is None else asked, LONGEST_WAIT_SECONDS))


def passes(error: BaseException, attempt: int) -> bool:
    """Whether asking again may help: a rate limit, a server error, a broken connection.

    A token that is refused is shown twice more: a signed link or a session of the server expires,
    and the same token is good again. A disk or a quota that is full is asked twice more as well:
    those who wait do not empty it.
    """
    if status(error) == FULL:
        return attempt < REFUSALS
    response = _response(error)
    if response is not None:
        code = response.status_code
        expired = code == 401 or (code == 403 and isinstance(error, RuntimeError))
        return code in (408, 429) or code >= 500 or (expired and attempt < REFUSALS)
    causes = _causes(error)
    if any(isinstance(each, httpx2.ConnectError) for each in causes):
        return attempt < UNREACHABLE
    return any(isinstance(each, httpx2.TransportError) for each in causes) or isinstance(
        error, RuntimeError
    )


def status(error: BaseException) -> int:
    """HTTP status behind an error; 0 where there was no answer."""
    response = _response(error)
    if response is not None:
        return response.status_code
    said = _XET_STATUS.search(" ".join(map(str, _causes(error))))
    return int(said[1]) if said else 0


def _response(error: BaseException) -> httpx2.Response | None:
    for each in _causes(error):
        if isinstance(each, HfHubHTTPError):
            return each.response
        if isinstance(each, httpx2.HTTPStatusError):
            return each.response
    return None


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = [error]
    while (cause := found[-1].__cause__ or found[-1].__context__) and cause not in found:
        found.append(cause)
    return found
