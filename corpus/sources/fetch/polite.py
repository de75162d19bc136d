"""One client for all services: never faster than asked, as patient as it is told to be.

A refusal for now (429, 503 …), a broken connection and an answer that is cut short or makes no
sense are tried again, after what `Retry-After` says or after twice as long each time. What will not
get better (404, 403) is one sentence at once.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx

from hub.failure import Failed

ATTEMPTS = 7
LONGEST_WAIT = 600.0
"""seconds; a service that asks for more is asked again by the next run, not by this one"""
MAX_BYTES = 64 * 2**20
"""of an answer that is read whole; nothing larger could be read as a source file either"""
MAX_FILE_BYTES = 4 * 2**30
_FOR_NOW = (408, 425, 429, 500, 502, 503, 504)

T = TypeVar("T")
Parameters = Mapping[str, str | list[str]]


class Absent(Failed):
    """The service says that there is no such thing."""


class Damaged(ValueError):
    """An answer that cannot be right: cut short, not what was asked for, or "not now" in words."""


def user_agent(contact: str) -> str:
    return f"imprimatur/{version('imprimatur')} ({contact})"


class Client:
    """Asks one service; use it as a context manager."""

    def __init__(
        self, contact: str, seconds_between: float, progress: Callable[[str], None]
    ) -> None:
        self._http = httpx.Client(
            headers={"User-Agent": user_agent(contact)},
            follow_redirects=True,
            timeout=httpx.Timeout(60.0, connect=20.0),
        )
        self._between = seconds_between
        self._progress = progress
        self._last = -float("inf")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def parsed(self, url: str, parameters: Parameters, parse: Callable[[bytes], T]) -> T:
        """The answer, read; `parse` raises Damaged for one that has to be asked for again."""
        return self._ask(url, parameters, lambda answer: parse(_whole(answer)))

    def json(self, url: str, parameters: Parameters, check: Callable[[Any], None]) -> Any:
        """The answer as JSON; `check` raises Damaged for one that makes no sense."""

        def parse(content: bytes) -> Any:
            try:
                value = json.loads(content)
            except (ValueError, RecursionError) as error:
                raise Damaged(f"not JSON: {error}") from error
            check(value)
            return value

        return self.parsed(url, parameters, parse)

    def file(self, url: str, target: Path, md5: str = "") -> None:
        """Streamed to a temporary name and renamed when it is whole; `md5` in hexadecimal."""

        def read(answer: httpx.Response) -> None:
            temporary = target.with_name(f".{target.name}.tmp")
            digest = hashlib.md5(usedforsecurity=False)
            try:
                with temporary.open("wb") as stream:
                    for chunk in answer.iter_bytes():
                        stream.write(chunk)
                        if stream.tell() > MAX_FILE_BYTES:
                            raise Failed(f"{url} is larger than {MAX_FILE_BYTES >> 30} GiB")
                        digest.update(chunk)
                    stream.flush()
                    os.fsync(stream.fileno())
                if md5 and digest.hexdigest() != md5.lower():
                    raise Damaged("its content is not what its checksum says")
                temporary.replace(target)
            finally:
                temporary.unlink(missing_ok=True)

        self._ask(url, {}, read)

    def _ask(self, url: str, parameters: Parameters, read: Callable[[httpx.Response], T]) -> T:
        for attempt in range(ATTEMPTS):
            wait: float | None = None
            try:
                with self._answer(url, parameters) as answer:
                    if answer.status_code not in _FOR_NOW:
                        _refuse_for_good(answer)
                        return read(answer)
                    why, wait = f"answers {answer.status_code}", _retry_after(answer)
            except (httpx.TransportError, httpx.DecodingError) as error:
                why = f"breaks off ({type(error).__name__})"
            except Damaged as error:
                why = f"gives no right answer ({error})"
            except (httpx.TooManyRedirects, httpx.InvalidURL) as error:
                raise Failed(f"{url} leads nowhere: {error}") from error
            if wait is not None and wait > LONGEST_WAIT:
                raise Failed(f"{_host(url)} asks to wait {wait:.0f} s: run again after that")
            if attempt + 1 < ATTEMPTS:
                wait = max(self._between, 0.1) * 2**attempt if wait is None else wait
                self._progress(f"{_host(url)} {why}: asking again in {wait:.0f} s")
                time.sleep(min(wait, LONGEST_WAIT))
        raise Failed(
            f"{_host(url)} {why} {ATTEMPTS} times: run again later, what was fetched stays"
        )

    @contextmanager
    def _answer(self, url: str, parameters: Parameters) -> Iterator[httpx.Response]:
        """One request, not before its time; the pause counts from the end of the one before."""
        pause = self._last + self._between - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        try:
            query = {key: value for key, value in parameters.items() if value}
            with self._http.stream("GET", url, params=query or None) as answer:
                yield answer
        finally:
            self._last = time.monotonic()


def _refuse_for_good(answer: httpx.Response) -> None:
    if answer.status_code in (404, 410):
        raise Absent(f"{answer.url} is not there ({answer.status_code})")
    if answer.status_code != 200:
        raise Failed(f"{answer.url} answers {answer.status_code}: nothing to be had there")


def _whole(answer: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    for chunk in answer.iter_bytes():
        size += len(chunk)
        if size > MAX_BYTES:
            raise Failed(f"{answer.url} answers with more than {MAX_BYTES >> 20} MiB: ask for less")
        parts.append(chunk)
    return b"".join(parts)


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds, from a number or a date; None where the service does not say."""
    said = answer.headers.get("Retry-After", "").strip()
    if said.isdecimal():
        return float(said)
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except ValueError:
        return None


def _host(url: str) -> str:
    return httpx.URL(url).host or url
