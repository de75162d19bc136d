"""Where tasks run: in this process or its workers, on a Ray cluster, through Slurm.

    systems: {corpus: {executor: slurm, partition: cpu, workers: 200}}

The tasks are the same everywhere and know nothing of it; what they finished are files, on a file
system that every node sees. Slurm: `sbatch --wait` holds the run until its array is done, so that
killing the run and starting it again goes on with the tasks whose file is missing.
"""

import logging
import math
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datatrove.executor import LocalPipelineExecutor
from datatrove.executor.ray import RayPipelineExecutor
from datatrove.executor.slurm import SlurmPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from loguru import logger

from corpus.settings import CorpusSystem
from hub.environment import secrets_hidden
from hub.failure import Failed

LOCAL = CorpusSystem()


class ExecutorError(Failed):
    """Tasks that did not run to their end."""


def execute(
    steps: Sequence[PipelineStep], tasks: int, workers: int, log: Path, system: CorpusSystem = LOCAL
) -> None:
    """Run `steps` for every task from scratch; raises ExecutorError where one did not finish."""
    if not tasks:
        return
    shutil.rmtree(log, ignore_errors=True)
    logger.disable("datatrove")
    running = min(system.workers or workers, tasks)
    with secrets_hidden():
        match system.executor:
            case "local":
                executor: Any = _Local(list(steps), tasks, running, logging_dir=str(log))
                executor.run()
            case "ray":
                executor = _on_ray(list(steps), tasks, running, log, system)
            case "slurm":
                executor = _on_slurm(list(steps), tasks, running, log, system)
    missing = executor.get_incomplete_ranks()
    if missing:
        raise ExecutorError(
            f"{len(missing)} of {tasks} tasks did not finish on {system.executor}: "
            f"read {log / 'logs'} and run again, what is finished stays"
        )


class _Quiet:
    """Without datatrove's log on the terminal, in this process and in its workers."""

    def _run_for_rank(self, rank: int, local_rank: int = 0, node_rank: int = -1) -> Any:
        logger.disable("datatrove")
        return super()._run_for_rank(rank, local_rank, node_rank)  # type: ignore[misc]


class _Local(_Quiet, LocalPipelineExecutor):  # type: ignore[misc]
    pass


class _Ray(_Quiet, RayPipelineExecutor):  # type: ignore[misc]
    pass


def _on_ray(
    steps: list[PipelineStep], tasks: int, running: int, log: Path, system: CorpusSystem
) -> RayPipelineExecutor:
    import ray

    is_mine = not ray.is_initialized()
    if is_mine:
        try:
            ray.init(address=system.address, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise ExecutorError(
                f"no Ray cluster answers at {system.address}: start one with ray start --head, "
                f"or name it in systems.corpus.address ({error})"
            ) from None
    try:
        executor = _Ray(
            steps, tasks, running, logging_dir=str(log), mem_per_cpu_gb=system.memory_gb
        )
        executor.run()
        return executor
    finally:
        if is_mine:
            ray.shutdown()


def _on_slurm(
    steps: list[PipelineStep], tasks: int, running: int, log: Path, system: CorpusSystem
) -> SlurmPipelineExecutor:
    executor = SlurmPipelineExecutor(
        steps,
        tasks,
        time=system.time,
        partition=system.partition,
        qos=system.qos,
        workers=running,
        logging_dir=str(log),
        mem_per_cpu_gb=math.ceil(system.memory_gb),
        job_name="imprimatur-corpus",
        venv_path=system.activate or str(Path(sys.prefix) / "bin" / "activate"),
        sbatch_args={"wait": "", **system.sbatch},
        mail_type="NONE",
    )
    try:
        executor.run()
    except FileNotFoundError:
        raise ExecutorError(
            "there is no sbatch on this machine: run on a login node of the cluster, "
            "or set systems.corpus.executor to local"
        ) from None
    except subprocess.CalledProcessError as error:
        raise ExecutorError(
            f"Slurm's job failed (sbatch says {error.returncode}): read {log / 'slurm_logs'} "
            "and run again, what is finished stays"
        ) from None
    return executor
