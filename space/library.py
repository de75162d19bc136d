"""What can be shown now, read in the background and kept for a while.

    library = Library(folder, environ)
    library.current()     {"status": "reading" | "read" | "nothing", …}: what programs are given
    library.packed(which) the same as the page is given it: the release, or a paper by its name
    library.reading(which) for all that is asked later
    library.papers        names of the papers' tables bundled beside app.py

A Hub that is slow or down never stops the page: a bundled snapshot takes over, with its date, and
where there is none the page says what could not be read and why.
"""

import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import answers
import wire
from answers import Pair
from reading import Reading, fetch, read
from source import RELEASE, Live, Paper, Snapshot, find_location, hub_address, is_file_name
from tables import Unreadable, tame

KEPT_SECONDS = 600
RETRY_SECONDS = 5
READING: dict[str, Any] = {"status": "reading", "notes": []}


class Library:
    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder, self._environ = folder, environ
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="reader")
        self._lock = Lock()
        self._last: Reading | None = None
        self._next: Future[Reading] | None = None
        self._papers: dict[str, Reading] = {}

    def current(self, wait_seconds: float = 5) -> dict[str, Any]:
        reading = self._reading(wait_seconds)
        return reading.content if reading else READING

    def packed(self, which: str = "") -> bytes:
        if which:
            return self.reading(which).packed
        reading = self._reading(5)
        return reading.packed if reading else wire.pack(READING)

    @cached_property
    def papers(self) -> list[dict[str, str]]:
        """Names and titles; a folder that says neither is none."""
        found = []
        for folder in sorted((self._folder / "papers").glob("*/about.json")):
            if is_file_name(folder.parent.name):
                said = Paper(folder.parent).describe()
                found.append({"name": folder.parent.name, "title": said["title"]})
        return found

    def reading(self, which: str = "") -> Reading:
        """What is there to be asked; Unreadable where there is nothing."""
        if not which:
            found = self._reading(5)
            if found is None or found.board is None:
                raise Unreadable("no results can be read")
            return found
        if which not in {paper["name"] for paper in self.papers}:
            raise Unreadable(f"no tables of {tame(which)} are here")
        if which not in self._papers:
            self._papers[which] = read(Paper(self._folder / "papers" / which))
        return self._papers[which]

    def answers(self, before: str, after: str, group: str, metric: str) -> dict[str, Any]:
        reading = self.reading()
        old, new = self._samples(reading, before), self._samples(reading, after)
        return answers.compare(old, new, group, metric, reading.questions)

    def pairs(self, before: str, after: str, group: str, metric: str) -> list[Pair]:
        """Every question that both models answered, for who looks at them one by one."""
        reading = self.reading()
        old, new = self._samples(reading, before), self._samples(reading, after)
        return answers.pairs(old, new, group, metric, reading.questions)[0]

    def _samples(self, reading: Reading, model: str) -> Path:
        assert reading.board is not None
        assert reading.source is not None
        if not is_file_name(model) or model not in {m.name for m in reading.board.models}:
            raise Unreadable(f"no answers of {tame(model)} are published")
        path = fetch(reading.source, reading.release, f"samples/{model}.parquet")
        if path is None:
            raise Unreadable(f"no answers of {model} are published")
        return path

    def _reading(self, wait_seconds: float) -> Reading | None:
        """The latest reading; a stale one is still given while the next is under way."""
        with self._lock:
            if self._next is not None and self._next.done():
                self._last, self._next = self._next.result(), None
            if self._next is None and (self._last is None or _stale(self._last)):
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
                found = replace(found, at=time.monotonic(), notes=tuple(notes))
                _ = found.packed, found.rest, found.digest  # rather than while somebody waits
                return found
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
        return replace(read(source), hub=place.endpoint)

    def _read_snapshot(self) -> Reading | None:
        folder = self._folder / "snapshot"
        if not folder.is_dir():
            return None
        return replace(read(Snapshot(folder)), hub=hub_address(self._environ, {}))


def _stale(reading: Reading) -> bool:
    whole = reading.board is not None and not reading.notes
    return time.monotonic() - reading.at > (KEPT_SECONDS if whole else RETRY_SECONDS)
