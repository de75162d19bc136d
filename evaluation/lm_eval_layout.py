"""Results as lm-eval lays them out, for the tools that read its folders.

    OUT/MODEL/results_DATE.json          what `lm_eval --output_path OUT` writes
    OUT/MODEL/samples_TASK_DATE.jsonl    with `--log_samples`

lm-eval's own tracker writes the files. The prompts are rendered again from the `tasks` artefact by
lm-eval, and each has to have the hash that is kept with its answer: no model is asked. lm-eval has
one draw of examples a run, so one is exported; its scores are those of that draw.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evaluation.answers import Asking, read_asking, text_hash
from evaluation.results import Sample
from evaluation.settings import EvaluationError
from evaluation.statistics.intervals import standard_error
from hub.manifest import Artefact


def export(
    model: str, samples: Sequence[Sample], tasks: Mapping[str, Artefact], out: Path,
    seed: int = 1234,
) -> Path:  # fmt: skip
    """Write the answers of `model` to `tasks` under `out`; returns the folder of the model."""
    from lm_eval.loggers import EvaluationTracker

    found: dict[str, Any] = {
        field: {} for field in ("results", "configs", "versions", "n-shot", "n-samples",
                                "higher_is_better")
    }  # fmt: skip
    logged: dict[str, list[dict[str, Any]]] = {}
    for name, artefact in sorted(tasks.items()):
        asking = read_asking(artefact)
        answers = [s for s in samples if s.task == name and s.seed in (None, seed)]
        if not answers:
            raise EvaluationError(f"model {model!r} has no answers to {name!r} with seed {seed}")
        logged[name] = list(_logged(asking, answers, seed))
        found["results"][name] = _figures(asking, answers)
        found["configs"][name] = {k: v for k, v in asking.definition.items() if v is not None}
        found["versions"][name] = (asking.definition.get("metadata") or {}).get("version", 0)
        found["n-shot"][name] = asking.shots
        found["n-samples"][name] = {"original": len(answers), "effective": len(answers)}
        higher = asking.definition["metric_list"][0].get("higher_is_better", True)
        found["higher_is_better"][name] = {asking.metric: higher}
    found["config"] = {"model": "hf", "model_args": {"pretrained": model}, "fewshot_seed": seed}
    tracker = EvaluationTracker(output_path=str(out))
    tracker.general_config_tracker.log_experiment_args("hf", f"pretrained={model}", "", "", False)
    tracker.save_results_aggregated(results=found, samples=logged)
    for name, rows in logged.items():
        tracker.save_results_samples(task_name=name, samples=rows)
    folder = out / str(tracker.general_config_tracker.model_name_sanitized)
    if len(list(folder.glob("samples_*.jsonl"))) < len(tasks):  # the tracker only warns
        raise EvaluationError(f"lm-eval could not write the results of {model!r} into {out}")
    return folder


def _figures(asking: Asking, answers: Sequence[Sample]) -> dict[str, Any]:
    stderr: float | str
    if answers[0].measure == "bits_per_byte":
        nats = sum(sample.log_likelihood or 0.0 for sample in answers)
        num_bytes = sum(sample.num_bytes or 0 for sample in answers)
        value, stderr = -nats / num_bytes / math.log(2), "N/A"
    else:
        value = sum(bool(sample.correct) for sample in answers) / len(answers)
        stderr = standard_error(value, len(answers))
    return {
        "alias": asking.name,
        asking.result_name: value,
        f"{asking.metric}_stderr,{asking.filter}": stderr,
    }


def _logged(asking: Asking, answers: Sequence[Sample], seed: int) -> Any:
    from lm_eval.utils import hash_string

    by_item = {sample.item: sample for sample in answers}
    task = asking.load()["tasks"][asking.name]
    task.set_fewshot_seed(seed=seed)
    task.build_all_requests(rank=0, world_size=1)
    asked: dict[int, list[Any]] = {}
    for instance in task.instances:
        asked.setdefault(instance.doc_id, []).append(instance)
    for number, instances in asked.items():
        doc, arguments = instances[0].doc, [instance.args for instance in instances]
        item = str(doc["id"]) if "id" in doc else str(number)
        sample = by_item.get(item)
        if sample is None or sample.text_sha256 != text_hash(asking, arguments):
            raise EvaluationError(f"item {item!r} of task {asking.name!r} was asked in other words")
        target = task.doc_to_target(doc)
        heard = _heard(sample)
        yield {
            "doc_id": number, "doc": doc, "target": target, "arguments": arguments,
            "resps": [[each] for each in heard], "filtered_resps": heard,
            "filter": asking.filter, "metrics": [asking.metric],
            "doc_hash": hash_string(json.dumps(doc, indent=2, ensure_ascii=False)),
            "prompt_hash": hash_string(str(arguments[0][0])),
            "target_hash": hash_string(str(target)),
            asking.metric: _metric(sample),
        }  # fmt: skip


def _heard(sample: Sample) -> list[Any]:
    """Whether an option was the greedy continuation is not kept."""
    if sample.option_log_likelihoods is not None:
        return [(nats, False) for nats in sample.option_log_likelihoods]
    return [sample.log_likelihood if sample.log_likelihood is not None else ""]


def _metric(sample: Sample) -> Any:
    if sample.measure == "bits_per_byte":
        return (sample.log_likelihood, sample.num_bytes)
    return float(bool(sample.correct))
