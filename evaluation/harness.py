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

import io
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from evaluation.answers import Asking, read_asking, sample_of
from evaluation.asking import listener, templates_compiled_once
from evaluation.cache import Answers, Cache, load, save
from evaluation.results import Sample, TaskScore, write_results
from evaluation.settings import EvaluationError, EvaluationSettings
from evaluation.summary import estimate, task_score
from evaluation.system import EvaluationSystem
from hub.manifest import Artefact, Number, Outcome

_UNIT = {"bits_per_byte": "bits per byte", "accuracy": "proportion"}
_CHATTY = ("lm_eval", "transformers", "datasets", "accelerate", "torch.utils._pytree")


class InMemory(NamedTuple):
    """A model that lies in no folder: a candidate of a sweep."""

    network: Any
    """a transformers causal language model, in float32"""
    tokenizer: Any


class Task(NamedTuple):
    """What is asked of every model."""

    name: str
    group: str
    digest: str
    asking: Asking
    seeds: tuple[int | None, ...]


def evaluate(
    settings: EvaluationSettings,
    model_name: str,
    model: Path | InMemory,
    tasks: Mapping[str, Artefact],
    out: Path,
    progress: Callable[[str], None],
    *,
    threads: int = 2,
    cache: Cache | None = None,
) -> Outcome:
    """Ask `model` (its folder, or itself) every task; write answers and scores into `out`.

    The number of threads decides in which order float32 sums are taken, so it is stated, not found.
    With `cache`, what it holds is not asked again; where it holds everything no model is loaded.
    """
    asked = [_read_task(name, settings, tasks) for name in _task_names(settings, tasks)]
    if isinstance(model, Path) and not (model / "config.json").is_file():
        raise EvaluationError(
            f"model {model_name!r} has no config.json: {model} is not a model folder"
        )
    if cache and isinstance(model, Path):
        _share(settings, model_name, model, asked, cache, threads, progress)
    samples: list[Sample] = []
    scores: list[TaskScore] = []
    for task in asked:
        own: list[Sample] = []
        for seed in task.seeds:
            place = cache.path(task.digest, seed, threads) if cache else None
            answers = load(place, model_name, task.group) if place else None
            if answers is None:
                with _threads(threads):
                    if isinstance(model, Path):
                        progress(f"{model_name}: loading")
                        model = load_model(model_name, model, settings.system)
                    answers = ask(model_name, model, task, seed)
                if place:
                    save(place, answers.samples, answers.value)
            _check_sum(answers, settings)
            own += answers.samples
        score = task_score(own, settings)
        progress(_sentence(score))
        samples += own
        scores.append(score)
    out.mkdir(parents=True, exist_ok=True)
    return Outcome(write_results(out, samples, scores), _numbers(scores))


def _share(
    settings: EvaluationSettings,
    name: str,
    folder: Path,
    asked: Sequence[Task],
    cache: Cache,
    threads: int,
    progress: Callable[[str], None],
) -> None:
    """Let several processes answer what is not known, where that is several things."""
    if settings.system.processes == 1 or settings.system.backend == "vllm":
        return
    places = [(task, seed, cache.path(task.digest, seed, threads))
              for task in asked for seed in task.seeds]  # fmt: skip
    wanted = [one for one in places if load(one[2], name, one[0].group) is None]
    if len(wanted) > 1:
        from evaluation.parallel import fill

        fill(settings.system, name, folder, wanted, threads, progress)


def _task_names(settings: EvaluationSettings, tasks: Mapping[str, Artefact]) -> list[str]:
    """Sorted: the order of a mapping is not part of a recipe's key, so it may not show in bytes."""
    if tasks.keys() != settings.tasks.keys():
        odd = sorted(tasks.keys() ^ settings.tasks.keys())
        raise EvaluationError(f"tasks and their settings do not match: {', '.join(odd)}")
    return sorted(tasks)


def _read_task(name: str, settings: EvaluationSettings, tasks: Mapping[str, Artefact]) -> Task:
    artefact, said = tasks[name], settings.tasks[name]
    if artefact.manifest.kind != "tasks":
        raise EvaluationError(
            f"{name!r} is an artefact of kind {artefact.manifest.kind}, not tasks"
        )
    asking = read_asking(artefact)
    if asking.name != name:
        raise EvaluationError(f"task {name!r} was exported under the name {asking.name!r}")
    # The first examples of a file, or none at all, are the same whatever the seed.
    seeds: tuple[int | None, ...] = said.seeds if asking.drawn else (None,)
    return Task(name, said.group, artefact.manifest.digest, asking, seeds)


def load_model(name: str, folder: Path, system: EvaluationSystem, rank: int = 0) -> Any:
    """InMemory, or what `evaluation.engine` gives; `rank` numbers the processes of a machine."""
    if find_spec("lm_eval") is None or find_spec("transformers") is None:
        raise EvaluationError("evaluation needs its extra: pip install 'imprimatur[evaluation]'")
    if system.backend == "vllm":
        from evaluation.engine import engine

        return engine(name, folder, system.processes)
    with _quiet():
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        if system.device == "cuda" and not torch.cuda.is_available():
            raise EvaluationError("device cuda is asked for, and no GPU is here")

        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        network: Any = AutoModelForCausalLM.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
        )
        if system.device == "cuda":
            network = network.to(f"cuda:{rank % torch.cuda.device_count()}")
    return InMemory(network, tokenizer)


def ask(name: str, model: Any, task: Task, seed: int | None) -> Answers:
    with _quiet(), templates_compiled_once():
        from lm_eval.evaluator import evaluate as run

        if isinstance(model, InMemory):
            lm = listener(model.network, model.tokenizer, name, task.name)
        else:
            lm, model.task = model, task.name
        loaded = task.asking.load()
        for one in loaded["tasks"].values():
            one.set_fewshot_seed(seed=seed)
        # `evaluate`, not `simple_evaluate`: that one also lists the machine's packages and asks the
        # Hub for the commit of a model that came from a folder.
        found = run(lm=lm, task_dict=loaded, log_samples=True, bootstrap_iters=0)
    answers = task.asking.of_one_filter(found["samples"][task.name])
    samples = [sample_of(name, task.group, task.asking, seed, answer) for answer in answers]
    return Answers(samples, found["results"][task.name][task.asking.result_name])


def _check_sum(answers: Answers, settings: EvaluationSettings) -> None:
    """One draw of examples: its rows add up to what lm-eval says, to the last digit."""
    first = answers.samples[0]
    found = estimate(answers.samples, settings)
    if found.value != answers.value:
        raise EvaluationError(
            f"the answers of model {first.model!r} to task {first.task!r} add up to {found.value},"
            f" and lm-eval says {answers.value}"
        )


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
