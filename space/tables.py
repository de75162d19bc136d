"""Tables and texts from outside, taken in so that nothing in them can do harm.

read_rows(path, columns)   a Parquet file as {column: list}, or Unreadable in one sentence
read_arrays(path, needed, optional)   the same as Arrow arrays; what is optional may be all null
tame(text)                 a name that is safe to show: no control characters, no megabytes
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

MAX_ROWS = 2_000_000
MAX_BYTES = 512 * 1024 * 1024
"""uncompressed: a small file may hold a very large table"""
NOTHING: Mapping[str, pa.DataType] = {}
MAX_TEXT = 200
"""characters of a name; more does not fit a table anyway"""

# Marks that reorder the text around them (Unicode TR 36, "bidirectional text spoofing").
_REORDERING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F}


class Unreadable(Exception):
    """What cannot be read and why, in one sentence that the page shows as it is."""


def read_rows(path: Path, columns: Mapping[str, pa.DataType]) -> dict[str, list[Any]]:
    """The named columns, cast to their types; other columns are left alone."""
    return {name: array.to_pylist() for name, array in read_arrays(path, columns).items()}


def read_arrays(
    path: Path, needed: Mapping[str, pa.DataType], optional: Mapping[str, pa.DataType] = NOTHING
) -> dict[str, pa.Array]:
    """The named columns, cast to their types; an optional one that is not there is all null."""
    try:
        table = _read(path, needed, optional)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Unreadable(f"{path.name} cannot be read as Parquet: {_said(error)}") from None
    found = {}
    try:
        for name, kind in {**needed, **optional}.items():
            if name in table.column_names:
                found[name] = table.column(name).combine_chunks().cast(kind)
            else:
                found[name] = pa.nulls(table.num_rows, kind)
    except (pa.ArrowException, ValueError) as error:
        said = _said(error)
        raise Unreadable(f"{path.name} does not hold what is expected of it: {said}") from None
    return found


def _said(error: Exception) -> str:
    return tame((str(error).splitlines() or [type(error).__name__])[0])


def _read(
    path: Path, needed: Mapping[str, pa.DataType], optional: Mapping[str, pa.DataType]
) -> pa.Table:
    with parquet.ParquetFile(path) as file:
        there = file.schema_arrow.names
        missing = [column for column in needed if column not in there]
        if missing:
            raise Unreadable(f"{path.name} lacks the column {' and '.join(missing)}")
        found = file.metadata
        size = sum(found.row_group(i).total_byte_size for i in range(found.num_row_groups))
        if found.num_rows > MAX_ROWS or size > MAX_BYTES:
            raise Unreadable(f"{path.name} is larger than this page reads ({found.num_rows} rows)")
        return file.read(columns=[*needed, *(name for name in optional if name in there)])


def tame(text: object, most: int = MAX_TEXT, lines: bool = False) -> str:
    """Text to show: without control and reordering characters, and of a bearable length; of a
    passage its line breaks are kept."""
    whole = str(text)
    kept = "\n" if lines else ""
    shown = "".join(
        c if c in kept or not _is_harmful(ord(c)) else "\ufffd"
        for c in whole[: most + 1].encode("utf-8", "replace").decode()
    )
    if len(whole) <= most:
        return shown
    # Two long names that begin alike stay two names.
    return f"{shown[:most]}… #{hashlib.sha256(whole.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _is_harmful(code: int) -> bool:
    return code < 32 or 127 <= code < 160 or code in _REORDERING
