"""One release as it can be read: from a work folder, or from the repos that it was published to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.cards import reading
from hub.failure import BadInput
from hub.manifest import Artefact
from hub.publication import ReleaseRecord, read_publication
from release import outside
from release.record import MANIFESTS, read_record, read_run
from release.steps.evaluation import RESULTS
from release.steps.step import Progress

README = "README.md"

_PUBLISHED = re.compile(
    r"(?P<namespace>[A-Za-z0-9][\w.-]*)/(?P<release>[a-z0-9][a-z0-9_-]*)@(?P<tag>v?\d[\w.-]*)"
)
_VERSION = re.compile(r"v?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?")


@dataclass(frozen=True)
class Content:
    """A release, ready to be compared."""

    name: str
    """as it was asked for"""
    release: Mapping[str, Any]
    """the resolved release file"""
    artefacts: Mapping[str, Artefact]
    """by name; an unpublished one has a manifest and no payload"""
    samples: Mapping[str, Path]
    """by model: its answers"""
    cards: Mapping[str, Mapping[str, Any]]
    """by artefact: the header of its card; empty where nothing was assembled yet"""

    @property
    def version(self) -> str:
        return f"v{self.release.get('version', '?')}"

    def documents(self, corpus: str) -> Path | None:
        """The folder with a corpus's shards and ledger, where they can be read."""
        artefact = self.artefacts.get(corpus)
        if artefact is None or not (artefact.folder / "ledger.parquet").is_file():
            return None
        return artefact.folder


@dataclass(frozen=True)
class Address:
    """`NAMESPACE/RELEASE@TAG`; the results repo may be named too."""

    results: str
    tag: str

    @property
    def release(self) -> str:
        return self.results.removesuffix("-results")


def address(text: str, beside: Address | None = None) -> Address | None:
    """Where a release is published; a version alone is one of the release `beside` it."""
    if beside is not None and _VERSION.fullmatch(text):
        return Address(beside.results, _tag(text))
    found = _PUBLISHED.fullmatch(text)
    if found is None:
        return None
    release = found["release"].removesuffix("-results")
    return Address(f"{found['namespace']}/{release}-results", _tag(found["tag"]))


def _tag(text: str) -> str:
    return text if text.startswith("v") else f"v{text}"


def read(
    text: str, endpoint: str, home: Path, progress: Progress, beside: Address | None = None
) -> Content:
    """A side of a comparison; `home` takes what is downloaded. Raises BadInput."""
    if Path(text).is_dir():
        return of_workdir(Path(text))
    where = address(text, beside)
    if where is None:
        raise BadInput(
            f"{text} is neither a work folder nor NAMESPACE/RELEASE@TAG (nor a version of the "
            "release before it)"
        )
    return of_hub(where, endpoint, home, progress)


def of_workdir(workdir: Path) -> Content:
    release, artefacts = read_run(workdir)
    samples = {
        name.removesuffix(RESULTS): artefact.folder / "samples.parquet"
        for name, artefact in artefacts.items()
        if name.endswith(RESULTS)
    }
    cards: dict[str, Mapping[str, Any]] = {}
    assembled = list((workdir / "publication").glob("*/publication.json"))
    if len(assembled) == 1:
        folder = assembled[0].parent
        for repo in read_publication(folder).repos:
            cards[repo.artefact] = _header(folder / repo.type / repo.id)
    return Content(str(workdir), release, artefacts, samples, cards)


def of_hub(where: Address, endpoint: str, home: Path, progress: Progress) -> Content:
    record = outside.fetch(where.results, where.tag, endpoint, home, progress)
    return of_download(record, where, home / "downloads")


def of_download(record: ReleaseRecord, where: Address, downloads: Path) -> Content:
    """What `hub.fetch` brought, as a release."""
    results = downloads / "dataset" / where.results
    release, manifests = read_record(results)
    artefacts = {
        name: Artefact(results / MANIFESTS / name, manifest) for name, manifest in manifests.items()
    }
    cards: dict[str, Mapping[str, Any]] = {}
    for repo in record.repos:
        folder = downloads / repo.type / repo.id
        if repo.artefact in artefacts:
            artefacts[repo.artefact] = Artefact(folder, artefacts[repo.artefact].manifest)
        if (folder / README).is_file():
            cards[repo.artefact] = _header(folder)
    samples = {path.stem: path for path in sorted((results / "samples").glob("*.parquet"))}
    return Content(f"{where.release}@{where.tag}", release, artefacts, samples, cards)


def _header(folder: Path) -> Mapping[str, Any]:
    return reading.read((folder / README).read_bytes()).header
