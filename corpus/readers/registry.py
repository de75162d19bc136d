"""The readers by the name that a release file gives them: `reader: tei`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from corpus.document import SourceDocument
from corpus.partitions import below, partition_of
from corpus.readers.brat import read_brat
from corpus.readers.dialogues import read_dialogues
from corpus.readers.hal import read_hal
from corpus.readers.jats import read_jats
from corpus.readers.markdown import read_markdown
from corpus.readers.mediawiki import read_mediawiki
from corpus.readers.moses import read_moses
from corpus.readers.notices import read_mods, read_pubmed
from corpus.readers.parquet import read_parquet
from corpus.readers.pdf import read_pdf
from corpus.readers.questions import read_questions
from corpus.readers.records import read_json, read_jsonl
from corpus.readers.rows import read_csv, read_xlsx
from corpus.readers.sentences import read_sentences
from corpus.readers.tables import read_tables
from corpus.readers.tei import read_tei
from corpus.readers.text import read_plain
from corpus.readers.tmx import read_tmx
from corpus.readers.web import read_html
from corpus.readers.xmi import read_xmi
from corpus.settings import SourceSettings

Reader = Callable[[str, SourceSettings, Path], Iterator[SourceDocument]]

READERS: Mapping[str, Reader] = {
    "brat": read_brat,
    "csv": read_csv,
    "dialogues": read_dialogues,
    "hal": read_hal,
    "html": read_html,
    "jats": read_jats,
    "json": read_json,
    "jsonl": read_jsonl,
    "markdown": read_markdown,
    "mediawiki": read_mediawiki,
    "mods": read_mods,
    "moses": read_moses,
    "parquet": read_parquet,
    "pdf": read_pdf,
    "pubmed": read_pubmed,
    "questions": read_questions,
    "sentences": read_sentences,
    "tables": read_tables,
    "tei": read_tei,
    "text": read_plain,
    "tmx": read_tmx,
    "xlsx": read_xlsx,
    "xmi": read_xmi,
}


def read(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    """The documents of one file; one that disappeared or cannot be opened is set aside too."""
    partition = partition_of(below(path, settings.path)) if settings.task_dataset else ""
    try:
        for found in READERS[settings.reader](source, settings, path):
            yield _of_partition(replace(found, partition=found.partition or partition), settings)
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
        yield SourceDocument(path.name, source, "", problem=problem)


def _of_partition(document: SourceDocument, settings: SourceSettings) -> SourceDocument:
    """The document, set aside if its partition is not asked for."""
    if not settings.partitions or document.problem or document.partition in settings.partitions:
        return document
    said = f"of the partition {document.partition}" if document.partition else "of no partition"
    return replace(document, text="", problem=f"{said}, asked for {', '.join(settings.partitions)}")
