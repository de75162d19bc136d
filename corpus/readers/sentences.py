"""Plain text with one sentence a line and no document boundaries, as treebanks have it.

Twenty sentences make a document: near the length of the other documents, and small enough that a
held-out share can be drawn from a single file. A line that is not UTF-8 is set aside alone.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from corpus.document import SourceDocument
from corpus.readers.files import RawLine, Unreadable, read_raw_lines
from corpus.settings import SourceSettings

SENTENCES = 20


def read_sentences(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    problems: list[str] = []
    lines = _lines(path, problems)
    number = 0
    while block := list(islice(lines, SENTENCES)):
        number += 1
        sentences = []
        for line, content in block:
            sentence, problem = _decode(content)
            if problem:
                yield SourceDocument(f"{path.stem}:line-{line}", source, "", problem=problem)
            else:
                sentences.append(sentence)
        text = "\n".join(sentences)
        if text.strip():
            yield SourceDocument(f"{path.stem}:{number}", source, text)
    for problem in problems:
        yield SourceDocument(f"{path.stem}:{number + 1}", source, "", problem=problem)


def _lines(path: Path, problems: list[str]) -> Iterator[RawLine]:
    """Where reading ends early, `problems` says why."""
    try:
        yield from read_raw_lines(path)
    except Unreadable as error:
        problems.append(str(error))


def _decode(content: bytes | None) -> tuple[str, str]:
    """The sentence, or why it cannot be read."""
    if content is None:
        return "", "line too long"
    try:
        return content.decode("utf-8-sig"), ""
    except UnicodeDecodeError as error:
        return "", f"not UTF-8: {error.reason}"
