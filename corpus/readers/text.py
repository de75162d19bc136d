"""Plain text, one document a file, UTF-8 or cp1252; paragraphs and lines stay as they are."""

from collections.abc import Iterator
from pathlib import Path

from corpus.document import SourceDocument
from corpus.readers.files import Unreadable, as_cp1252, read_bytes
from corpus.settings import SourceSettings


def read_plain(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    try:
        content = read_bytes(path)
        if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in content[:4096]:
            raise Unreadable("UTF-16 or no text, expected UTF-8 or cp1252")
    except Unreadable as error:
        yield SourceDocument(path.stem, source, "", problem=str(error))
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = as_cp1252(content)
    has_text = bool(text.strip())
    yield SourceDocument(
        path.stem, source, text if has_text else "", problem="" if has_text else "no text"
    )
