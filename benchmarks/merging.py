"""What a sweep in memory and our checks cost beside mergekit itself.

    python -m benchmarks.merging --quick     two models of 30 million parameters
    python -m benchmarks.merging             two models shaped like Qwen3-0.6B, bf16
    python -m benchmarks.merging --only sweep        or --only merge: a part, in a few minutes

One JSON object a line: figure, value, unit, what it is measured against, goal, whether it holds.
The models are random and made here. Each side runs in a process of its own, all in this run:

    mergekit    its run_merge with the papers' schedule, from the start of Python; as users meet it
    merge       merging.merge, the same; seconds without imports, peak memory of the process
    sweep       nine candidates, one after the other, in one network; evaluation is left out of
                both sides, since it costs the same for a candidate in memory and for one on disk
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SHAPE = {
    "hidden_size": 1024, "num_hidden_layers": 28, "num_attention_heads": 16,
    "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 3072, "vocab_size": 151_936,
}  # fmt: skip
QUICK_SHAPE = SHAPE | {"hidden_size": 256, "num_hidden_layers": 8, "vocab_size": 65_536}
CANDIDATES = 9

Found = dict[str, list[dict[str, float]]]
"""by side: what each run measured"""


def make(folder: Path, seed: int, shape: dict[str, int]) -> None:
    import torch
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(seed)
    torch.set_default_dtype(torch.bfloat16)
    config = Qwen3Config(**shape, tie_word_embeddings=True, dtype="bfloat16")
    Qwen3ForCausalLM(config).save_pretrained(folder)
    words = Tokenizer(models.WordLevel({"a": 0, "b": 1}, unk_token="a"))  # noqa: S106 (a word, no secret)
    PreTrainedTokenizerFast(tokenizer_object=words, eos_token="b").save_pretrained(folder)  # noqa: S106


def configuration(t: Any = None) -> dict[str, Any]:
    from merging.schedules import ready

    mergekit = ready("definemed-slerp", ["base", "adapted"]) | {"dtype": "bfloat16"}
    return mergekit if t is None else mergekit | {"parameters": {"t": t}}


def side(name: str, root: Path) -> dict[str, float]:
    """One side, in this process: seconds after the imports, peak memory in MiB."""
    parents = {model: root / model for model in ("base", "adapted")}
    out = root / f"out-{name}"

    from merging import merge as merging
    from merging.candidates import Network
    from merging.settings import MergingSettings, rename

    began, busy = time.perf_counter(), time.process_time()
    if name == "mergekit":
        merging.run(
            rename(configuration(), lambda model: {"model": {"path": str(parents[model])}}), out
        )
    elif name == "merge":
        merging.merge(MergingSettings(mergekit=configuration()), parents, out, _say)
    else:
        network = Network(parents, "base")
        _say(f"loaded after {time.perf_counter() - began:.1f} s")
        for number in range(CANDIDATES):
            network.become(configuration((number + 1) / (CANDIDATES + 1)))
            _say(f"candidate {number + 1} after {time.perf_counter() - began:.1f} s")
    seconds = time.perf_counter() - began
    return {
        "seconds": seconds,
        "cpu": time.process_time() - busy,
        "mib": peak_mib(),
    }


def peak_mib() -> float:
    """Of this process; getrusage would count the process that it was forked from."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


def alone(name: str, root: Path) -> dict[str, float]:
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.merging", "--side", name, "--root", str(root)],
        stdout=subprocess.PIPE, check=True, text=True, env=os.environ,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    found["wall"] = time.perf_counter() - began
    _say(f"{name}: {found}")
    return found


def report(
    figure: str, value: float, unit: str, against: str, goal: float | None, most: bool = True
) -> None:
    holds = None if goal is None else value <= goal if most else value >= goal
    line = {
        "figure": figure, "value": round(value, 3), "unit": unit, "against": against,
        "goal": goal, "holds": holds,
    }  # fmt: skip
    print(json.dumps(line, ensure_ascii=False), flush=True)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="within 50 s on two cores")
    parser.add_argument("--runs", type=int, help="of each single merge; medians are reported")
    parser.add_argument("--only", choices=("merge", "sweep"), help="one part")
    parser.add_argument("--side", choices=("mergekit", "merge", "sweep"), help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        print(json.dumps(side(given.side, given.root)))
        return
    runs = given.runs or (1 if given.quick else 3)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for seed, name in enumerate(("base", "adapted")):
            make(root / name, seed, QUICK_SHAPE if given.quick else SHAPE)
        sides = [side for side in ("mergekit", "merge", "sweep") if given.only in (None, side)]
        found: Found = {side: [] for side in dict.fromkeys(["mergekit", *sides])}
        for number in range(runs):  # in turns, so that a busy machine slows all sides
            for name, results in found.items():
                if name != "sweep" or number == 0:
                    results.append(alone(name, root))
    if "sweep" in found:
        report_sweep(found, given.quick)
    if "merge" in found:
        report_merge(found, given.quick)


def median(found: Found, name: str, what: str) -> float:
    return statistics.median(result[what] for result in found[name])


def report_sweep(found: Found, quick: bool) -> None:
    size = "two models of 30 M" if quick else "two models of 0.6 B, bf16"
    swept, wall = found["sweep"][0], median(found, "mergekit", "wall")
    report(
        f"{CANDIDATES} candidates in memory / three mergekit merges, wall",
        swept["wall"] / (3 * wall), "ratio",
        f"{swept['wall']:.1f} s against 3 × {wall:.1f} s, {size}", None if quick else 1.0,
    )  # fmt: skip
    report("one candidate", swept["seconds"] / CANDIDATES, "s", f"loading shared, {size}", None)
    report("peak memory of the sweep", swept["mib"], "MiB", size, None)


def report_merge(found: Found, quick: bool) -> None:
    for figure, what, unit, goal in (
        ("in process, wall", "seconds", "s", 1.1),
        ("in process, CPU", "cpu", "CPU s", None),
        ("peak memory", "mib", "MiB", 1.0),
    ):
        ours, theirs = (median(found, name, what) for name in ("merge", "mergekit"))
        report(
            f"a merge / mergekit, {figure}", ours / theirs, "ratio",
            f"{ours:.1f} against {theirs:.1f} {unit}", None if quick else goal,
        )  # fmt: skip


if __name__ == "__main__":
    main()
