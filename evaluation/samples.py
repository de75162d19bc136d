"""Answers as a results dataset publishes them: a Parquet file a model, or a folder of them.

    samples/*.parquet   model, task, group, measure, item, text_sha256, correct, ...

Answers to questions (`measure` accuracy) become the rows that `evaluation.paired` reads from CSV;
the columns `variant`, `language`, `seed`, `cluster`, `base`, `metric`, `shots` and `template` are
read where there are any. Where none is named, the base is given by the caller. Two models are
compared only on what was asked in the same words. Bits per byte are no share of n answers: their
tasks are named as left out.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from evaluation.copies import Finding
from evaluation.settings import EvaluationError
from evaluation.tables import CONDITIONS

NEEDED = ("model", "task", "item", "correct")
OPTIONAL = ("group", "measure", "text_sha256", "variant", "language", "seed", "cluster", "base",
            *CONDITIONS)  # fmt: skip
UNKNOWN_LANGUAGE = "und"
"""of ISO 639-3"""


class Row(NamedTuple):
    where: str
    fields: dict[str, str]


class Samples(NamedTuple):
    rows: list[Row]
    left_out: list[Finding]


def is_published(path: Path) -> bool:
    return path.is_dir() or path.suffix == ".parquet"


def read_published(path: Path, base: str | None = None) -> Samples:
    """`path`: a Parquet file, a folder of them, or a results dataset with its folder `samples`."""
    rows: list[Row] = []
    left_out: dict[Finding, None] = {}
    for file in _files(path):
        for number, entry in enumerate(_entries(file), 1):
            measure = str(entry.get("measure") or "accuracy")
            if measure == "accuracy":
                rows.append(Row(f"{file}: row {number}", _fields(entry, base)))
                continue
            detail = f"{measure.replace('_', ' ')} is no share of n answers"
            model, task = str(entry["model"]), str(entry["task"])
            left_out[Finding("left-out", model, "", task, "", detail)] = None
    if not rows:
        raise EvaluationError(f"{path}: has no answers that are right or wrong (measure accuracy)")
    models = {row.fields["model"] for row in rows}
    if base is not None and base not in models:
        raise EvaluationError(f"{path}: the base {base!r} is not among {', '.join(sorted(models))}")
    return Samples(rows, list(left_out))


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    folder = path / "samples" if (path / "samples").is_dir() else path
    found = sorted(folder.glob("*.parquet"))
    if not found:
        raise EvaluationError(f"{folder} has no Parquet files of answers")
    return found


def _entries(file: Path) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(file) as opened:
            names = opened.schema_arrow.names
            missing = [name for name in NEEDED if name not in names]
            if missing:
                raise EvaluationError(f"{file}: no column {missing[0]}")
            columns = [name for name in (*NEEDED, *OPTIONAL) if name in names]
            for batch in opened.iter_batches(columns=columns):
                yield from batch.to_pylist()
    except (OSError, pa.ArrowException) as error:
        said = str(error).splitlines()[0]
        raise EvaluationError(f"{file} cannot be read as Parquet: {said}") from None


def _fields(entry: dict[str, Any], base: str | None) -> dict[str, str]:
    found = {name: "" if value is None else str(value) for name, value in entry.items()}
    found["language"] = found.get("language") or UNKNOWN_LANGUAGE
    found["group"] = found.get("group") or found["language"]
    found["cluster"] = found.get("cluster") or found["item"]
    asked = found.get("text_sha256")
    found["item"] += f" ({asked})" if asked else ""
    found["base"] = found.get("base") or base or ""
    return found
