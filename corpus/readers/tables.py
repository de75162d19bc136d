"""Tab-separated tables as the French drug database (BDPM) publishes them.

The form's traps: no header line, no quoting (a `"` is an inch or a quotation, never a delimiter),
cp1252 without saying so, CRLF in most files and LF in others, an empty last cell from a trailing
tab, `<br>` for a line break, and `<` as a sign ("T score < -3").

`columns` names the cells in order; an empty name leaves a cell out, and without `columns` the first
line names them. `fields` says which column is the id, the title and the text (default: columns of
these names). Rows that follow each other with the same id are one document:

    KENZEN 8 mg, comprimé                          title
    Forme : comprimé ; voie : orale                the other columns, one line a row
    Le service médical rendu par KENZEN reste …    text
"""

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from corpus.document import SourceDocument
from corpus.readers.files import Unreadable, read_lines
from corpus.settings import SourceSettings

_BREAK = re.compile(r"<br\s*/?>|</?p>", re.I)


class Row(NamedTuple):
    """A row under its header."""

    id: str
    cells: dict[str, str]
    problem: str


def read_tables(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    try:
        for id, rows in groupby(_rows(settings, path), key=lambda row: row.id):
            yield rows_document(source, settings, id, list(rows))
    except Unreadable as error:
        yield SourceDocument(path.stem, source, "", problem=str(error))


def _rows(settings: SourceSettings, path: Path) -> Iterator[Row]:
    names = list(settings.columns)
    key = settings.fields.get("id", "id")
    for number, text in read_lines(path):
        name = f"{path.stem}:{number}"
        if text is None:
            yield Row(name, {}, "line too long")
            continue
        cells = [_BREAK.sub("\n", cell).strip() for cell in text.split("\t")]
        if not any(cells):
            continue
        if not names:
            names = cells
            continue
        if any(cells[len(names) :]):
            yield Row(name, {}, f"{len(cells)} cells, {len(names)} columns")
            continue
        row = {column: cell for column, cell in zip(names, cells, strict=False) if column}
        yield Row(row.pop(key, "") or name, row, "")


def rows_document(
    source: str, settings: SourceSettings, id: str, rows: list[Row]
) -> SourceDocument:
    """What rows of one id say: titles, then labelled cells, then texts, each once."""
    problem = next((row.problem for row in rows if row.problem), "")
    named = {field: settings.fields.get(field, field) for field in ("title", "text")}
    titles = dict.fromkeys(row.cells.get(named["title"], "") for row in rows)
    lines = dict.fromkeys(_line(row.cells, settings, set(named.values())) for row in rows)
    texts = dict.fromkeys(row.cells.get(named["text"], "") for row in rows)
    parts = ["\n".join(filter(None, titles)), "\n".join(filter(None, lines)), *texts]
    text = "\n\n".join(filter(None, parts))
    return SourceDocument(id, source, text, problem=problem or ("" if text else "no text"))


def _line(cells: dict[str, str], settings: SourceSettings, apart: set[str]) -> str:
    """The labelled cells of one row; French sets a space before the colon and the semicolon."""
    colon, semicolon = (" : ", " ; ") if settings.language.startswith("fr") else (": ", "; ")
    labelled = [
        f"{column}{colon}{cell}" for column, cell in cells.items() if cell and column not in apart
    ]
    line = semicolon.join(labelled)
    return line[:1].upper() + line[1:]
