"""Parquet with one document a row: FineWeb2's columns, or any others that `fields` maps.

FineWeb2 has `text`, `id`, `url`, `dump`, `language` (ISO 639-3: `fra`) and scores, and no licence:
its ODC-By covers the collection, never the pages in it. Only the columns needed are read, a batch
at a time, so that memory does not grow with the file (but for `tokens`, whose rows are put together
by document).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from corpus.document import SourceDocument
from corpus.readers.records import record_document
from corpus.readers.tokens import joined
from corpus.settings import FieldName, SourceSettings

_BATCH = 1_000
_FIELDS: tuple[FieldName, ...] = (
    "id", "text", "language", "licence", "attribution", "partition",
)  # fmt: skip


def read_parquet(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    number = 0
    with path.open("rb") as stream:
        try:
            for number, row in enumerate(_rows(stream, settings), start=1):
                yield record_document(source, settings, f"{path.stem}:{number}", row)
        except (pa.ArrowException, OSError, ValueError) as error:
            # Arrow reports broken bytes as any of these; what was read before them is kept.
            said = (str(error).splitlines() or [type(error).__name__])[0]
            problem = f"not readable as Parquet: {said}"
            yield SourceDocument(f"{path.stem}:{number + 1}", source, "", problem=problem)


def _rows(stream: Any, settings: SourceSettings) -> Iterator[dict[str, Any]]:
    table = pq.ParquetFile(stream)
    wanted = {settings.fields.get(field, field) for field in _FIELDS}
    columns = [name for name in table.schema_arrow.names if name in wanted]
    tokens, text = settings.fields.get("tokens", ""), settings.fields.get("text", "text")
    if tokens in table.schema_arrow.names:
        yield from joined(_batches(table, [*columns, tokens]), settings)
    elif text in columns:
        yield from _batches(table, columns)
    else:
        raise ValueError(f"no column {text}")


def _batches(table: pq.ParquetFile, columns: list[str]) -> Iterator[dict[str, Any]]:
    for batch in table.iter_batches(batch_size=_BATCH, columns=columns):
        yield from batch.to_pylist()
