"""Results as metadata, without loss: `model-index` in a card, and `.eval_results/*.yaml`.

The client writes all results of one (task, dataset, configuration, split, revision) under one
dataset, and keeps the name and arguments of the first: of a 0-shot and a 5-shot result one setting
is lost. Only the metrics are kept one by one. So what tells two results apart, the setting, is
written on the metric (`args` and `name`), and whatever was written is read back and compared.

`.eval_results` are for registered benchmarks only: those whose dataset has an `eval.yaml`, which
also says what their tasks are called. One file per task and setting.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from huggingface_hub import EvalResult
from huggingface_hub.repocard_data import eval_results_to_model_index, model_index_to_eval_results

from hub.failure import BadInput, Unexpected

FOLDER = ".eval_results"


@dataclass(frozen=True)
class Result:
    """One figure: what was measured, on what, in which setting."""

    dataset: str
    """Hub id"""
    dataset_name: str
    """to be read"""
    metric: str
    value: float
    config: str = "default"
    split: str = "test"
    revision: str | None = None
    settings: Mapping[str, int | float | str | bool] = field(default_factory=dict)
    """such as {"num_fewshot": 5}: what tells it from another result on the same data"""
    source_name: str | None = None
    source_url: str | None = None

    @property
    def setting(self) -> str:
        """`5-shot, cot` for {"num_fewshot": 5, "cot": True}."""
        words: list[str] = []
        for name, value in sorted(self.settings.items()):
            if name == "num_fewshot":
                words.insert(0, f"{value}-shot")
            elif value is True:
                words.append(name.replace("_", " "))
            elif value is not False:
                words.append(f"{name.replace('_', ' ')} {value}")
        return ", ".join(words)


def card_results(results: Sequence[Result], task: str = "text-generation") -> list[EvalResult]:
    """For a card's `eval_results`; raises Unexpected if the client's serialiser would lose any."""
    written = [_card_result(result, task) for result in results]
    if written:
        check_card(eval_results_to_model_index("model", written), written)
    return written


def _card_result(result: Result, task: str) -> EvalResult:
    name = result.metric.replace("_", " ")
    return EvalResult(
        task_type=task,
        dataset_type=result.dataset,
        dataset_name=result.dataset_name,
        dataset_config=result.config,
        dataset_split=result.split,
        dataset_revision=result.revision,
        metric_type=result.metric,
        metric_name=f"{name}, {result.setting}" if result.setting else name,
        metric_value=result.value,
        metric_args=dict(result.settings) or None,
        source_name=result.source_name,
        source_url=result.source_url,
    )


def check_card(model_index: list[dict[str, Any]], written: Sequence[EvalResult]) -> None:
    """Raises Unexpected unless a `model-index` reads back as exactly what was written."""
    _, read = model_index_to_eval_results(model_index)
    before, after = sorted(map(_facts, written)), sorted(map(_facts, read))
    if before != after:
        lost = [facts for facts in before if facts not in after]
        raise Unexpected(f"model-index does not read back: {(lost or after)[0]} is lost")


def _facts(result: EvalResult) -> str:
    """All that has to survive, comparable."""
    return repr((
        result.dataset_type, result.dataset_name, result.dataset_config, result.dataset_split,
        result.dataset_revision, result.metric_type, result.metric_name, result.metric_value,
        sorted((result.metric_args or {}).items()), result.source_url,
    ))  # fmt: skip


@dataclass(frozen=True)
class Benchmark:
    """A registered benchmark: what its dataset's `eval.yaml` says."""

    dataset: str
    revision: str
    tasks: Mapping[tuple[str, str], str]
    """(configuration, split) to task id"""


def read_benchmark(dataset: str, revision: str, text: str) -> Benchmark:
    """From the text of `eval.yaml`; raises BadInput where it names no tasks."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        found = YAML(typ="safe", pure=True).load(text)
        tasks = {
            (str(task.get("config", "default")), str(task.get("split", "test"))): str(task["id"])
            for task in found["tasks"]
        }
    except (YAMLError, KeyError, TypeError, AttributeError):
        raise BadInput(f"eval.yaml of {dataset} lists no tasks: it is not a benchmark") from None
    return Benchmark(dataset, revision, tasks)


def entry_files(
    results: Sequence[Result], benchmarks: Mapping[str, Benchmark], date: str
) -> dict[str, str]:
    """Path to YAML of each result on a registered benchmark; other results have none.

    `date` is an ISO date, quoted as the Hub asks: unquoted, YAML would make it no text.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    files: dict[str, str] = {}
    for result in results:
        benchmark = benchmarks.get(result.dataset)
        task = benchmark.tasks.get((result.config, result.split)) if benchmark else None
        if benchmark is None or task is None:
            continue
        dataset = {"id": result.dataset, "task_id": task, "revision": benchmark.revision}
        entry: dict[str, Any] = {
            "dataset": dataset, "value": result.value, "date": DoubleQuotedScalarString(date),
        }  # fmt: skip
        if result.source_url:
            entry["source"] = {"url": result.source_url, "name": result.source_name or "results"}
        if result.setting:
            entry["notes"] = result.setting
        stream = StringIO()
        YAML().dump([entry], stream)
        words = "-".join(filter(None, (task, result.metric, result.setting)))
        path = f"{FOLDER}/{re.sub(r'[^A-Za-z0-9._-]+', '-', words)}.yaml"
        if path in files:
            raise BadInput(
                f"two results of {task} have the same setting: {result.setting or 'none'}"
            )
        files[path] = stream.getvalue()
    return files
