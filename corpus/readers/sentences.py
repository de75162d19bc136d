"""Plain text with one sentence a line and no document boundaries, as treebanks have it.

Twenty sentences make a document: near the length of the other documents, and small enough that a
held-out share can be drawn from a single file.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from corpus.document import SourceDocument
from corpus.settings import SourceSettings

SENTENCES = 20


def read_sentences(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    try:
        sentences = iter(path.read_text(encoding="utf-8").splitlines())
    except UnicodeDecodeError as error:
        yield SourceDocument(path.stem, source, "", problem=f"not UTF-8: {error.reason}")
        return
    number = 0
    while block := list(islice(sentences, SENTENCES)):
        number += 1
        text = "\n".join(block)
        if text.strip():
            yield SourceDocument(f"{path.stem}:{number}", source, text)
