"""Anybody's folder of data, document by document, with what is said about each one's licence."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hub.failure import BadInput
from hub.licences.audit import Stated
from hub.licences.evidence import Evidence

_COLUMNS = ("licence", "license", "licence_url", "license_url", "licenses", "licences", "rights")
_IDS = ("id", "doc_id", "document_id", "doi", "url", "file", "name")
_SOURCES = ("source", "dataset", "subset", "corpus")
_AUTHORS = ("attribution", "authors", "author", "creator", "publisher")
_TABLES = (".parquet", ".jsonl", ".json", ".csv", ".tsv", ".ndjson")
_XML = (".xml", ".nxml")
_LONGEST_LINE = 64 * 2**20


def documents_in(path: Path, column: str | None) -> Iterator[Stated]:
    """Every document below `path`; a file that cannot be read is one unknown document."""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    home = path.parent if path.is_file() else path
    claims = _card_claims(home)
    seen_column = False
    readable = [file for file in files if _kind(file)]
    for file in readable:
        name = file.relative_to(home).parts[0] if file.parent != home else home.name
        if _kind(file) in _XML:
            yield from _xml(file, name)
            continue
        try:
            for number, row in enumerate(_rows(file), start=1):
                seen_column |= column is not None and column in row
                yield _stated(row, f"{file.stem}:{number}", name, column, claims)
        except (OSError, ValueError, csv.Error, _arrow_error()) as error:
            words = " ".join(str(error).split())[:120]
            yield Stated(file.name, name, problem=f"cannot be read: {words}")
    if column is not None and not seen_column and any(_kind(f) not in _XML for f in readable):
        raise BadInput(f"no record in {path} has a column {column}: name another, or none")


def _arrow_error() -> type[Exception]:
    """What a broken Parquet file raises; imported late."""
    import pyarrow

    error: type[Exception] = pyarrow.ArrowException
    return error


def _kind(file: Path) -> str:
    """The suffix that says what it is; "" for what is no table of documents."""
    suffixes = [suffix.lower() for suffix in file.suffixes]
    if suffixes and suffixes[-1] in (".gz", ".zst"):
        suffixes.pop()
    last = suffixes[-1] if suffixes else ""
    described = file.name in ("manifest.json", "statistics.json", "dataset_infos.json")
    return last if last in (*_TABLES, *_XML) and not described else ""


def _rows(file: Path) -> Iterator[Mapping[str, Any]]:
    kind = _kind(file)
    if kind == ".parquet":
        from pyarrow import parquet

        with parquet.ParquetFile(file) as table:
            wanted = [*_COLUMNS, *_IDS, *_SOURCES, *_AUTHORS]
            names = [n for n in table.schema_arrow.names if n != "text" or n in wanted]
            for batch in table.iter_batches(1_000, columns=names):
                yield from batch.to_pylist()
    elif kind in (".csv", ".tsv"):
        csv.field_size_limit(_LONGEST_LINE)
        with _opened(file) as stream:
            yield from csv.DictReader(stream, delimiter="\t" if kind == ".tsv" else ",")
    elif kind == ".json":
        with _opened(file) as stream:
            value = _parsed(stream.read(_LONGEST_LINE + 1))
        for record in value if isinstance(value, list) else [value]:
            yield record if isinstance(record, dict) else {}
    else:
        with _opened(file) as stream:
            while line := stream.readline(_LONGEST_LINE):
                if line.strip():
                    record = _parsed(line)
                    yield record if isinstance(record, dict) else {}


def _parsed(text: str) -> Any:
    """A broken record is a document of which nothing is known."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return {}


@contextmanager
def _opened(file: Path) -> Iterator[io.TextIOBase]:
    """Its text, unpacked; a packed file that is cut short is broken, not merely short."""
    from corpus.readers.files import open_file

    with open_file(file) as stream:
        yield io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")


def _stated(
    row: Mapping[str, Any], name: str, source: str, column: str | None, claims: tuple[Evidence, ...]
) -> Stated:
    columns = (column,) if column else _COLUMNS
    said = [words for c in columns for words in _words(row.get(c))]
    return Stated(
        id=next((w for k in _IDS for w in _words(row.get(k))), name),
        source=next((w for k in _SOURCES for w in _words(row.get(k))), source),
        evidence=(*(Evidence(3, words) for words in said), *claims),
        attribution=", ".join(next((w for k in _AUTHORS if (w := _words(row.get(k)))), [])),
    )


def _words(value: Any) -> list[str]:
    """The words of a field, of each member of a list, of each value of an object."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    if isinstance(value, dict):
        return [word for member in value.values() for word in _words(member)]
    if isinstance(value, list | tuple):
        return [word for member in value for word in _words(member)]
    return [] if value is None else [str(value)]


def _card_claims(folder: Path) -> tuple[Evidence, ...]:
    """What the header of a dataset card claims for all of it."""
    card = folder / "README.md"
    if not card.is_file():
        return ()
    text = card.read_text(encoding="utf-8", errors="replace")[:200_000]
    header = re.match(r"---\r?\n(.*?)\r?\n---", text, re.S)
    if not header:
        return ()
    from release import yaml

    try:
        value = yaml.plain(yaml.read(header[1]))
    except yaml.YamlProblem:
        return ()
    claimed = value.get("license") if isinstance(value, dict) else None
    # Several licences in a header are those of its parts: no claim about any one document.
    return (Evidence(3, claimed),) if isinstance(claimed, str) else ()


def _xml(file: Path, source: str) -> Iterator[Stated]:
    """A TEI or JATS file by what it says of itself; a compressed one is not opened."""
    from corpus.readers.jats import read_jats_front
    from corpus.readers.tei import read_tei
    from corpus.settings import SourceSettings

    settings = SourceSettings(reader="jats", files="*")
    with file.open("rb") as stream:
        head = stream.read(4_000)
    read = read_tei if re.search(rb"<TEI|tei-c\.org|<biblFull", head) else read_jats_front
    for found in read(source, settings, file):
        yield Stated(found.id, source, found.evidence, found.attribution, problem=found.problem)
