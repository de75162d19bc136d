"""The queries of a file: what every model is asked."""

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from evaluation.judge.settings import Queries
from evaluation.settings import EvaluationError


class Query(NamedTuple):
    id: str
    text: str
    context: str
    language: str
    """ISO 639-1, or empty"""
    cluster: str


def read_queries(settings: Queries, data: Path) -> list[Query]:
    """Sorted by id; raises EvaluationError with file and line for what cannot be asked."""
    path = data / settings.file
    found: dict[str, Query] = {}
    for where, row in _rows(path, settings.delimiter):
        text = _text(row, settings.query, where)
        if not text:
            raise EvaluationError(f"{where}: no {settings.query!r} to ask")
        name = _text(row, settings.id, where) or hashlib.sha256(text.encode()).hexdigest()[:16]
        if name in found:
            raise EvaluationError(f"{where}: {name!r} is asked twice; ids name one query each")
        found[name] = Query(
            name,
            text,
            _text(row, settings.context, where),
            _text(row, settings.language, where),
            _text(row, settings.cluster, where) or name,
        )
    chosen = sorted(found.values(), key=lambda query: _hash(query.text, query.id))[: settings.limit]
    if len({query.cluster for query in chosen}) < 2:
        raise EvaluationError(f"{path}: an interval needs at least 2 different queries")
    return sorted(chosen)


def _rows(path: Path, delimiter: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        if path.suffix == ".parquet":
            import pyarrow.parquet

            table = pyarrow.parquet.read_table(path)
            yield from ((f"{path}: row {n}", row) for n, row in enumerate(table.to_pylist(), 1))
        elif path.suffix == ".jsonl":
            with path.open(encoding="utf-8-sig") as lines:
                for number, line in enumerate(lines, 1):
                    if line.strip():
                        yield f"{path}: line {number}", _record(line, f"{path}: line {number}")
        elif path.suffix == ".csv":
            with path.open(newline="", encoding="utf-8-sig") as opened:
                reader = csv.DictReader(opened, delimiter=delimiter, strict=True)
                for row in reader:
                    yield f"{path}: line {reader.line_num}", row
        else:
            raise EvaluationError(f"{path}: queries come as .jsonl, .csv or .parquet")
    except FileNotFoundError:
        raise EvaluationError(f"{path}: there is no such file of queries") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EvaluationError(f"{path}: cannot be read ({error})") from None
    except ValueError as error:
        if isinstance(error, EvaluationError):
            raise
        raise EvaluationError(f"{path}: is not what its name says ({error})") from None


def _record(line: str, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise EvaluationError(f"{where}: is not a JSON object")
    return record


def _text(row: Mapping[str, Any], column: str, where: str) -> str:
    value = row.get(column)
    if value is None:
        return ""
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise EvaluationError(f"{where}: {column!r} is not text")
    return str(value).strip()


def _hash(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()
