"""Answers that were given once: a model, a task and a draw of examples are asked about once.

    cache/evaluation/KEY.parquet    the samples; what lm-eval added them up to is in its metadata

The key is of the content of model and task, and of what else moves the last digits of a score. A
run that was killed goes on with the next task; one that changed its groups, its intervals or its
claims loads no model. A file that cannot be read is asked for again. May be deleted at any time.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from evaluation.results import Sample, as_table, read_answers
from hub.manifest import canonical_sha256

VERSION = 1
"""Raise it when the same question would be answered otherwise."""
_PACKAGES = ("lm-eval", "transformers", "torch", "tokenizers")
_VALUE = b"lm_eval_value"


class Answers(NamedTuple):
    samples: list[Sample]
    value: float
    """lm-eval's own aggregate"""


class Cache(NamedTuple):
    """Of one model."""

    folder: Path
    model_digest: str
    system: Mapping[str, str] = {}
    """backend and device, where they are not the plain ones"""

    def path(self, task_digest: str, seed: int | None, threads: int) -> Path:
        versions = {name: _version(name) for name in _PACKAGES}
        key: list[Any] = [VERSION, self.model_digest, task_digest, seed, threads, versions]
        key += [dict(self.system)] if self.system else []
        return self.folder / f"{canonical_sha256(key)}.parquet"


def load(path: Path, model: str, group: str) -> Answers | None:
    """None where there is no whole answer."""
    import pyarrow
    from pyarrow import parquet

    try:
        metadata = parquet.read_schema(path).metadata or {}
        value = float(metadata[_VALUE])
        samples = read_answers(path)
    except (OSError, ValueError, KeyError, TypeError, pyarrow.ArrowException):
        return None
    if not samples:
        return None
    return Answers([replace(sample, model=model, group=group) for sample in samples], value)


def save(path: Path, samples: Sequence[Sample], value: float) -> None:
    from pyarrow import parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    table = as_table(samples).replace_schema_metadata({_VALUE: repr(value).encode()})
    scratch = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    parquet.write_table(table, scratch, compression="zstd")
    scratch.replace(path)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
