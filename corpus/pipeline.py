"""The datatrove blocks of the corpus stage.

    Read → Clean → Languages → [Boilerplate] → PersonalData → Spill     one task a unit, cached
    Examine                                                             one task a unit, cached
    WriteShards                                                         one task a shard

What a task finished is a file under its final name, so a killed run goes on with the tasks whose
file is missing, and a changed setting repeats only what it decides.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from copy import copy, deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from corpus.boilerplate import Boilerplate, LineCounts
from corpus.clean import clean
from corpus.decontaminate import indexed
from corpus.dedup.minhash import Profile
from corpus.document import SourceDocument
from corpus.examine import examine
from corpus.fingerprint import fingerprint_of, words
from corpus.languages import in_language
from corpus.personal_data import Kind, mask
from corpus.readers.registry import read
from corpus.settings import CleaningName, SourceSettings
from corpus.units import Unit, texts_of, write_unit
from hub.disk import write_json

TEXT_SCHEMA = pa.schema(
    [
        (name, pa.string())
        for name in ("id", "source", "language", "partition", "licence", "attribution", "text")
    ]
)
EXCLUDED_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("id", "source", "reason", "rule", "licence", "text")]
)
ROW_GROUP = 10_000
"""documents"""
ROW_GROUP_CHARACTERS = 48 << 20
"""fewer documents where they are long: a worker holds one row group, and the Hub's viewer takes 286
MiB. Of at most 4 bytes a character, and one document more of 64 MiB (the readers' limit), it is 256
MiB at most"""


class Task(PipelineStep):  # type: ignore[misc]  # datatrove ships no types
    """The executors copy a step for every task; what it only reads is shared."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = copy(self)
        twin.stats = deepcopy(self.stats, memo)
        return twin


class Read(Task):
    """The files of the unit of this task, document by document."""

    type = "reader"
    name = "sources"

    def __init__(self, units: Sequence[Unit], sources: dict[str, SourceSettings]) -> None:
        super().__init__()
        self.units = units
        self.sources = sources

    def run(
        self, data: Iterator[Document] | None, rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        unit = self.units[rank]
        settings = self.sources[unit.source]
        for path in unit.files:
            for found in read(unit.source, settings, path):
                language = found.language or settings.language
                yield Document(
                    text=found.text, id=found.id,
                    metadata={"document": replace(found, text="", language=language)},
                )  # fmt: skip


class Clean(Task):
    """As the settings ask; a text that vanishes under it is set aside."""

    type = "format"
    name = "clean"

    def __init__(self, cleaning: CleaningName) -> None:
        super().__init__()
        self.cleaning: CleaningName = cleaning

    def run(
        self, data: Iterator[Document], rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        for document in data:
            cleaned = clean(document.text, self.cleaning)
            document.text = cleaned.text
            document.metadata["edits"] = dict(cleaned.counts)
            origin: SourceDocument = document.metadata["document"]
            if not cleaned.text and not origin.problem:
                document.metadata["document"] = replace(origin, problem="no text after cleaning")
            yield document


class Languages(Task):
    """Told where a source asks for some only: a document in another one is set aside."""

    type = "filter"
    name = "languages"

    def __init__(self, sources: dict[str, SourceSettings], folder: Path) -> None:
        super().__init__()
        self.sources = sources
        self.folder = folder
        """of the local sources, where a model for it may lie"""

    def run(
        self, data: Iterator[Document], rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        for document in data:
            origin: SourceDocument = document.metadata["document"]
            settings = self.sources[origin.source]
            if settings.languages and not origin.problem:
                document.metadata["document"] = in_language(
                    origin, document.text, settings, self.folder
                )
            yield document


class CountLines(Task):
    """In how many documents of the unit each line stands that could be boilerplate."""

    type = "writer"
    name = "lines"

    def __init__(self, units: Sequence[Unit]) -> None:
        super().__init__()
        self.units = units

    def run(
        self, data: Iterator[Document], rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        counts = LineCounts()
        for document in data:
            counts.add(document.text)
        counts.save(self.units[rank].beside("lines"))
        return iter(())


class WithoutBoilerplate(Task):
    """Lines that are repeated over many documents of the source are taken out."""

    type = "format"
    name = "boilerplate"

    def __init__(self, units: Sequence[Unit], repeated: dict[str, Boilerplate]) -> None:
        super().__init__()
        self.units = units
        self.repeated = repeated
        """by source"""

    def run(
        self, data: Iterator[Document], rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        unit = self.units[rank]
        repeated = self.repeated[unit.source]
        lines: Counter[str] = Counter()
        for document in data:
            removed = repeated.remove(document.text)
            if removed.spans:
                lines.update(document.text[s.start : s.end].strip() for s in removed.spans)
                document.text = removed.text
                document.metadata["edits"] |= {"boilerplate": len(removed.spans)}
                origin: SourceDocument = document.metadata["document"]
                if not removed.text and not origin.problem:
                    nothing = replace(origin, problem="nothing but boilerplate")
                    document.metadata["document"] = nothing
            yield document
        # Before the unit is whole, which Spill says when this generator ends.
        write_json(unit.lines, lines)


class PersonalData(Task):
    """Counted always; masked, if so asked, before the text is written anywhere."""

    type = "format"
    name = "personal data"

    def __init__(self, masks: bool, kinds: tuple[Kind, ...]) -> None:
        super().__init__()
        self.masks = masks
        self.kinds = kinds

    def run(
        self, data: Iterator[Document], rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        for document in data:
            found = words(document.text)
            # Of the text as it was: masking must not move a document to another split.
            document.metadata["fingerprint"] = fingerprint_of(found, document.text)
            origin: SourceDocument = document.metadata["document"]
            masked = mask(document.text, origin.language.split("-")[0], self.kinds)
            document.metadata["personal"] = masked.counts
            if self.masks and masked.counts:
                document.text = masked.text
                found = words(document.text)
            document.metadata["num_words"] = len(found)
            yield document


class Spill(Task):
    """To disk, for the decisions that need to know all documents."""

    type = "writer"
    name = "spill"

    def __init__(self, units: Sequence[Unit]) -> None:
        super().__init__()
        self.units = units

    def run(
        self, data: Iterator[Document], rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        write_unit(self.units[rank], map(_facts, data))
        return iter(())


class Examine(Task):
    """Signatures and test questions, for units where they were not found yet."""

    type = "stats"
    name = "examine"

    def __init__(
        self,
        units: Sequence[Unit],
        signatures: tuple[str, Profile] | None,
        tasks: tuple[str, tuple[tuple[str, Path], ...]] | None,
    ) -> None:
        super().__init__()
        self.units = units
        self.signatures = signatures
        self.tasks = tasks
        """(folder, (name, items)): each worker indexes them once"""

    def run(
        self, data: Iterator[Document] | None, rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        questions = (self.tasks[0], indexed(self.tasks[1])) if self.tasks else None
        examine(self.units[rank], self.signatures, questions)
        return iter(())


class WriteShards(Task):
    """One Parquet shard of kept text and one of excluded text a task, by the decisions made."""

    type = "writer"
    name = "shards"

    def __init__(
        self, shards: Sequence[Sequence[Unit]], decisions: Path, kept: Path, excluded: Path
    ) -> None:
        super().__init__()
        self.shards = shards
        self.decisions = decisions
        self.kept = kept
        self.excluded = excluded

    def run(
        self, data: Iterator[Document] | None, rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        name = f"{rank:05d}-of-{world_size:05d}.parquet"
        texts = (text for unit in self.shards[rank] for text in texts_of(unit))
        with (
            ParquetFile(self.kept / f"train-{name}", TEXT_SCHEMA) as kept,
            ParquetFile(self.excluded / f"excluded-{name}", EXCLUDED_SCHEMA) as excluded,
        ):
            for row in _read_rows(self.decisions / f"{rank:05d}.arrow"):
                text = next(texts)
                if row["status"] == "kept":
                    kept.write(row | {"text": text})
                elif row["status"] == "excluded":
                    excluded.write(row | {"text": "" if row["reason"] == "withdrawn" else text})
        return iter(())


class ParquetFile:
    """Same rows, same bytes: an explicit schema, one codec, nothing about the machine."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self._temporary = path.with_suffix(".tmp")
        self._schema = schema
        self._rows: list[dict[str, Any]] = []
        self._characters = 0
        self._is_empty = True
        self._writer = pq.ParquetWriter(
            self._temporary, schema, compression="zstd", write_page_index=True
        )

    def write(self, row: dict[str, Any]) -> None:
        self._rows.append(row)
        self._characters += len(row.get("text", ""))
        if len(self._rows) == ROW_GROUP or self._characters >= ROW_GROUP_CHARACTERS:
            self._flush()

    def _flush(self) -> None:
        columns = {name: [row[name] for row in self._rows] for name in self._schema.names}
        self._writer.write_table(pa.table(columns, schema=self._schema))
        self._rows, self._characters, self._is_empty = [], 0, False

    def __enter__(self) -> "ParquetFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is None and (self._rows or self._is_empty):
            self._flush()
        self._writer.close()
        if kind is None:
            self._temporary.replace(self._path)


def _read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """None where the shard has no documents."""
    if not path.exists():
        return
    with pa.OSFile(str(path), "rb") as stream, pa.ipc.open_file(stream) as reader:
        for number in range(reader.num_record_batches):
            yield from reader.get_batch(number).to_pylist()


def _facts(document: Document) -> tuple[dict[str, Any], str]:
    origin: SourceDocument = document.metadata["document"]
    return {
        "id": origin.id,
        "language": origin.language,
        "attribution": origin.attribution,
        "partition": origin.partition,
        "evidence": json.dumps([[e.rank, e.statement] for e in origin.evidence]),
        "problem": origin.problem,
        "fingerprint": bytes.fromhex(document.metadata["fingerprint"]),
        "num_words": document.metadata["num_words"],
        "edits": _json(document.metadata["edits"]),
        "personal": _json(document.metadata["personal"]),
    }, document.text


def _json(counts: dict[str, int]) -> str:
    return json.dumps(counts, sort_keys=True) if counts else ""
