"""What the page is sent: a JSON head and the numbers behind it as plain arrays, gzipped.

    4 bytes     length of the head, little-endian
    the head    JSON, padded with spaces to a multiple of 8
    arrays      each begins at a multiple of 8 after the head

500,000 scores are 1 MB as 16-bit integers, 6 MB as JSON. A column's numbers are multiples of its
`unit`, one digit finer than what is shown; where that does not fit 16 bits they are float64.

The head comes with the first columns, those that a table of its width begins with. After the table
stands come all others in one piece, and the intervals, as distances below and above the value. Both
are asked for with the digest of the board, so that no page mixes two readings.
"""

import gzip
import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from board import Board, Column, Floats

MISSING = -32768
NO_END = 65535
FIRST = 8
"""columns that come with the head: more than stand side by side at the width of the page"""


def pack_board(head: dict[str, Any], board: Board | None) -> bytes:
    """`head`, and of a board its models, columns and the values of the first columns."""
    if board is None:
        return pack(head)
    places, arrays = _values(board.columns[:FIRST])
    places += [None] * len(board.columns[FIRST:])
    columns = [
        {**describe(column), "unit": unit_of(column), "at": at}
        for column, at in zip(board.columns, places, strict=True)
    ]
    digest = digest_of(board)
    return pack({**head, "of": digest, "models": _models(board), "columns": columns}, arrays)


def pack_rest(board: Board) -> bytes:
    """The values of all columns that pack_board leaves out, one after the other."""
    places, arrays = _values(board.columns[FIRST:])
    return pack({"at": places}, arrays)


def digest_of(board: Board) -> str:
    """Of which models, which columns and which numbers."""
    found = hashlib.sha256()
    for name in (
        *(model.name for model in board.models),
        *map(repr, (c.key for c in board.columns)),
    ):
        found.update(name.encode() + b"\0")
    for column in board.columns:
        found.update(column.value.tobytes() + column.low.tobytes() + column.high.tobytes())
    return found.hexdigest()[:16]


def _values(columns: Sequence[Column]) -> tuple[list[int | None], list[bytes]]:
    places: list[int | None] = []
    arrays: list[bytes] = []
    at = 0
    for column in columns:
        unit = unit_of(column)
        array = _short(column.value, unit, "<i2", MISSING) if unit else _whole(column.value)
        places.append(at)
        arrays.append(array)
        at += len(array)
    return places, arrays


def pack_intervals(columns: Sequence[Column]) -> bytes:
    """Low and high end of every column, one after the other."""
    arrays: list[bytes] = []
    places = []
    for column in columns:
        unit = unit_of(column)
        places.append(sum(map(len, arrays)))
        with np.errstate(invalid="ignore"):
            for distance in (column.value - column.low, column.high - column.value):
                arrays.append(_short(distance, unit, "<u2", NO_END) if unit else _whole(distance))
    return pack({"at": places}, arrays)


def pack(head: dict[str, Any], arrays: Sequence[bytes] = ()) -> bytes:
    text = json.dumps(head, allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 4) % 8)
    return gzip.compress(b"".join([len(text).to_bytes(4, "little"), text, *arrays]), 5)


def unit_of(column: Column) -> float | None:
    """What a stored number counts; None where 16 bits do not hold the column."""
    if column.decimals is None:
        return None
    unit = 10.0 ** -(column.decimals + 1)
    with np.errstate(invalid="ignore"):
        farthest = [
            np.abs(column.value), (column.value - column.low) / 2, (column.high - column.value) / 2
        ]  # fmt: skip
    largest = max(
        (float(np.nanmax(each)) for each in farthest if np.isfinite(each).any()), default=0
    )
    return unit if largest / unit < 32000 else None


def describe(column: Column) -> dict[str, Any]:
    return {
        "metric": column.metric, "group": column.group, "task": column.task,
        "language": column.language, "source": column.source, "better": column.better,
        "decimals": column.decimals, "flaws": column.flaws, "notes": column.notes,
        "present": int(np.isfinite(column.value).sum()),
    }  # fmt: skip


def _models(board: Board) -> dict[str, list[Any]]:
    """Column by column: shorter, and the same words lie together for gzip."""
    fields = (
        "name",
        "kind",
        "repo",
        "licence",
        "parameters",
        "languages",
        "family",
        "depth",
        "parents",
    )
    return {name: [getattr(model, name) for model in board.models] for name in fields}


def _short(values: Floats, unit: float, kind: str, missing: int) -> bytes:
    whole = np.round(values / unit)
    return _padded(np.where(np.isfinite(whole), whole, missing).astype(kind).tobytes())


def _whole(values: Floats) -> bytes:
    return values.astype("<f8").tobytes()


def _padded(found: bytes) -> bytes:
    return found + b"\0" * (-len(found) % 8)
