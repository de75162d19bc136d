"""One reading of results: the board, and what is asked of the same place later.

read(source)                       a Reading, or Unreadable
reading.head                       what the page and programs are told first
reading.differences, .ranks        published comparisons; read when first asked for
reading.adaptation                 the sweep's front, checkpoint curves, calibration
reading.corpora                    the published corpora
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import wire
from adaptation import read_adaptation
from board import Board, build
from differences import Differences, read_ranks
from judged import read_judged
from ledger import Corpus, corpora_of
from published import Model, Release, describe_model, take_models, take_release
from questions import Question, read_questions
from source import PUBLIC_HUB, RELEASE, Source, check_listed, read_json
from tables import Unreadable

MAX_MANIFESTS = 500
"""one request each; models beyond that are shown without parents and licence"""


@dataclass(frozen=True)
class Reading:
    """One attempt: a board and where it came from, or why there is none."""

    at: float
    board: Board | None = None
    source: Source | None = None
    release: Release | None = None
    origin: dict[str, Any] | None = None
    hub: str = PUBLIC_HUB
    notes: tuple[str, ...] = ()

    @cached_property
    def head(self) -> dict[str, Any]:
        if self.board is None:
            return {"status": "nothing", "notes": list(self.notes)}
        problems = list(self.board.problems)
        bases: list[str] = []
        ranked = False
        try:
            bases = self.differences.bases if self.differences else []
            if self.differences and self.differences.problem:
                problems.append(self.differences.problem)
        except Unreadable as error:
            problems.append(str(error))
        if self.source is not None:
            ranked = self.source.find("ranks.parquet") is not None
        return {
            "status": "read",
            "notes": list(self.notes),
            "problems": problems,
            "source": self.origin,
            "release": _release_json(self),
            "bases": bases,
            "ranked": ranked,
            "about": self.about,
        }

    @cached_property
    def about(self) -> dict[str, Any]:
        """Of a paper: its title, citation and what the consistency report says."""
        path = self.source.find("about.json") if self.source else None
        return read_json(path) if path else {}

    @cached_property
    def content(self) -> dict[str, Any]:
        """The head with models and columns, for programs; values are under /scores."""
        if self.board is None:
            return self.head
        return {
            **self.head,
            "models": [asdict(model) for model in self.board.models],
            "columns": [wire.describe(column) for column in self.board.columns],
        }

    @cached_property
    def packed(self) -> bytes:
        return wire.pack_board(self.head, self.board)

    @cached_property
    def rest(self) -> bytes:
        """The values of the columns that `packed` leaves out."""
        return wire.pack_rest(self.board) if self.board else wire.pack({})

    @cached_property
    def digest(self) -> str:
        return wire.digest_of(self.board) if self.board else ""

    @cached_property
    def differences(self) -> Differences | None:
        path = self.fetch("differences.parquet")
        return Differences(path, self.board) if path and self.board else None

    @cached_property
    def ranks(self) -> list[dict[str, Any]]:
        path = self.fetch("ranks.parquet")
        return read_ranks(path) if path else []

    @cached_property
    def judged(self) -> list[dict[str, Any]]:
        """What a judge and people found about open answers."""
        path = self.fetch("judged.parquet")
        return read_judged(path) if path else []

    @cached_property
    def questions(self) -> dict[tuple[str, str], Question]:
        """The words of questions that may be shown."""
        path = self.fetch("questions.parquet")
        return read_questions(path) if path else {}

    @cached_property
    def adaptation(self) -> dict[str, Any]:
        return read_adaptation(self.fetch)

    @cached_property
    def corpora(self) -> dict[str, Corpus]:
        return corpora_of(self.source, self.release)

    def fetch(self, path: str) -> Path | None:
        return fetch(self.source, self.release, path) if self.source else None


def read(source: Source) -> Reading:
    origin = source.describe()
    record = source.find(RELEASE)
    release = take_release(read_json(record)) if record else None
    scores = fetch(source, release, "scores.parquet")
    if scores is None:
        raise Unreadable("the results hold no scores.parquet")
    models, problems = _described(source, release)
    found = build(scores, models, fetch(source, release, "tasks.parquet"))
    found.problems += problems
    return Reading(0, found, source, release, origin)


def fetch(source: Source, release: Release | None, path: str) -> Path | None:
    found = source.find(path)
    if found is not None and release is not None:
        results = [repo["id"] for repo in release.repos if repo["kind"] == "results"]
        check_listed(found, release.digests[results[0]].get(path) if results else None)
    return found


def _described(source: Source, release: Release | None) -> tuple[list[Model], list[str]]:
    """`models.json`, else every published model by its manifest, and a word on what is missing."""
    listed = fetch(source, release, "models.json")
    if listed is not None:
        return take_models(read_json(listed)), []
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
