"""How long the statistics of a large table take, how much memory, and what the harness costs.

    python -m benchmarks.evaluation --quick     500 models by 100 tasks, seconds
    python -m benchmarks.evaluation             5,000 models by 100 tasks, about half a minute

One JSON object a line: figure, value, unit, what it is measured against, goal, whether it holds.
The harness is measured in `benchmarks.harness`. The table is generated; each of its figures is
taken in a process of its own, medians of three in the full form. Goals are stated for the full
size only.
"""

import argparse
import csv
import json
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import harness

SEED = 20_260
TASKS = 100
MODELS, QUICK_MODELS = 5_000, 500
GOAL_SECONDS, GOAL_MIB = 10.0, 1024.0


class Used(NamedTuple):
    read_seconds: float
    compute_seconds: float
    write_seconds: float
    peak_mib: float


def write_table(path: Path, models: int) -> None:
    """Half of the models are a base, the other half its adapted variant."""
    chance = np.random.default_rng(SEED)
    n = chance.integers(100, 2000, size=TASKS)
    ability = np.repeat(chance.normal(0, 0.8, size=(models + 1) // 2), 2)[:models, None]
    truth = 1 / (1 + np.exp(-(ability + chance.normal(0, 0.5, size=TASKS))))
    score = chance.binomial(n, truth) / n
    stderr = np.sqrt(score * (1 - score) / (n - 1))
    with path.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(["model", "variant", "language", "task", "n", "score", "stderr"])
        for model in range(models):
            variant = "adapted" if model % 2 else "base"
            for task in range(TASKS):
                figures = f"{100 * score[model, task]:.2f}", f"{100 * stderr[model, task]:.2f}"
                writer.writerow([f"m{model // 2}", variant, "fr", f"t{task}", n[task], *figures])


def measure(path: Path, out: Path) -> Used:
    from evaluation.reading import read_table
    from evaluation.report import Choices, write
    from evaluation.report import statistics as compute

    began = time.perf_counter()
    table = read_table(path)
    read = time.perf_counter()
    choices = Choices()
    found = compute(table, choices)
    computed = time.perf_counter()
    write(table, found, choices, path.name, out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Used(read - began, computed - read, time.perf_counter() - computed, peak)


def report(figure: str, value: float, unit: str, against: str, goal: float | None) -> None:
    line = {
        "figure": figure, "value": round(value, 3), "unit": unit, "against": against,
        "goal": goal, "holds": None if goal is None else value <= goal,
    }  # fmt: skip
    print(json.dumps(line, ensure_ascii=False), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="within 50 s on two cores")
    quick = parser.parse_args().quick
    models = QUICK_MODELS if quick else MODELS
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        print(f"writing {models} models by {TASKS} tasks", file=sys.stderr)
        write_table(path, models)
        for number in range(1 if quick else 3):
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                runs.append(pool.submit(measure, path, Path(folder) / "out").result())
            print(f"run {number + 1}: {runs[-1]}", file=sys.stderr)
    size = f"{models} models × {TASKS} tasks"
    medians = Used(*(statistics.median(values) for values in zip(*runs, strict=True)))
    goals = (None, None) if quick else (GOAL_SECONDS, GOAL_MIB)
    report("ranks, groups, changes and consistency", medians.compute_seconds, "s", size, goals[0])
    report("reading and checking the table", medians.read_seconds, "s", size, None)
    report("writing five files", medians.write_seconds, "s", size, None)
    report("peak memory", medians.peak_mib, "MiB", size, goals[1])
    harness.run(quick)


if __name__ == "__main__":
    main()
