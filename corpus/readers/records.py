"""JSON: one object (or a list of objects) a file, or one object a line.

A record needs a text; its other fields are optional. A record that is not an object with a text is
set aside with its reason, and reading goes on behind it. A field may be a list, of strings or of
objects: E3C names its authors `[{"author": " Ana Canestri"}, …]`.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corpus.document import SourceDocument
from corpus.partitions import partition_name
from corpus.readers.files import Unreadable, read_raw_lines, read_text
from corpus.readers.language import language_code
from corpus.settings import FieldName, SourceSettings
from hub.licences.evidence import Evidence

_SURROGATE = re.compile(r"[\ud800-\udfff]")
"""JSON can say half a character (`"\\ud83d"`), which no file can hold"""


def read_jsonl(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    for name, record in iterate_lines(path):
        yield _document_or_problem(source, settings, name, record)


def read_json(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    for name, record in iterate_file(path):
        yield _document_or_problem(source, settings, name, record)


def iterate_lines(path: Path) -> Iterator[tuple[str, Any]]:
    """A name and a value for every line; an Unreadable instead of a value that is not JSON."""
    number = 0
    try:
        for number, line in read_raw_lines(path):
            name = f"{path.stem}:{number}"
            if line is None:
                yield name, Unreadable("line too long")
            elif line.strip():
                yield name, _parse(line)
    except Unreadable as error:
        yield f"{path.stem}:{number + 1}", error


def iterate_file(path: Path) -> Iterator[tuple[str, Any]]:
    """A name and a value for each member of a list, or for the file as a whole."""
    try:
        value = _parse(read_text(path).encode())
    except Unreadable as error:
        value = error
    if isinstance(value, list):
        for number, record in enumerate(value, start=1):
            yield f"{path.stem}:{number}", record
    else:
        yield path.stem, value


def record_document(
    source: str, settings: SourceSettings, name: str, record: dict[str, Any]
) -> SourceDocument:
    """The document that `settings.fields` finds in a record of any form."""
    text = text_of(_value(record, settings, "text"), "\n\n")
    if not text.strip():
        return SourceDocument(name, source, "", problem="no text")
    rank: Any = 1 if settings.licence_by == "document" else 3
    licences = _value(record, settings, "licence")
    stated = [text_of(one) for one in (licences if isinstance(licences, list) else [licences])]
    return SourceDocument(
        id=text_of(_value(record, settings, "id")) or name,
        source=source,
        text=text,
        language=language_code(text_of(_value(record, settings, "language"))),
        attribution=text_of(_value(record, settings, "attribution")),
        evidence=tuple(Evidence(rank, statement) for statement in stated if statement),
        partition=partition_name(text_of(_value(record, settings, "partition"))),
    )


def text_of(value: Any, between: str = ", ") -> str:
    """A JSON value in words: the members of a list joined, of an object its name or all its words.

    >>> text_of([{"author": "Ana Canestri"}, {"author": "  Lionnet  François"}])
    'Ana Canestri, Lionnet François'
    """
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list):
        return between.join(text for member in value if (text := _member(member, between)))
    if isinstance(value, dict):
        named = value.get("author") or value.get("name")
        members = [named] if named else list(value.values())
        return " ".join(text for member in members if (text := _member(member, " ")))
    return "" if value is None else str(value)


def _member(value: Any, between: str) -> str:
    """One of several: a name's own spacing does not count, a paragraph's does."""
    text = text_of(value)
    return text.strip() if "\n" in between else " ".join(text.split())


def _document_or_problem(
    source: str, settings: SourceSettings, name: str, record: Any
) -> SourceDocument:
    if isinstance(record, dict):
        return record_document(source, settings, name, record)
    problem = str(record) if isinstance(record, Unreadable) else "not a JSON object"
    return SourceDocument(name, source, "", problem=problem)


def _parse(content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return Unreadable(f"not JSON: {error}")


def _value(record: dict[str, Any], settings: SourceSettings, field: FieldName) -> Any:
    return record.get(settings.fields.get(field, field))
