"""One entry a source: what it is, what is said of its licence and by whom, how it is read and had.

    sources:
      hal: {entry: hal, path: hal_tei, reader: tei, files: "*.xml"}

An entry's `settings` are defaults of the source in a release file; what the file says itself wins.
A claim that covers the texts becomes evidence with its rank. One that covers the records or the
collection (FineWeb2's ODC-By, HAL's open licence on its notices) is shown and says nothing of a
text. Nothing is written into an entry that nobody could read.
"""

import difflib
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hub.licences.recognise import recognise

_FOLDER = Path(__file__).with_name("entries")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Claim(_Frozen):
    """What is said of the licence, by whom, of what."""

    licence: str
    """an SPDX id or the words as they were read"""
    rank: Literal[2, 3]
    """2: the source's own terms; 3: an aggregator's or a card's claim"""
    covers: Literal["texts", "records", "collection"] = "texts"
    read: str
    """where it was read"""
    url: str = ""

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if recognise(self.licence) is None:
            raise ValueError(f"“{self.licence}” is no licence of the table: leave the claim out")
        return self


class InPaper(_Frozen):
    """What the paper's table says of the source."""

    corpus: str
    documents: int
    words: int | None = None
    commercial: bool
    """whether the paper counts it for its commercial version"""


class Entry(_Frozen):
    title: str
    home: str = ""
    description: str
    document_type: str
    citation: str = ""
    paper: InPaper | None = None
    claims: tuple[Claim, ...] = ()
    note: str = ""
    """a trap that somebody who uses the source has to know"""
    how: Literal["live", "hub", "folder"]
    """live: an open API that `fetch` asks; hub: a dataset it downloads; folder: by hand"""
    obtain: str
    """one sentence: what to do to have it"""
    settings: dict[str, Any] = Field(default_factory=dict)
    """defaults of the source in a release file"""
    fetch: dict[str, Any] = Field(default_factory=dict)
    """defaults of its `fetch`"""


@cache
def entries() -> Mapping[str, Entry]:
    """All entries by name, in the order of names."""
    return {
        path.stem: Entry.model_validate(tomllib.loads(path.read_text("utf-8")))
        for path in sorted(_FOLDER.glob("*.toml"))
    }


def entry_of(name: str) -> Entry:
    """Raises ValueError with a near name where there is no such entry."""
    known = entries()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        near = f"; did you mean {close[0]}?" if close else f" (there are: {', '.join(known)})"
        raise ValueError(f"no entry {name}{near}")
    return known[name]


def with_defaults(source: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a source, with its entry's where it says nothing itself.

    `fetch` is merged one level down, and only where the source has one: nothing is fetched that a
    release file does not name.
    """
    name = source.get("entry")
    if not name:
        return dict(source)
    entry = entry_of(str(name))
    terms = [
        {"licence": claim.licence, "rank": claim.rank, "url": claim.url}
        for claim in entry.claims
        if claim.covers == "texts"
    ]
    merged = {"path": name, "terms": terms, **entry.settings, **source}
    if isinstance(source.get("fetch"), Mapping):
        merged["fetch"] = {**entry.fetch, **source["fetch"]}
    return merged
