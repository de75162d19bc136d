"""One model, all its tasks, every answer kept: lm-eval asks, this module listens.

    evaluate(settings, "adapted", folder, {"medical-text": artefact, ...}, out, print)

The model is loaded once, from its folder and nowhere else (safetensors, no code of its own, no
network), and asked one task after the other. lm-eval builds the requests, batches them and adds up
the score; we keep what it was told for each item and refuse to write a score that its rows do not
reproduce to the last digit.

A task is its own call to lm-eval, because requests of one call share batches, and in float32 a
neighbour in the batch moves the last digits: so a score depends on model and task, not on which
other tasks were asked for. The items reach lm-eval in memory, so `datasets` keeps no cache of them.
"""

import hashlib
import io
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from evaluation.results import Sample, TaskScore, write_results
from evaluation.settings import EvaluationError, EvaluationSettings
from evaluation.summary import estimate
from evaluation.tasks import SPLIT, read_definition, read_items
from hub.manifest import Artefact, Number, Outcome, canonical_sha256

LOGIT_BYTES = 1 << 28
"""largest block of logits a batch may need; log-softmax holds about three of them at once"""
MAX_BATCH = 16

_UNIT = {"bits_per_byte": "bits per byte", "accuracy": "proportion"}
_LM_EVAL_METRIC = {"bits_per_byte": "bits_per_byte", "accuracy": "acc"}
_CHATTY = ("lm_eval", "transformers", "datasets", "accelerate")


class InMemory(NamedTuple):
    """A model that lies in no folder: a candidate of a sweep."""

    network: Any
    """a transformers causal language model, in float32"""
    tokenizer: Any


class _Model(NamedTuple):
    name: str
    network: Any
    tokenizer: Any


class _Task(NamedTuple):
    name: str
    group: str
    definition: dict[str, Any]
    items: list[dict[str, Any]]


class _Answers(NamedTuple):
    samples: list[Sample]
    value: float
    """lm-eval's own aggregate"""


def evaluate(
    settings: EvaluationSettings,
    model_name: str,
    model: Path | InMemory,
    tasks: Mapping[str, Artefact],
    out: Path,
    progress: Callable[[str], None],
    *,
    threads: int = 2,
) -> Outcome:
    """Ask `model` (its folder, or itself) every task; write answers and scores into `out`.

    The number of threads decides in which order float32 sums are taken, so it is stated, not found.
    """
    asked = [_read_task(name, settings, tasks) for name in _task_names(settings, tasks)]
    samples: list[Sample] = []
    scores: list[TaskScore] = []
    with _threads(threads):
        if isinstance(model, Path):
            progress(f"{model_name}: loading")
            model = _load(model_name, model)
        loaded = _Model(model_name, model.network, _speaking(model_name, model.tokenizer))
        for task in asked:
            answers = _ask(loaded, task)
            score = _score(answers, settings)
            progress(_sentence(score))
            samples += answers.samples
            scores.append(score)
    out.mkdir(parents=True, exist_ok=True)
    return Outcome(write_results(out, samples, scores), _numbers(scores))


def _task_names(settings: EvaluationSettings, tasks: Mapping[str, Artefact]) -> list[str]:
    """Sorted: the order of a mapping is not part of a recipe's key, so it may not show in bytes."""
    if tasks.keys() != settings.tasks.keys():
        odd = sorted(tasks.keys() ^ settings.tasks.keys())
        raise EvaluationError(f"tasks and their settings do not match: {', '.join(odd)}")
    return sorted(tasks)


def _read_task(name: str, settings: EvaluationSettings, tasks: Mapping[str, Artefact]) -> _Task:
    artefact = tasks[name]
    if artefact.manifest.kind != "tasks":
        raise EvaluationError(
            f"{name!r} is an artefact of kind {artefact.manifest.kind}, not tasks"
        )
    definition = read_definition(artefact)
    if definition["task"] != name:
        raise EvaluationError(f"task {name!r} was exported under the name {definition['task']!r}")
    return _Task(name, settings.tasks[name].group, definition, read_items(artefact))


def _load(name: str, folder: Path) -> InMemory:
    if find_spec("lm_eval") is None or find_spec("transformers") is None:
        raise EvaluationError("evaluation needs its extra: pip install 'imprimatur[evaluation]'")
    if not (folder / "config.json").is_file():
        raise EvaluationError(f"model {name!r} has no config.json: {folder} is not a model folder")
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with _quiet():
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        network = AutoModelForCausalLM.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
        )
    return InMemory(network, tokenizer)


def _speaking(name: str, tokenizer: Any) -> Any:
    if tokenizer.bos_token_id is None and tokenizer.eos_token_id is None:
        # lm-eval conditions the first token of a text on one of them.
        raise EvaluationError(f"the tokenizer of model {name!r} has neither a BOS nor an EOS token")
    return tokenizer


