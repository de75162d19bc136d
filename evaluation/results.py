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
    """of the text, or of the prompt, examples included, and the options as canonical JSON"""
    log_likelihood: float | None = None
    """bits_per_byte: of the whole text"""
    num_bytes: int | None = None
    """bits_per_byte: UTF-8 bytes of the text"""
    option_log_likelihoods: tuple[float, ...] | None = None
    """accuracy: of each option after the context, not divided by its length; None for an answer
    that was generated"""
    chosen: int | None = None
    """the likeliest option, or by `acc_norm` the likeliest for its length"""
    answer: int | None = None
    correct: bool | None = None
    seed: int | None = None
    """of the draw of examples that were shown before the question; None where none is drawn"""
    shots: int = 0
    metric: str = ""
    """as lm-eval calls it: bits_per_byte, acc, acc_norm, exact_match"""
    template: str = ""
    """sha256 of how the task asks: its definition without name, shots and whereabouts"""

    @property
    def asked(self) -> tuple[str, str, str]:
        """What makes two answers answers to the same: task, item and the very words."""
        return self.task, self.item, self.text_sha256


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


def as_table(samples: Iterable[Sample]) -> "pyarrow.Table":
    import pyarrow

    return pyarrow.Table.from_pylist([asdict(sample) for sample in samples], schema=_schema())


def write_results(
    out: Path, samples: Iterable[Sample], scores: Iterable[TaskScore]
) -> tuple[str, ...]:
    """Write both files into `out`; returns their names."""
    from pyarrow import parquet

    parquet.write_table(as_table(samples), out / SAMPLES, compression="zstd")
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
        "seed": pyarrow.int64(),
        "shots": pyarrow.int32(),
    }
    columns = [field.name for field in fields(Sample)]
    return pyarrow.schema([(name, types.get(name, pyarrow.string())) for name in columns])
