"""CSV and XLSX: rows under a header, as public open data has them.

The CSV's separator is found in its first lines (`;` in Europe, `,` and tab elsewhere); cells may be
quoted and hold line breaks. `columns` names the cells of a file without a header. What becomes of
a row: where there is a column of text (`text`, or the one that `fields` names), the row is a record
like one of JSON, with its licence, language and author; otherwise rows are set as labelled lines,
as in `tables`. Every sheet of a workbook is read, each under its own header; formulas count by the
value that was saved with them.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, time
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from corpus.document import SourceDocument
from corpus.readers.files import Unreadable, read_lines
from corpus.readers.records import record_document
from corpus.readers.tables import Row, rows_document
from corpus.settings import SourceSettings

_SEPARATORS = ";,\t|"
_SAMPLE = 200
_MAX_CELL = 2**24
_MAX_WORKBOOK = 512 * 2**20
"""bytes of a workbook, packed and unpacked"""


def read_csv(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    csv.field_size_limit(_MAX_CELL)
    try:
        separator = _separator(list(islice(_lines(path), _SAMPLE)), settings)
        rows = csv.reader(_lines(path), delimiter=separator, quotechar=settings.quote)
        yield from _documents(source, settings, path.stem, rows)
    except (Unreadable, csv.Error) as error:
        yield SourceDocument(
            f"{path.stem}:end", source, "", problem=f"not readable as CSV: {error}"
        )


def _separator(sample: list[str], settings: SourceSettings) -> str:
    """That under which most rows have as many cells as the header: prose has commas of its own."""

    def fit(separator: str) -> tuple[float, int]:
        rows = list(csv.reader(sample, delimiter=separator, quotechar=settings.quote))
        width = len(settings.columns) or len(next(filter(None, rows), []))
        return (sum(len(row) == width for row in rows) if width > 1 else 0), width

    return max(_SEPARATORS, key=fit)


def _lines(path: Path) -> Iterator[str]:
    for number, text in read_lines(path):
        if text is None:
            raise Unreadable(f"line {number} is too long")
        yield text.replace("\x00", "") + "\n"


def read_xlsx(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    """openpyxl answers a broken workbook with whatever went wrong first in it."""
    size = path.stat().st_size
    content = path.read_bytes() if size <= _MAX_WORKBOOK else b""
    try:
        if size > _MAX_WORKBOOK:
            raise Unreadable(f"larger than {_MAX_WORKBOOK >> 20} MiB")
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            unpacked = sum(part.file_size for part in parts.infolist())
        if unpacked > _MAX_WORKBOOK:
            raise Unreadable(f"larger than {_MAX_WORKBOOK >> 20} MiB unpacked")
        yield from _read_sheets(source, settings, path.stem, content)
    except (
        Unreadable, zipfile.BadZipFile, zlib.error, ValueError, KeyError, TypeError, IndexError,
        AttributeError, SyntaxError, EOFError, NotImplementedError, OverflowError, RuntimeError,
        OSError,
    ) as error:  # fmt: skip
        problem = (
            f"not readable as a workbook: {' '.join(str(error).split()) or type(error).__name__}"
        )
        yield SourceDocument(f"{path.stem}:end", source, "", problem=problem)


def _read_sheets(
    source: str, settings: SourceSettings, name: str, content: bytes
) -> Iterator[SourceDocument]:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    try:
        for sheet in book.worksheets:
            rows = ([_cell(cell) for cell in row] for row in sheet.iter_rows(values_only=True))
            place = name if len(book.worksheets) == 1 else f"{name}:{sheet.title}"
            yield from _documents(source, settings, place, rows)
    finally:
        book.close()


def _cell(value: Any) -> str:
    """`37.5` as it is: whether its readers write a comma is not in the file."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _documents(
    source: str, settings: SourceSettings, name: str, rows: Iterable[list[str]]
) -> Iterator[SourceDocument]:
    numbered = (
        (number, [cell.strip() for cell in row])
        for number, row in enumerate(rows, start=1)
        if any(cell.strip() for cell in row)
    )
    header = list(settings.columns)
    if not header:
        header = next(numbered, (0, []))[1]
    if settings.fields.get("text", "text") in header:
        for number, cells in numbered:
            row = _row(settings, header, f"{name}:{number}", cells)
            if row.problem:
                yield SourceDocument(row.id, source, "", problem=row.problem)
                continue
            record = dict(zip(header, cells, strict=False))
            yield record_document(source, settings, f"{name}:{number}", record)
        return
    labelled = (_row(settings, header, f"{name}:{number}", cells) for number, cells in numbered)
    for id, same in groupby(labelled, key=lambda row: row.id):
        yield rows_document(source, settings, id, list(same))


def _row(settings: SourceSettings, header: list[str], name: str, cells: list[str]) -> Row:
    if any(cells[len(header) :]):
        return Row(name, {}, f"{len(cells)} cells, {len(header)} columns")
    row = {column: cell for column, cell in zip(header, cells, strict=False) if column}
    return Row(row.pop(settings.fields.get("id", "id"), "") or name, row, "")
