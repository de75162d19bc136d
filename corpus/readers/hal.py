"""HAL's search API: JSON with the records in `response.docs`.

One document a language, as the TEI reader has it: title and abstract of `hal-00766214` in the
record's main language, `hal-00766214:en` in another. HAL gives each field once without a language
(`title_s`, all of them) and once for each (`fr_title_s`); the latter are taken where they are
there. A record's `licence_s` is what its depositors said of the deposit: evidence of rank 1.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corpus.document import SourceDocument
from corpus.readers.files import Unreadable
from corpus.readers.language import language_code
from corpus.readers.records import iterate_file, iterate_lines, text_of
from corpus.settings import SourceSettings
from hub.licences.evidence import Evidence

_BY_LANGUAGE = re.compile(r"([a-z]{2})_(title|abstract)_s")


def read_hal(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    """An answer of the API, a list of answers or records, or one of them a line (`.jsonl`)."""
    iterate = iterate_lines if ".jsonl" in path.suffixes else iterate_file
    for name, value in iterate(path):
        if not isinstance(value, dict):
            problem = str(value) if isinstance(value, Unreadable) else "not a JSON object"
            yield SourceDocument(name, source, "", problem=problem)
            continue
        answer = value.get("response")
        records = answer.get("docs") if isinstance(answer, dict) else [value]
        if not isinstance(records, list):
            yield SourceDocument(name, source, "", problem="no response.docs in it")
            continue
        for number, record in enumerate(records, start=1):
            place = f"{name}:{number}" if isinstance(answer, dict) else name
            if isinstance(record, dict):
                yield from _documents(source, place, record)
            else:
                yield SourceDocument(place, source, "", problem="not a JSON object")


def _documents(source: str, name: str, record: dict[str, Any]) -> Iterator[SourceDocument]:
    name = text_of(record.get("halId_s")) or name
    main = language_code(text_of(first_of(record.get("language_s"))))
    parts: dict[str, list[str]] = {}
    for kind in ("title", "abstract"):
        said = {
            found[1]: value
            for key, value in record.items()
            if (found := _BY_LANGUAGE.fullmatch(key)) and found[2] == kind
        }
        for language, value in (said or {main: record.get(f"{kind}_s")}).items():
            words = _words(value)
            if words:
                parts.setdefault(language, []).extend(words)
    evidence = licence_evidence(record)
    attribution = text_of(record.get("authFullName_s"))
    for position, language in enumerate(sorted(parts, key=lambda code: code != main)):
        id = name if position == 0 else f"{name}:{language}"
        text = "\n\n".join(parts[language])
        yield SourceDocument(id, source, text, language, attribution, evidence)
    if not parts:
        yield SourceDocument(name, source, "", problem="no title and no abstract")


def licence_evidence(record: dict[str, Any]) -> tuple[Evidence, ...]:
    licence = text_of(record.get("licence_s"))
    return (Evidence(1, licence),) if licence else ()


def _words(value: Any) -> list[str]:
    members = value if isinstance(value, list) else [value]
    return [text for member in members if (text := text_of(member).strip())]


def first_of(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value
