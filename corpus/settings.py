"""The corpus part of a release file."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from corpus.sources.entry import with_defaults
from corpus.sources.fetch.settings import FetchSettings
from hub.licences.rights import LICENCE_ONLY, RightsBasis

ReaderName = Literal[
    "brat", "csv", "dialogues", "hal", "html", "jats", "json", "jsonl", "markdown", "mediawiki",
    "moses", "parquet", "pdf", "questions", "sentences", "tables", "tei", "text", "tmx", "xlsx",
    "xmi",
]  # fmt: skip
CleaningName = Literal["clinical", "flaubert"]
FieldName = Literal[
    "id", "title", "text", "language", "licence", "attribution", "question", "options", "answer"
]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Terms(_Settings):
    """What is said about all documents of a source."""

    licence: str
    """the words as they were read, or an SPDX id"""
    rank: Literal[2, 3] = 2
    """2: the source says so itself; 3: somebody claims it of the source"""
    url: str = ""


class SourceSettings(_Settings):
    """Local files in one native form."""

    entry: str = Field(default="", exclude=True)
    """name of an entry of corpus/sources, whose settings hold where this says nothing"""
    reader: ReaderName
    path: str = ""
    """folder below `data`; with an entry its name unless given"""
    files: str
    """glob below that folder"""
    fetch: FetchSettings | None = Field(default=None, exclude=True)
    """how to fill the folder where it is not there; what decides a result is what was fetched, so
    that this is no part of any key or manifest"""
    complete: bool = Field(default=False, exclude=True)
    """whether all of the source is there, so that its counts may stand beside the paper's"""
    document_type: str = Field(default="", exclude=True)
    """for the card; the entry's unless given"""
    language: str = ""
    """BCP 47; empty: what each document says. moses, tmx: the language to take"""
    languages: tuple[str, ...] = ()
    """set aside what is in none of these (ISO 639-1); empty: take every language"""
    language_model: str = ""
    """fastText model below `data` to tell them by (GlotLID's, say); empty: the embedded one"""
    terms: tuple[Terms, ...] = ()
    """one or several; several bind together as the licence audit says"""
    fields: dict[FieldName, str] = Field(default_factory=dict)
    """csv, json, jsonl, parquet, questions, tables, xlsx: names of the fields where they differ"""
    columns: tuple[str, ...] = ()
    """csv, tables, xlsx: names of the cells in order, an empty name leaves one out; none: the first
    line's"""
    quote: str = Field(default='"', min_length=1, max_length=1)
    """csv: the character around cells that hold a separator"""
    speakers: dict[str, str] = Field(default_factory=dict)
    """dialogues: the letters of a turn's code and the speaker's name in the text"""
    licence_by: Literal["document", "aggregator"] = "document"
    """who put the licence field on a record: its author (rank 1) or a collector (rank 3)"""
    attribution: str = ""
    """whom to credit where a document names nobody"""
    rights_basis: RightsBasis = LICENCE_ONLY
    """on what right its documents are used; a basis beside the licence may allow training, never
    publication"""

    @model_validator(mode="before")
    @classmethod
    def _takes_from_its_entry(cls, value: Any) -> Any:
        return with_defaults(value) if isinstance(value, Mapping) else value

    @field_validator("terms", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, Mapping | Terms) else value

    @field_validator("path")
    @classmethod
    def _stays_below_data(cls, path: str) -> str:
        parts = PurePosixPath(path).parts
        if ".." in parts or path.startswith("/"):
            raise ValueError("path is a folder below data")
        return path

    @model_validator(mode="after")
    def _fetches_into_a_folder(self) -> Self:
        if self.fetch and not self.path:
            raise ValueError("fetch needs path: the folder below data that it fills")
        return self

    @model_validator(mode="after")
    def _pairs_need_a_language(self) -> Self:
        if self.reader in ("moses", "tmx") and not self.language:
            raise ValueError(
                f"reader {self.reader} needs language: which side of the pairs to take"
            )
        return self


class CorpusSettings(_Settings):
    """One version of a corpus: which documents may be in it, and how they are prepared."""

    sources: tuple[str, ...] = Field(min_length=1)
    use: Literal["commercial", "research"]
    split: Literal["train", "validation", "held_out"] = "train"
    """validation: for choosing; held_out: for the final figures; neither is ever published, so that
    both stay unseen"""
    clean: CleaningName = "clinical"
    """clinical: keeps the meaning; flaubert: the papers' way, which does not, for comparison"""
    dedup: Literal["exact", "verified", "loose"] = "verified"
    """exact: copies only; verified: also five-grams four fifths alike; loose: for noisy copies"""
    personal_data: Literal["mask", "drop", "count"] = "mask"
    """what becomes of e-mail addresses, telephone and insurance numbers, and of names"""
    names: bool = True
    """whether names after titles are personal data here; not in news, law or parliament"""
    decontaminate: tuple[str, ...] = ()
    """tasks whose questions must not be found in the corpus"""
    shards: int = Field(default=1, ge=1, le=10_000)
    """Parquet files; the same for any number of workers"""
