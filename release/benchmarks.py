"""Scores that belong to a registered benchmark, as the Hub's `.eval_results` files of a model.

What a benchmark's tasks are called its dataset says (`eval.yaml`). It is read from the Hub that
HF_ENDPOINT names and kept in the work folder, so that a rehearsal and the publication after it say
the same, and the second needs no network. A result has the date on which it was first seen.
"""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.disk import write_json
from hub.failure import BadInput, Failed
from hub.manifest import Artefact
from hub.results import Benchmark, Result, entry_files, read_benchmark
from release.schema import BenchmarkSettings, Release

EVAL = "eval.yaml"


def files(
    release: Release, model: str, results: Artefact, source: tuple[str, str], workdir: Path
) -> dict[str, str]:
    """Path to text of the files of one model; `source` is the id and tag of the results repo.

    Raises BadInput where a dataset is no benchmark or has no such task.
    """
    from evaluation.results import read_scores

    if not release.benchmarks:
        return {}
    known = {one.dataset: _benchmark(one, workdir) for one in release.benchmarks.values()}
    repo, tag = source
    found = [
        Result(
            dataset=one.dataset, dataset_name=one.dataset, metric=score.metric, value=score.value,
            config=one.config, split=one.split, settings=one.settings,
            source_name=f"{repo}, {tag}",
            source_url=f"https://huggingface.co/datasets/{repo}/tree/{tag}",
        )
        for score in read_scores(results)
        if score.model == model and (one := release.benchmarks.get(score.task))
    ]  # fmt: skip
    return entry_files(found, known, _date(results.manifest.digest, workdir))


def _benchmark(settings: BenchmarkSettings, workdir: Path) -> Benchmark:
    kept = workdir / "benchmarks" / f"{settings.dataset.replace('/', '--')}.json"
    said = _read(kept)
    if not said:
        said = _fetch(settings.dataset)
        kept.parent.mkdir(exist_ok=True)
        write_json(kept, said)
    found = read_benchmark(settings.dataset, said["revision"], said["text"])
    if (settings.config, settings.split) not in found.tasks:
        there = ", ".join(f"{config}/{split}" for config, split in found.tasks)
        raise BadInput(
            f"{EVAL} of {settings.dataset} has no task for {settings.config}/{settings.split} "
            f"(there are: {there})"
        )
    return found


def _fetch(dataset: str) -> dict[str, str]:
    """`eval.yaml` at the present commit, as anybody may read it."""
    from huggingface_hub import HfApi

    from hub.publish.patience import TROUBLE
    from hub.publish.remote import Address, head_of, read_file

    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    api, where = HfApi(endpoint=endpoint, token=False), Address("dataset", dataset)
    try:
        commit = head_of(api, where)
        text = read_file(api, where, EVAL, commit) if commit else None
    except TROUBLE as error:
        reason = " ".join(str(error).split())
        raise Failed(f"{EVAL} of {dataset} could not be read at {endpoint}: {reason}") from None
    if commit is None or text is None:
        raise BadInput(
            f"{dataset} is no registered benchmark: "
            + (f"it has no {EVAL}" if commit else f"there is no such dataset at {endpoint}")
        )
    return {"revision": commit, "text": text.decode("utf-8", "replace")}


def _date(digest: str, workdir: Path) -> str:
    """When these results were first seen here: the same at every later call."""
    path = workdir / "benchmarks" / "dates.json"
    dates = dict(_read(path))
    if digest not in dates:
        dates[digest] = datetime.now(UTC).date().isoformat()
        write_json(path, dates)
    return str(dates[digest])


def _read(path: Path) -> Mapping[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError:
        raise BadInput(f"{path} is damaged: remove it") from None
    return found
