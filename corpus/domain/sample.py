"""A sample of a web corpus in Parquet, drawn evenly over its strata, the same on any machine.

A stratum is one value of some columns (FineWeb2's `dump`, `language`) and a class of length. A
document's place in the draw is a hash of the seed and its content, so that neither the order of
files nor the number of rows read before it matters, and copies are drawn once. Two streams of
memory: one batch of rows and the documents that are in the sample so far.
"""

import hashlib
import heapq
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from corpus.domain.label import Sampled
from corpus.readers.language import language_code
from hub.failure import BadInput

_BATCH = 1_000
_LENGTHS = (500, 2_000, 8_000)
"""characters, between the classes of length"""


class Drawn(NamedTuple):
    document: Sampled
    weight: float
    """how many documents of the corpus it stands for"""
    stratum: str


def draw(
    files: Sequence[tuple[str, Path]],
    count: int,
    by: Sequence[str] = (),
    seed: int = 0,
    text: str = "text",
) -> list[Drawn]:
    """`count` documents of (source, Parquet file), as many of each stratum as it has to give.

    Raises BadInput for a file that is not Parquet or lacks a column, and where there is no text.
    """
    kept: dict[str, list[tuple[int, str, Sampled]]] = {}
    sizes: dict[str, int] = {}
    for stratum, place, document in _placed(files, by, seed, text):
        heap = kept.setdefault(stratum, [])
        sizes[stratum] = sizes.get(stratum, 0) + 1
        # The lowest places stay: the heap is turned round to give the highest of them.
        entry = (-int(place, 16), place, document)
        if any(entry[1] == known[1] for known in heap[:1]):
            continue
        if len(heap) < count:
            heapq.heappush(heap, entry)
        elif entry[0] > heap[0][0]:
            heapq.heapreplace(heap, entry)
    if not kept:
        raise BadInput("there is nothing to sample: the files hold no document with text")
    found = []
    for stratum, share in _shares({name: len(heap) for name, heap in kept.items()}, count).items():
        distinct = {place: document for _, place, document in kept[stratum]}
        chosen = sorted(distinct.items())[:share]
        weight = sizes[stratum] / len(chosen) if chosen else 0.0
        found += [(place, Drawn(document, weight, stratum)) for place, document in chosen]
    return [drawn for _, drawn in sorted(found, key=lambda pair: pair[0])]


def _placed(
    files: Sequence[tuple[str, Path]], by: Sequence[str], seed: int, text: str
) -> Iterator[tuple[str, str, Sampled]]:
    for source, path in files:
        number = 0
        for row in _rows(path, [text, *by]):
            number += 1
            content = row[text]
            if not isinstance(content, str) or not content.strip():
                continue
            place = hashlib.sha256(
                f"{seed}\0{content}".encode("utf-8", "surrogatepass")
            ).hexdigest()
            length = sum(len(content) > bound for bound in _LENGTHS)
            stratum = "/".join([*(str(row[name]) for name in by), f"length {length}"])
            language = language_code(str(row.get("language") or ""))
            known = str(row.get("id") or f"{path.stem}:{number}")
            yield stratum, place, Sampled(known, source, language, content)


def _rows(path: Path, needed: Sequence[str]) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as table:
            names = table.schema_arrow.names
            lacking = [name for name in needed if name not in names]
            if lacking:
                raise BadInput(f"{path.name} has no column {', '.join(lacking)}")
            columns = [name for name in dict.fromkeys([*needed, "id", "language"]) if name in names]
            for batch in table.iter_batches(_BATCH, columns=columns):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"{path.name} is not readable as Parquet: {str(error)[:200]}") from None


def _shares(sizes: dict[str, int], count: int) -> dict[str, int]:
    """As even as the strata allow; what small ones cannot give, the larger ones do."""
    shares: dict[str, int] = {}
    left = min(count, sum(sizes.values()))
    order = sorted(sizes, key=lambda name: (sizes[name], name))
    for position, name in enumerate(order):
        shares[name] = min(sizes[name], left // (len(order) - position))
        left -= shares[name]
    return shares
