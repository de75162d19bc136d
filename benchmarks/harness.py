"""What the evaluation harness costs beside the model: overhead and a rerun.

    python -m benchmarks.harness --quick      40 questions without examples, once
    python -m benchmarks.harness              48 questions with an example, medians of five

Both sides in one process: the same prompts, in the same order and batches, once through the
harness (requests built, batched, scored, kept) and once through the bare network. CPU time is
compared, which a busy machine leaves alone. The model has random weights: what is measured does
not depend on them. One JSON object a line.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

WORDS = 400
"""different ones in the questions"""
GOAL_SHARE, GOAL_SECONDS = 0.10, 2.0


class Size(NamedTuple):
    hidden: int
    layers: int
    questions: int
    shots: int
    runs: int


QUICK, FULL = Size(256, 4, 24, 0, 1), Size(256, 4, 48, 1, 5)
RERUN = """
import sys, time
from pathlib import Path
began = time.perf_counter()
from evaluation.cache import Cache
from evaluation.harness import evaluate
from evaluation.settings import EvaluationSettings
from hub.manifest import read_artefact
settings = EvaluationSettings.model_validate_json(sys.argv[1])
root = Path(sys.argv[2])
tasks = {name: read_artefact(root / name) for name in settings.tasks}
cache = Cache(root / "cache", "model")
evaluate(settings, "m", root / "model", tasks, root / "again", lambda _: None, cache=cache)
print(time.perf_counter() - began, "torch" in sys.modules)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="within 50 s on two cores")
    run(parser.parse_args().quick)


def run(quick: bool) -> None:
    size = QUICK if quick else FULL
    with tempfile.TemporaryDirectory() as folder:
        measure(size, Path(folder))


def measure(size: Size, root: Path) -> None:
    from evaluation.cache import Cache
    from evaluation.harness import InMemory, evaluate

    settings, tasks = _task(size, root)
    model = _model(size, root / "model")
    batches: list[Any] = []
    listening = model.network.register_forward_pre_hook(lambda _, given: batches.append(given[0]))
    cache = Cache(root / "cache", "model")
    evaluate(settings, "m", InMemory(*model), tasks, root / "first", print_err, cache=cache)
    listening.remove()
    shares = []
    before = _bare(model.network, batches)
    for number in range(size.runs):
        began = time.process_time()
        evaluate(settings, "m", InMemory(*model), tasks, root / f"out{number}", print_err)
        used, after = time.process_time() - began, _bare(model.network, batches)
        shares.append(used / statistics.mean((before, after)) - 1)
        print_err(f"run {number + 1}: bare {before:.1f} and {after:.1f} s CPU, {shares[-1]:+.1%}")
        before = after
    what = f"CPU time of the bare forward passes, {len(batches)} batches of up to 16 prompts"
    report("overhead of the harness", statistics.median(shares), "share", what, GOAL_SHARE)
    seconds, torch = zip(*(_again(settings, root) for _ in range(size.runs)), strict=True)
    what = f"nothing; imports included, torch {'' if any(torch) else 'not '}loaded"
    report("a rerun that asks nothing new", statistics.median(seconds), "s", what, GOAL_SECONDS)


def _again(settings: Any, root: Path) -> tuple[float, bool]:
    """In a process of its own: seconds, and whether torch was loaded."""
    seconds, torch = subprocess.run(
        [sys.executable, "-c", RERUN, settings.model_dump_json(), str(root)],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    return float(seconds), torch == "True"


def _bare(network: Any, batches: list[Any]) -> float:
    import torch

    torch.set_num_threads(2)
    began = time.process_time()
    with torch.inference_mode():
        for batch in batches:
            network(batch, use_cache=False)
    return time.process_time() - began


def _task(size: Size, root: Path) -> tuple[Any, dict[str, Any]]:
    from evaluation.settings import EvaluationSettings, TaskSettings
    from evaluation.tasks.benchmarks import export
    from hub.manifest import MadeBy, Manifest, artefact_digest, describe_files, write_manifest

    draw = np.random.default_rng(0)
    words = [f"mot{number}" for number in range(WORDS)]
    lines = []
    for number in range(size.questions + 16):
        options = {letter: " ".join(draw.choice(words, 6)) for letter in "ABCD"}
        entry = {"realidx": number, "question": " ".join(draw.choice(words, 25)),
                 "options": options, "answer_idx": "ABCD"[number % 4]}  # fmt: skip
        lines.append(json.dumps(entry))
    (root / "eval_medqa").mkdir(parents=True)
    (root / "eval_medqa" / "test.jsonl").write_text("\n".join(lines))
    task = TaskSettings(lm_eval="medqa", group="g", shots=size.shots)
    outcome = export("exam", task, root, root / "exam")
    files = describe_files(root / "exam", outcome.payload)
    made = MadeBy(code="0", packages={}, command="benchmark", machine="", accelerator="none",
                  wall_seconds=0, cpu_seconds=0)  # fmt: skip
    artefact = write_manifest(
        root / "exam",
        Manifest(kind="tasks", name="exam", key="0", digest=artefact_digest("tasks", files),
                 files=files, inputs=(), recipe={}, numbers=dict(outcome.numbers), licence=(),
                 made_by=made),
    )  # fmt: skip
    return EvaluationSettings(models=["m"], tasks={"exam": task}), {"exam": artefact}


class _Loaded(NamedTuple):
    network: Any
    tokenizer: Any


def _model(size: Size, folder: Path) -> _Loaded:
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    alphabet = pre_tokenizers.ByteLevel.alphabet()
    vocabulary = {each: number for number, each in enumerate(["<|endoftext|>", *sorted(alphabet)])}
    special = {"eos_token": "<|endoftext|>"}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)  # type: ignore[no-untyped-call]
    torch.manual_seed(0)
    network = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=4096, hidden_size=size.hidden, intermediate_size=3 * size.hidden,
            head_dim=64, num_hidden_layers=size.layers, num_attention_heads=size.hidden // 64,
            num_key_value_heads=size.hidden // 64, max_position_embeddings=4096,
            bos_token_id=None, eos_token_id=0,
        )
    )  # fmt: skip
    network.save_pretrained(folder)
    fast.save_pretrained(folder)
    network.train(False)
    return _Loaded(network, fast)


def print_err(line: str) -> None:
    print(line, file=sys.stderr)


def report(figure: str, value: float, unit: str, against: str, goal: float) -> None:
    line = {"figure": figure, "value": round(value, 3), "unit": unit, "against": against,
            "goal": goal, "holds": value <= goal}  # fmt: skip
    print(json.dumps(line, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
