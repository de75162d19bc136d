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
    "mods", "moses", "parquet", "pdf", "pubmed", "questions", "sentences", "tables", "tei", "text",
    "tmx", "xlsx", "xmi",
]  # fmt: skip
CleaningName = Literal["clinical", "flaubert"]
Partition = Literal["train", "validation", "test"]
FieldName = Literal[
    "id",
    "title",
    "text",
    "tokens",
    "language",
    "licence",
    "attribution",
    "partition",
    "question",
    "options",
    "answer",
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
    optional: bool = Field(default=False, exclude_if=lambda value: not value)
    """left out where its files are not there, which `plan` and `run` say"""
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
    task_dataset: bool = False
    """its folders or files are partitions (train, dev, test), and its documents are marked with
    them; a record may also say so itself (`fields: {partition: split}`)"""
    partitions: tuple[Partition, ...] = ()
    """set aside what is of none of these; empty: take all, as the papers did"""
    terms: tuple[Terms, ...] = ()
    """one or several; several bind together as the licence audit says"""
    fields: dict[FieldName, str] = Field(default_factory=dict)
    """csv, json, jsonl, parquet, questions, tables, xlsx: names of the fields where they differ;
    parquet: `tokens`, of rows that are sentences cut into words"""
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


class BoilerplateSettings(_Settings):
    """Lines repeated over many documents of a source: see corpus/boilerplate.py for their form."""

    min_documents: int = Field(default=50, ge=10)
    """of the source that have the line"""
    min_share: float = Field(default=0.2, gt=0.0, le=1.0)
    """of the documents of the source that have the line"""


class MixPart(_Settings):
    """Some documents and how much of them; a document belongs to the first part that names it."""

    sources: tuple[str, ...] = ()
    """none: of any source"""
    languages: tuple[str, ...] = ()
    """ISO 639-1; none: in any language"""
    other_languages: tuple[str, ...] = ()
    """all languages but these, and documents whose language is not known"""
    share: float | None = Field(default=None, gt=0.0, le=1.0)
    """of the whole corpus"""
    amount: int | None = Field(default=None, gt=0)
    """words or tokens"""
    fill: bool = False
    """what is missing to `budget`"""

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        if (self.share is not None) + (self.amount is not None) + self.fill > 1:
            raise ValueError("say one of share, amount and fill; none of them means all documents")
        if self.languages and self.other_languages:
            raise ValueError("say languages or other_languages, not both")
        return self


class Mix(_Settings):
    """How much of what; which documents is decided by a hash of their text."""

    parts: tuple[MixPart, ...] = Field(min_length=1)
    unit: Literal["words", "tokens"] = "words"
    """tokens: counted by `tokenizer`, without special tokens"""
    tokenizer: str = ""
    """tokens: the release's model whose tokenizer counts"""
    budget: int | None = Field(default=None, gt=0)
    """of the whole corpus; none: as much as the shares allow"""

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if any(part.fill for part in self.parts) and self.budget is None:
            raise ValueError("a part with fill needs a budget to fill up to")
        if sum(part.fill for part in self.parts) > 1:
            raise ValueError("only one part can fill what is missing")
        if sum(part.share or 0.0 for part in self.parts) > 1.0 + 1e-9:
            raise ValueError("the shares are more than 1 together")
        if (self.unit == "tokens") != bool(self.tokenizer):
            raise ValueError("unit tokens needs tokenizer, and only that unit does")
        return self


class CorpusSettings(_Settings):
    """One version of a corpus: which documents may be in it, and how they are prepared."""

    sources: tuple[str, ...] = Field(min_length=1)
    use: Literal["commercial", "research"]
    split: Literal["train", "validation", "held_out"] = "train"
    """validation: for choosing; held_out: for the final figures; neither is ever published, so that
    both stay unseen"""
    publish: bool = True
    """false: for training alone; it may hold what may be trained on and not be published, and no
    part of it ever is"""
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
    contaminated: Literal["drop", "flag"] = "drop"
    """flag: a document with a test question stays; hits.parquet says which"""
    boilerplate: BoilerplateSettings | None = None
    """none: repeated lines stay"""
    domain_filter: str = ""
    """name of one of `filters`: what its classifier does not take is left out; every document's
    score is in the ledger"""
    mix: Mix | None = None
    """none: all documents"""
    sized_as: str = ""
    """a corpus: as many words as that one, drawn at random; the ablation of a filter"""
    sized_in: str = ""
    """a model: counts that size in tokens of its tokenizer"""
    shards: int = Field(default=1, ge=1, le=10_000)
    """Parquet files; the same for any number of workers"""

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if self.sized_as and self.mix:
            raise ValueError("sized_as draws a random sample, mix a planned one: say one of them")
        if self.sized_in and not self.sized_as:
            raise ValueError("sized_in counts the size of sized_as: name that corpus")
        return self


class CorpusSystem(_Settings):
    """Where the tasks of the corpus stage run; never changes a byte of the result."""

    executor: Literal["local", "ray", "slurm"] = "local"
    workers: int | None = Field(default=None, ge=1)
    """tasks at a time; none: the release's `workers`"""
    address: str = "auto"
    """ray: of the running cluster"""
    memory_gb: float = Field(default=2.0, gt=0)
    """ray, slurm: of a task"""
    partition: str = ""
    time: str = "24:00:00"
    """slurm: limit of a task"""
    qos: str = ""
    activate: str = ""
    """slurm: script sourced before a task; none: this environment's own"""
    sbatch: dict[str, str] = Field(default_factory=dict)
    """slurm: any other directive, such as account"""

    @model_validator(mode="after")
    def _slurm_needs_a_partition(self) -> Self:
        if self.executor == "slurm" and not self.partition:
            raise ValueError("executor slurm needs partition")
        return self
