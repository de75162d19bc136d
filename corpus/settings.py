"""The corpus part of a release file."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Terms(_Settings):
    """What the source says about all its documents: evidence of rank 2."""

    licence: str
    """the words of the source, or an SPDX id"""
    url: str = ""


class SourceSettings(_Settings):
    """Local files in one native form."""

    reader: Literal["jats", "json", "jsonl", "sentences"]
    files: str
    """glob below `data`"""
    language: str = ""
    """BCP 47; empty: what each document says"""
    terms: Terms | None = None
    fields: dict[Literal["id", "text", "language", "licence", "attribution"], str] = Field(
        default_factory=dict
    )
    """json, jsonl: names of the fields, where they differ from ours"""
    licence_by: Literal["document", "aggregator"] = "document"
    """who put the licence field on a record: its author (rank 1) or a collector (rank 3)"""
    attribution: str = ""
    """whom to credit where a document names nobody"""


class CorpusSettings(_Settings):
    """One version of a corpus: which documents may be in it, and how they are prepared."""

    sources: tuple[str, ...] = Field(min_length=1)
    use: Literal["commercial", "research"]
    split: Literal["train", "held_out"] = "train"
    """held_out: the documents kept for evaluation; never published, so that they stay unseen"""
    clean: Literal["clinical"] = "clinical"
    decontaminate: tuple[str, ...] = ()
    """tasks whose questions must not be found in the corpus"""
    shards: int = Field(default=1, ge=1, le=10_000)
    """Parquet files; the same for any number of workers"""
