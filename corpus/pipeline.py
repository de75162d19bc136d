"""The datatrove blocks of the corpus stage, and their executor.

Between the two pipelines documents lie in `spill/NNNNN.jsonl`, one file a task, written under a
temporary name and renamed: datatrove marks a task complete after it ran, so a killed task is
redone.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from loguru import logger

from corpus.clean import clean
from corpus.decide import Decision
from corpus.document import SourceDocument
from corpus.fingerprint import fingerprint
from corpus.languages import in_language
from corpus.personal_data import KINDS, mask
from corpus.readers.registry import read
from corpus.settings import CleaningName, CorpusSettings, SourceSettings

TEXT_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("id", "source", "language", "licence", "attribution", "text")]
)
EXCLUDED_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("id", "source", "reason", "rule", "licence", "text")]
)


class Read(PipelineStep):  # type: ignore[misc]  # datatrove ships no types
    """The files of this task, document by document; every `world_size`-th file is ours."""

    type = "reader"
    name = "sources"

    def __init__(self, files: list[tuple[str, Path]], sources: dict[str, SourceSettings]) -> None:
        super().__init__()
        self.files = files
        self.sources = sources

    def run(
        self, data: Iterator[Document] | None, rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        for source, path in self.files[rank::world_size]:
            settings = self.sources[source]
            for found in read(source, settings, path):
                language = found.language or settings.language
                yield Document(
                    text=found.text, id=found.id,
                    metadata={"document": replace(found, text="", language=language)},
                )  # fmt: skip


class Clean(PipelineStep):  # type: ignore[misc]
    """As the settings ask; a text that vanishes under it is set aside."""

    type = "format"
    name = "clean"

    def __init__(self, cleaning: CleaningName = "clinical") -> None:
        super().__init__()
        self.cleaning: CleaningName = cleaning

    def run(
        self, data: Iterator[Document], rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        for document in data:
            cleaned = clean(document.text, self.cleaning)
            document.text = cleaned.text
            document.metadata["edits"] = cleaned.counts
            origin: SourceDocument = document.metadata["document"]
            if not cleaned.text and not origin.problem:
                document.metadata["document"] = replace(origin, problem="no text after cleaning")
            yield document


class Languages(PipelineStep):  # type: ignore[misc]
    """Told where a source asks for some only: a document in another one is set aside."""

    type = "filter"
    name = "languages"

    def __init__(self, sources: dict[str, SourceSettings], data: Path) -> None:
        super().__init__()
        self.sources = sources
        self.data = data

    def run(
        self, data: Iterator[Document], rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        for document in data:
            origin: SourceDocument = document.metadata["document"]
            settings = self.sources[origin.source]
            if settings.languages and not origin.problem:
                document.metadata["document"] = in_language(
                    origin, document.text, settings, self.data
                )
            yield document


class PersonalData(PipelineStep):  # type: ignore[misc]
    """Counted always; masked, if so asked, before the text is written anywhere."""

    type = "format"
    name = "personal data"

    def __init__(self, settings: CorpusSettings) -> None:
        super().__init__()
        self.masks = settings.personal_data == "mask"
        self.kinds = tuple(kind for kind in KINDS if settings.names or kind != "name")

    def run(
        self, data: Iterator[Document], rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        for document in data:
            # Of the text as it was: masking must not move a document to another split.
            document.metadata["fingerprint"] = fingerprint(document.text)
            origin: SourceDocument = document.metadata["document"]
            masked = mask(document.text, origin.language.split("-")[0], self.kinds)
            document.metadata["personal"] = masked.counts
            if self.masks:
                document.text = masked.text
            yield document


class Spill(PipelineStep):  # type: ignore[misc]
    """To disk, for the decisions that need to see all documents."""

    type = "writer"
    name = "spill"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def run(
        self, data: Iterator[Document], rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        path = self.folder / f"{rank:05d}.jsonl"
        temporary = path.with_suffix(".tmp")
        with temporary.open("w", encoding="utf-8") as lines:
            for document in data:
                origin: SourceDocument = document.metadata["document"]
                row = {
                    "document": replace(origin, text=document.text).to_json(),
                    "fingerprint": document.metadata["fingerprint"],
                    "edits": document.metadata["edits"],
                    "personal": document.metadata["personal"],
                }
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")
            lines.flush()
            os.fsync(lines.fileno())
        temporary.replace(path)
        return iter(())


class WriteShards(PipelineStep):  # type: ignore[misc]
    """One Parquet shard of kept text and one of excluded text a task, by the decisions made."""

    type = "writer"
    name = "shards"

    def __init__(self, spill: Path, decisions: Path, kept: Path, excluded: Path) -> None:
        super().__init__()
        self.spill = spill
        self.decisions = decisions
        self.kept = kept
        self.excluded = excluded

    def run(
        self, data: Iterator[Document] | None, rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        kept: list[dict[str, Any]] = []
        excluded: list[dict[str, Any]] = []
        documents = read_spill(self.spill / f"{rank:05d}.jsonl")
        decisions = read_decisions(self.decisions / f"{rank:05d}.jsonl")
        for spilled, decision in zip(documents, decisions, strict=True):
            row = asdict(decision) | {"text": spilled.document.text}
            if decision.status == "kept":
                kept.append(row)
            elif decision.status == "excluded":
                excluded.append(row)
        name = f"{rank:05d}-of-{world_size:05d}.parquet"
        write_parquet(self.kept / f"train-{name}", kept, TEXT_SCHEMA)
        write_parquet(self.excluded / f"excluded-{name}", excluded, EXCLUDED_SCHEMA)
        return iter(())


class _Executor(LocalPipelineExecutor):  # type: ignore[misc]
    """Without datatrove's log on the terminal, in this process and in its workers."""

    def _run_for_rank(self, rank: int, local_rank: int = 0, node_rank: int = -1) -> Any:
        logger.disable("datatrove")
        return super()._run_for_rank(rank, local_rank, node_rank)


def execute(steps: list[PipelineStep], tasks: int, workers: int, log: Path) -> None:
    """Run `steps` for every task; tasks that `log` says are complete are skipped."""
    logger.disable("datatrove")
    _Executor(steps, tasks=tasks, workers=min(workers, tasks), logging_dir=str(log)).run()


class Spilled(NamedTuple):
    """A document on disk, with what the first pipeline found out."""

    document: SourceDocument
    fingerprint: str
    edits: dict[str, int]
    personal: dict[str, int]
    """spans of personal data by kind"""
    offset: int
    """where its line begins, in bytes"""


def read_spill(path: Path, offset: int = 0) -> Iterator[Spilled]:
    """The documents of one task, from the one whose line begins at `offset` on."""
    with path.open("rb") as lines:
        lines.seek(offset)
        for line in lines:
            row = json.loads(line)
            document = SourceDocument.from_json(row.pop("document"))
            yield Spilled(document, offset=offset, **row)
            offset += len(line)


def read_decisions(path: Path) -> Iterator[Decision]:
    """None where the task had no documents."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield Decision(**json.loads(line))


def write_parquet(path: Path, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
    """Same rows, same bytes: an explicit schema, one codec, nothing about the machine."""
    columns = {name: [row[name] for row in rows] for name in schema.names}
    temporary = path.with_suffix(".tmp")
    pq.write_table(
        pa.table(columns, schema=schema),
        temporary,
        compression="zstd",
        row_group_size=10_000,
        write_page_index=True,
    )
    temporary.replace(path)