def _ask(model: _Model, task: _Task) -> _Answers:
    from datasets import Dataset
    from lm_eval.evaluator import evaluate as ask
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    def in_memory(**_: Any) -> dict[str, Any]:
        return {SPLIT: Dataset.from_list(task.items)}

    with _quiet():
        lm = HFLM(pretrained=model.network, tokenizer=model.tokenizer)
        lm.batch_size_per_gpu = _batch_size(task.items, lm.max_length, model.network)
        _check_length(model, task, lm.max_length)
        manager = TaskManager(include_defaults=False)
        loaded = manager.load([task.definition | {"custom_dataset": in_memory}])
        # `evaluate`, not `simple_evaluate`: that one also lists the machine's packages and asks the
        # Hub for the commit of a model that came from a folder.
        found = ask(lm=lm, task_dict=loaded, log_samples=True)
    samples = [_sample(model.name, task, answer) for answer in found["samples"][task.name]]
    metric = _LM_EVAL_METRIC[samples[0].measure]
    return _Answers(samples, found["results"][task.name][f"{metric},none"])


def _batch_size(items: Sequence[Mapping[str, Any]], max_length: int, network: Any) -> int:
    """As many texts as keep the logits within LOGIT_BYTES; a token is at least a byte."""
    longest = min(max_length, max(len(text.encode()) for item in items for text in _texts(item)))
    logit_bytes: int = 4 * longest * network.config.get_text_config().vocab_size
    return max(1, min(MAX_BATCH, LOGIT_BYTES // logit_bytes))


def _texts(item: Mapping[str, Any]) -> list[str]:
    """What the model reads for an item; lm-eval puts one space before an option."""
    if "text" in item:
        return [item["text"]]
    return [f"{item['context']} {option}" for option in item["options"]]


def _check_length(model: _Model, task: _Task, max_length: int) -> None:
    """lm-eval reads long texts in windows, but would cut the beginning off a long question."""
    if "text" in task.items[0]:
        return
    texts = [text for item in task.items for text in _texts(item)]
    longest = max(len(tokens) for tokens in model.tokenizer(texts)["input_ids"])
    if longest > max_length:
        raise EvaluationError(
            f"task {task.name!r} has a question of {longest} tokens, and model {model.name!r} reads"
            f" at most {max_length}"
        )


def _sample(model: str, task: _Task, answer: Mapping[str, Any]) -> Sample:
    """What lm-eval logged for one item, as typed columns and without its text."""
    item = answer["doc"]
    if "text" in item:
        nats, num_bytes = answer["bits_per_byte"]
        sample = Sample(
            model, task.name, task.group, "bits_per_byte", item["id"],
            hashlib.sha256(item["text"].encode()).hexdigest(),
            log_likelihood=nats, num_bytes=num_bytes,
        )  # fmt: skip
        heard = [nats]
    else:
        heard = [nats for nats, _ in answer["filtered_resps"]]
        chosen = max(range(len(heard)), key=heard.__getitem__)
        sample = Sample(
            model, task.name, task.group, "accuracy", item["id"],
            canonical_sha256([item["context"], *item["options"]]),
            option_log_likelihoods=tuple(heard), chosen=chosen, answer=item["answer"],
            correct=chosen == item["answer"],
        )  # fmt: skip
    if not all(map(math.isfinite, heard)):
        raise EvaluationError(
            f"model {model!r} gave a log-likelihood that is not a finite number for item"
            f" {item['id']!r} of task {task.name!r}: its weights or logits are broken"
        )
    return sample


def _score(answers: _Answers, settings: EvaluationSettings) -> TaskScore:
    first = answers.samples[0]
    found = estimate(answers.samples, settings)
    if found.value != answers.value:
        raise EvaluationError(
            f"the answers of model {first.model!r} to task {first.task!r} add up to {found.value},"
            f" and lm-eval says {answers.value}"
        )
    method = (
        "Wilson interval, standard error √(p(1−p)/(n−1))"
        if first.measure == "accuracy"
        else f"percentile bootstrap over documents, {settings.resamples} resamples,"
        f" seed {settings.seed}"
    )
    return TaskScore(
        first.model, first.task, first.group, first.measure, found.value, found.low, found.high,
        len(answers.samples), found.stderr, f"{settings.confidence:.0%} {method}",
    )  # fmt: skip


def _sentence(score: TaskScore) -> str:
    unit = _UNIT[score.metric] if score.metric == "bits_per_byte" else "correct"
    interval = f"[{score.ci_low:.3f}, {score.ci_high:.3f}]"
    return f"{score.model}: {score.task} {score.value:.3f} {unit} {interval}, {score.n} items"


def _numbers(scores: Sequence[TaskScore]) -> dict[str, Number]:
    numbers: dict[str, Number] = {}
    for score in scores:
        unit = _UNIT[score.metric]
        numbers[score.task] = Number(value=score.value, unit=unit)
        numbers[f"{score.task}.ci_low"] = Number(value=score.ci_low, unit=unit)
        numbers[f"{score.task}.ci_high"] = Number(value=score.ci_high, unit=unit)
        numbers[f"{score.task}.n"] = Number(value=score.n, unit="items")
    return numbers


@contextmanager
def _threads(num_threads: int) -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(num_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide progress bars and advice of the libraries; errors travel as exceptions."""
    loggers = [logging.getLogger(name) for name in _CHATTY]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with redirect_stderr(io.StringIO()):
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
