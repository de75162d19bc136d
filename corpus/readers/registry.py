"""The readers by the name that a release file gives them: `reader: tei`."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from corpus.document import SourceDocument
from corpus.readers.brat import read_brat
from corpus.readers.dialogues import read_dialogues
from corpus.readers.jats import read_jats
from corpus.readers.markdown import read_markdown
from corpus.readers.parquet import read_parquet
from corpus.readers.questions import read_questions
from corpus.readers.records import read_json, read_jsonl
from corpus.readers.sentences import read_sentences
from corpus.readers.tables import read_tables
from corpus.readers.tei import read_tei
from corpus.readers.tmx import read_tmx
from corpus.readers.xmi import read_xmi
from corpus.settings import SourceSettings

Reader = Callable[[str, SourceSettings, Path], Iterator[SourceDocument]]

READERS: Mapping[str, Reader] = {
    "brat": read_brat,
    "dialogues": read_dialogues,
    "jats": read_jats,
    "json": read_json,
    "jsonl": read_jsonl,
    "markdown": read_markdown,
    "parquet": read_parquet,
    "questions": read_questions,
    "sentences": read_sentences,
    "tables": read_tables,
    "tei": read_tei,
    "tmx": read_tmx,
    "xmi": read_xmi,
}
