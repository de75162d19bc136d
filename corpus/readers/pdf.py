"""PDF files, page by page with PDFium.

Taken: all text of the pages, in the order that PDFium gives it. Left out: what stands at the head
or foot of most pages (running titles, page numbers). A PDF knows lines, not paragraphs: a line that
fills the page goes on in the next one, a short line ends its paragraph. A word cut at the end of a
line is made whole where both halves are small letters, and keeps its hyphen elsewhere, because
`1,2-` may be the start of a substance. Scanned pages have no text: they are set aside, not
recognised.

A PDF says nothing of its licence. `ID.json` beside `ID.pdf`, the record it was fetched with (HAL's
fields), does: its licence is evidence of rank 1 as in the record, its authors are credited.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from corpus.document import SourceDocument
from corpus.readers.hal import first_of, licence_evidence
from corpus.readers.language import language_code
from corpus.readers.records import text_of
from corpus.settings import SourceSettings

_EDGE = 2
"""lines at the head and at the foot of a page that may be furniture"""
_FEWEST_PAGES = 3
_PAGE_NUMBER = re.compile(
    r"[-–—\s]*(?:page\s*)?\d{1,4}(?:\s*(?:/|sur|of|von|de)\s*\d{1,4})?[-–—\s]*", re.I
)
_CUT = re.compile("(?<=(.))[\ufffe\u00ad\x02]\n?(?=(.))")
"""how PDFium says that a word is cut at the end of a line"""
_ENDS = tuple(".:;!?…")


def read_pdf(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    import pypdfium2

    try:
        pages = _pages(path)
    except pypdfium2.PdfiumError as error:
        yield SourceDocument(path.stem, source, "", problem=f"not readable as PDF: {error}")
        return
    text = "\n".join(_joined(lines) for lines in _without_furniture(pages) if lines)
    problem = "" if text.strip() else "no text: scanned pages?"
    document = SourceDocument(path.stem, source, text if not problem else "", problem=problem)
    yield _as_recorded(document, path.with_suffix(".json"))


def _as_recorded(document: SourceDocument, record: Path) -> SourceDocument:
    """With what the record beside the file says of it."""
    if not record.is_file():
        return document
    try:
        said = json.loads(record.read_bytes())
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        return replace(document, text="", problem=f"{record.name} beside it is not a record")
    return replace(
        document,
        # The record itself is a document of that id: title and abstract.
        id=f"{text_of(said.get('halId_s')) or document.id}:file",
        language=language_code(text_of(first_of(said.get("language_s")))),
        attribution=text_of(said.get("authFullName_s")),
        evidence=licence_evidence(said),
    )


def _pages(path: Path) -> list[list[str]]:
    import pypdfium2

    with path.open("rb"):  # what is not there is the file system's error, not the format's
        pass
    found = []
    document: Any = pypdfium2.PdfDocument(path)
    try:
        for number in range(len(document)):
            page = document[number]
            textpage = page.get_textpage()
            text = textpage.get_text_range().replace("\x00", "").replace("\r\n", "\n")
            text = _CUT.sub(lambda cut: "" if (cut[1] + cut[2]).islower() else "-", text)
            found.append([line for raw in text.split("\n") if (line := raw.strip())])
            textpage.close()
            page.close()
    finally:
        document.close()
    return found


def _without_furniture(pages: list[list[str]]) -> Iterator[list[str]]:
    """Without the lines at the edges that come back on most pages, whatever number they count."""
    seen: Counter[str] = Counter()
    for lines in pages:
        seen.update({_shape(line) for line in (*lines[:_EDGE], *lines[-_EDGE:])})
    often = max(_FEWEST_PAGES, len(pages) // 2 + 1)
    furniture = {shape for shape, count in seen.items() if count >= often}

    def is_furniture(line: str) -> bool:
        numbered = len(pages) > 1 and _PAGE_NUMBER.fullmatch(line) is not None
        return numbered or _shape(line) in furniture

    for lines in pages:
        first, last = 0, len(lines)
        while first < min(_EDGE, last) and is_furniture(lines[first]):
            first += 1
        while last > max(first, len(lines) - _EDGE) and is_furniture(lines[last - 1]):
            last -= 1
        yield lines[first:last]


def _shape(line: str) -> str:
    return re.sub(r"\d+", "#", line)


def _joined(lines: list[str]) -> str:
    width = max(map(len, lines))
    text = lines[0]
    for before, line in pairwise(lines):
        if before[-1] == "-" and before[-2:-1].isalnum() and line[0].islower():
            text += line  # `anti-` may be cut or hyphenated: both keep their letters
        elif len(before) > 0.7 * width and not before.endswith(_ENDS):
            text += f" {line}"
        else:
            text += f"\n{line}"
    return text
