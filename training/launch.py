"""Several processes: start them, tell them what to do, bring back what they found.

A request is a JSON file; `accelerate launch` runs `python -m training REQUEST` in each process. The
first one leaves an answer beside it, with the numbers or with the sentence of what is wrong. On
several nodes a scheduler starts them (`systems/slurm.sh`); the next run takes the answer over.
"""

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections import deque
from pathlib import Path
from typing import Any

from hub.disk import write_json
from hub.environment import without_secrets
from hub.failure import Failed
from hub.manifest import Number, read_artefact
from training.pretrain import Numbers, Progress, Run, train
from training.settings import TrainingError, TrainingSettings
from training.system import FOLDER, has_gpu

REQUEST, ANSWER = "request.json", "answer.json"
_LAST_LINES = 8


def launch(settings: TrainingSettings, run: Run, progress: Progress) -> Numbers:
    """Raises TrainingError with the sentence of the process that failed, and Failed where the
    processes ended without one or are for a scheduler to start."""
    run.scratch.mkdir(parents=True, exist_ok=True)
    answer = run.scratch / ANSWER
    request = run.scratch / REQUEST
    write_json(request, _request(settings, run))
    if not answer.is_file():
        if settings.nodes > 1:
            raise Failed(
                f"{settings.processes} processes on {settings.nodes} nodes are a scheduler's to "
                f"start: submit {FOLDER / 'slurm.sh'} with {request}, then run again"
            )
        _start(settings, request, progress)
    found = json.loads(answer.read_bytes())
    if "failure" in found:
        answer.unlink()
        raise TrainingError(found["failure"])
    built = run.scratch / "model"
    shutil.copytree(built, run.out, dirs_exist_ok=True)
    return {name: Number(**number) for name, number in found["numbers"].items()}


def work(request: Path) -> None:
    """One of the processes."""
    asked = json.loads(request.read_bytes())
    settings = TrainingSettings.model_validate(asked["settings"])
    corpus = read_artefact(Path(asked["corpus"]))
    if corpus is None:
        raise TrainingError(f"{asked['corpus']} is not a whole corpus")
    first = os.environ.get("RANK", "0") == "0"
    answer = request.with_name(ANSWER)
    run = Run(
        base=Path(asked["base"]),
        corpus=corpus,
        out=request.with_name("model"),
        scratch=request.parent,
        tokens=Path(asked["tokens"]) if asked["tokens"] else None,
        replay=read_artefact(Path(asked["replay"])) if asked["replay"] else None,
    )
    try:
        numbers = train(settings, run, _say if first else _silent)
    except TrainingError as error:
        # Any process may be the one that sees it; the first answer stays.
        if not answer.exists():
            write_json(answer, {"failure": str(error)})
        raise
    if first:
        write_json(answer, {"numbers": {n: v.model_dump() for n, v in numbers.items()}})


def _request(settings: TrainingSettings, run: Run) -> dict[str, Any]:
    return {
        "settings": settings.model_dump(mode="json"),
        "base": str(run.base.absolute()),
        "corpus": str(run.corpus.folder.absolute()),
        "tokens": str(run.tokens.absolute()) if run.tokens else None,
        "replay": str(run.replay.folder.absolute()) if run.replay else None,
    }


def command(settings: TrainingSettings, request: Path) -> list[str]:
    """For one node. accelerate starts a single process where there is no GPU, torchrun does not."""
    processes, port = str(settings.processes), str(_free_port())
    if has_gpu():
        launcher = [
            "accelerate.commands.launch", "--config_file", str(FOLDER / "accelerate.yaml"),
            "--num_processes", processes, "--main_process_port", port,
        ]  # fmt: skip
    else:
        launcher = ["torch.distributed.run", "--nproc_per_node", processes, "--master_port", port]
    return [sys.executable, "-m", *launcher, "-m", "training", str(request.absolute())]


def _start(settings: TrainingSettings, request: Path, progress: Progress) -> None:
    environment = {
        **without_secrets(),
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path]),
        "OMP_NUM_THREADS": str(settings.threads),
    }
    process = subprocess.Popen(
        command(settings, request),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        start_new_session=True,
        preexec_fn=_end_with_parent,
    )
    last: deque[str] = deque(maxlen=_LAST_LINES)
    try:
        for line in process.stdout or ():
            last.append(line.rstrip())
            if line.startswith(_MARK):
                progress(line.removeprefix(_MARK).rstrip())
        failed = process.wait()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
    if failed and not request.with_name(ANSWER).is_file():
        raise Failed(
            f"the {settings.processes} processes ended with {failed}; the last of what they said: "
            + " | ".join(last)
        )


def _end_with_parent() -> None:
    """Linux: the processes end when this one is killed, else two runs could write one scratch."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


_PR_SET_PDEATHSIG = 1
_MARK = "imprimatur: "


def _say(line: str) -> None:
    print(_MARK + line, flush=True)


def _silent(line: str) -> None:
    pass


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port
