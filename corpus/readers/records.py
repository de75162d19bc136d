"""JSON: one object (or a list of objects) a file, or one object a line.

A record needs a text; its other fields are optional. A record that is not an object with a text is
set aside with its reason, and reading goes on behind it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corpus.document import SourceDocument
from corpus.settings import SourceSettings
from hub.licences.evidence import Evidence


def read_jsonl(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _parse(source, settings, f"{path.stem}:{number}", line)


def read_json(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    try:
        value = json.loads(path.read_bytes().decode("utf-8-sig"))
    except ValueError as error:
        yield SourceDocument(path.stem, source, "", problem=f"not JSON: {error}")
        return
    if isinstance(value, list):
        for number, record in enumerate(value, start=1):
            yield _document(source, settings, f"{path.stem}:{number}", record)
    else:
        yield _document(source, settings, path.stem, value)


def _parse(source: str, settings: SourceSettings, name: str, line: bytes) -> SourceDocument:
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except ValueError as error:
        return SourceDocument(name, source, "", problem=f"not JSON: {error}")
    return _document(source, settings, name, record)


def _document(source: str, settings: SourceSettings, name: str, record: Any) -> SourceDocument:
    if not isinstance(record, dict):
        return SourceDocument(name, source, "", problem="not a JSON object")
    text = _field(record, settings, "text")
    if not text.strip():
        return SourceDocument(name, source, "", problem="no text")
    stated = _field(record, settings, "licence")
    rank: Any = 1 if settings.licence_by == "document" else 3
    return SourceDocument(
        id=_field(record, settings, "id") or name,
        source=source,
        text=text,
        language=_field(record, settings, "language"),
        attribution=_field(record, settings, "attribution"),
        evidence=(Evidence(rank, stated),) if stated else (),
    )


def _field(record: dict[str, Any], settings: SourceSettings, name: Any) -> str:
    value = record.get(settings.fields.get(name, name), "")
    return value if isinstance(value, str) else "" if value is None else str(value)
