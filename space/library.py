"""What can be shown now, read in the background and kept for a while.

    library = Library(folder, environ)
    library.current()     {"status": "reading" | "read" | "nothing", …}: what programs are given
    library.packed()      the same as gzipped JSON: what the page is given
    library.answers(...)  the questions behind one difference

A Hub that is slow or down never stops the page: a bundled snapshot takes over, with its date, and
where there is none the page says what could not be read and why.
"""

import gzip
import json
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import answers
from board import Board, build
from published import Model, Release, describe_model, take_release
from source import (
    PUBLIC_HUB,
    RELEASE,
    Live,
    Snapshot,
    Source,
    check_listed,
    find_location,
    hub_address,
    is_file_name,
    read_json,
)
from tables import Unreadable, tame

KEPT_SECONDS = 600
RETRY_SECONDS = 5
READING: dict[str, Any] = {"status": "reading", "notes": []}
MAX_MANIFESTS = 500
"""one request each; models beyond that are shown without parents and licence"""


@dataclass(frozen=True)
class Reading:
    """One attempt: a board and where it came from, or why there is none."""

    at: float
    board: Board | None = None
    source: Source | None = None
    release: Release | None = None
    origin: dict[str, str] | None = None
    hub: str = PUBLIC_HUB
    notes: tuple[str, ...] = ()

    @cached_property
    def content(self) -> dict[str, Any]:
        return _as_json(self)

    @cached_property
    def packed(self) -> bytes:
        return pack(self.content)

    @property
    def stale(self) -> bool:
        whole = self.board is not None and not self.notes
        return time.monotonic() - self.at > (KEPT_SECONDS if whole else RETRY_SECONDS)


class Library:
    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder, self._environ = folder, environ
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="reader")
        self._lock = Lock()
        self._last: Reading | None = None
        self._next: Future[Reading] | None = None

    def current(self, wait_seconds: float = 5) -> dict[str, Any]:
        reading = self._reading(wait_seconds)
        return reading.content if reading else READING

    def packed(self) -> bytes:
        reading = self._reading(5)
        return reading.packed if reading else pack(READING)

    def answers(self, before: str, after: str, group: str, metric: str) -> dict[str, Any]:
        reading = self._reading(5)
        if reading is None or reading.board is None or reading.source is None:
            raise Unreadable("no results can be read")
        old, new = self._samples(reading, before), self._samples(reading, after)
        return answers.compare(old, new, group, metric)

    def _samples(self, reading: Reading, model: str) -> Path:
        assert reading.board is not None
        assert reading.source is not None
        if not is_file_name(model) or model not in {m.name for m in reading.board.models}:
            raise Unreadable(f"no answers of {tame(model)} are published")
        path = _fetch(reading.source, reading.release, f"samples/{model}.parquet")
        if path is None:
            raise Unreadable(f"no answers of {model} are published")
        return path

    def _reading(self, wait_seconds: float) -> Reading | None:
        """The latest reading; a stale one is still given while the next is under way."""
        with self._lock:
            if self._next is not None and self._next.done():
                self._last, self._next = self._next.result(), None
            if self._next is None and (self._last is None or self._last.stale):
                self._next = self._reader.submit(self._read)
            waiting, last = self._next, self._last
        if waiting is None or (last is not None and last.board is not None):
            return last
        try:
            return waiting.result(wait_seconds)
        except NotYet:
            return last or self._meanwhile()

    def _meanwhile(self) -> Reading | None:
        """The snapshot, while the Hub takes its time: its client tries again for half a minute."""
        try:
            found = self._read_snapshot()
        except Unreadable:
            return None
        notes = ("the Hub has not answered yet: open this page again for what is there now",)
        return replace(found, at=time.monotonic(), notes=notes) if found else None

    def _read(self) -> Reading:
        notes: list[str] = []
        for attempt in (self._read_live, self._read_snapshot):
            try:
                found = attempt()
            except Unreadable as error:
                notes.append(str(error))
                continue
            if found is not None:
                return replace(found, at=time.monotonic(), notes=tuple(notes))
        if not notes:
            notes.append(
                "no results are named: RESULTS_REPO is not set, and there is neither source.json "
                "nor a snapshot beside app.py"
            )
        return Reading(time.monotonic(), notes=tuple(notes))

    def _read_live(self) -> Reading | None:
        place = find_location(self._folder, self._environ)
        if place is None:
            return None
        source = Live(place)
        if source.find(RELEASE) is None:
            raise Unreadable(
                f"{place.results_repo} at {place.revision} has no {RELEASE}: the release is not "
                "finished"
            )
        return replace(_read_from(source), hub=place.endpoint)

    def _read_snapshot(self) -> Reading | None:
        folder = self._folder / "snapshot"
        if not folder.is_dir():
            return None
        return replace(_read_from(Snapshot(folder)), hub=hub_address(self._environ, {}))


def _read_from(source: Source) -> Reading:
    origin = source.describe()
    record = source.find(RELEASE)
    release = take_release(read_json(record)) if record else None
    scores = _fetch(source, release, "scores.parquet")
    if scores is None:
        raise Unreadable("the results hold no scores.parquet")
    models, problems = _describe(source, release)
    found = build(scores, _fetch(source, release, "differences.parquet"), models)
    found.problems += problems
    return Reading(0, found, source, release, origin)


def _fetch(source: Source, release: Release | None, path: str) -> Path | None:
    found = source.find(path)
    if found is not None and release is not None:
        results = [repo["id"] for repo in release.repos if repo["kind"] == "results"]
        check_listed(found, release.digests[results[0]].get(path) if results else None)
    return found


def _describe(source: Source, release: Release | None) -> tuple[list[Model], list[str]]:
    """Every published model by its manifest, and a word on those whose manifest is not there."""
    published = [repo for repo in release.repos if repo["type"] == "model"] if release else []
    with ThreadPoolExecutor(8) as pool:
        manifests = pool.map(lambda repo: _manifest(source, repo), published[:MAX_MANIFESTS])
    found = [*manifests, *[None] * len(published[MAX_MANIFESTS:])]
    missing = [
        repo["artefact"] for repo, manifest in zip(published, found, strict=True) if not manifest
    ]
    problems = []
    if missing:
        shown = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
        problems.append(f"what {shown} was made from cannot be read: shown without parents")
    return [describe_model(*pair) for pair in zip(published, found, strict=True)], problems


def _manifest(source: Source, repo: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        return source.manifest(repo)
    except Unreadable:
        return None


def pack(content: dict[str, Any]) -> bytes:
    return gzip.compress(json.dumps(content, allow_nan=False, separators=(",", ":")).encode(), 5)


def _as_json(reading: Reading) -> dict[str, Any]:
    if reading.board is None:
        return {"status": "nothing", "notes": list(reading.notes)}
    return {
        "status": "read",
        "notes": list(reading.notes),
        "source": reading.origin,
        "release": _release_json(reading),
        **reading.board.as_json(),
    }


def _release_json(reading: Reading) -> dict[str, Any] | None:
    if reading.release is None:
        return None
    release = reading.release
    prefix = {"model": "", "dataset": "datasets/", "space": "spaces/"}
    repos = [
        {**repo, "url": f"{reading.hub}/{prefix[repo['type']]}{repo['id']}/tree/{release.tag}"}
        for repo in release.repos
    ]
    return {
        "name": release.name,
        "version": release.version,
        "tag": release.tag,
        "digest": release.digest,
        "signature": release.signature,
        "repos": repos,
    }
