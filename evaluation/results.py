"""The records of a `results` artefact: every answer of one model, and the scores they add up to.

    samples.parquet   one row an item: what was measured, and a hash of what was asked, not its text
    scores.json       one entry a task: value, interval, standard error, and how they were computed

The texts stay in the `tasks` artefact, whose licences decide where they may go; the rows can be
published always. From the rows every score, comparison and calibration can be computed again.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.settings import Measure
from hub.disk import write_json
from hub.manifest import Artefact

if TYPE_CHECKING:
    import pyarrow

SAMPLES = "samples.parquet"
SCORES = "scores.json"


@dataclass(frozen=True)
class Sample:
    """One item as one model answered it; log-likelihoods are in nats."""

    model: str
    task: str
    group: str
    measure: Measure
    item: str
    text_sha256: str
    """of the text, or of context and options as canonical JSON"""
    log_likelihood: float | None = None
    """bits_per_byte: of the whole text"""
    num_bytes: int | None = None
    """bits_per_byte: UTF-8 bytes of the text"""
    option_log_likelihoods: tuple[float, ...] | None = None
    """accuracy: of each option after the context, not divided by its length"""
    chosen: int | None = None
    answer: int | None = None
    correct: bool | None = None


@dataclass(frozen=True)
class TaskScore:
    """A line of `scores.json`."""

    model: str
    task: str
    group: str
    metric: Measure
    value: float
    ci_low: float
    ci_high: float
    n: int
    stderr: float
    method: str
    """how interval and standard error were computed"""


def write_results(
    out: Path, samples: Iterable[Sample], scores: Iterable[TaskScore]
) -> tuple[str, ...]:
    """Write both files into `out`; returns their names."""
    import pyarrow
    from pyarrow import parquet

    table = pyarrow.Table.from_pylist([asdict(sample) for sample in samples], schema=_schema())
    parquet.write_table(table, out / SAMPLES, compression="zstd")
    write_json(out / SCORES, [asdict(score) for score in scores])
    return SAMPLES, SCORES


def read_samples(results: Artefact | Path) -> list[Sample]:
    """The answers in a `results` artefact, or in a folder that `write_results` filled."""
    return read_answers((results if isinstance(results, Path) else results.folder) / SAMPLES)


def read_answers(path: Path) -> list[Sample]:
    """The answers of one model, wherever they lie."""
    from pyarrow import parquet

    rows = parquet.read_table(path, schema=_schema()).to_pylist()
    return [_sample(row) for row in rows]


def read_scores(results: Artefact) -> list[TaskScore]:
    return [TaskScore(**entry) for entry in json.loads((results.folder / SCORES).read_bytes())]


def _sample(row: Mapping[str, Any]) -> Sample:
    options = row["option_log_likelihoods"]
    return Sample(**{**row, "option_log_likelihoods": None if options is None else tuple(options)})


def _schema() -> "pyarrow.Schema":
    import pyarrow

    types = {
        "log_likelihood": pyarrow.float64(),
        "num_bytes": pyarrow.int64(),
        "option_log_likelihoods": pyarrow.list_(pyarrow.float64()),
        "chosen": pyarrow.int32(),
        "answer": pyarrow.int32(),
        "correct": pyarrow.bool_(),
    }
    columns = [field.name for field in fields(Sample)]
    return pyarrow.schema([(name, types.get(name, pyarrow.string())) for name in columns])
