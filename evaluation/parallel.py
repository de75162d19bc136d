"""Several processes ask one model: each loads it once and takes the next task and draw.

    fill(system, "adapted", folder, [(task, 1234, path), ...], threads, print)

Every answer goes into the cache, from where the one that started them reads it, so that the number
of processes changes no digit, and what was answered before one of them died is kept.
"""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from evaluation import harness
from evaluation.cache import save
from evaluation.system import EvaluationSystem
from hub.environment import secrets_hidden
from hub.failure import Failed

Wanted = tuple["harness.Task", int | None, Path]
"""a task, a draw of examples, the place of the answers"""

_loaded: list[Any] = []
"""in a worker: its model"""


def fill(
    system: EvaluationSystem,
    name: str,
    folder: Path,
    wanted: Sequence[Wanted],
    threads: int,
    progress: Callable[[str], None],
) -> None:
    """Raises Failed where a process was killed, and what asking raises."""
    number = min(system.processes, len(wanted))
    spawn = multiprocessing.get_context("spawn")
    ranks = spawn.SimpleQueue()
    for rank in range(number):
        ranks.put(rank)
    progress(f"{name}: loading in {number} processes")
    started = (system, name, folder, threads, ranks)
    with secrets_hidden(), ProcessPoolExecutor(number, spawn, _load, started) as pool:
        asked = {pool.submit(_ask, name, *one): one[0].name for one in wanted}
        try:
            for done in as_completed(asked):
                done.result()
                progress(f"{name}: {asked[done]} answered")
        except BrokenProcessPool:
            raise Failed(
                f"a process that asked {name} was killed, perhaps for its memory: what was answered"
                " is kept, run again with fewer `processes`"
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def _load(system: EvaluationSystem, name: str, folder: Path, threads: int, ranks: Any) -> None:
    import torch

    torch.set_num_threads(threads)
    _loaded.append(harness.load_model(name, folder, system, ranks.get()))


def _ask(name: str, task: "harness.Task", seed: int | None, place: Path) -> None:
    answers = harness.ask(name, _loaded[0], task, seed)
    save(place, answers.samples, answers.value)
