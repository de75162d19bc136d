"""`imprimatur` started again and again, its libraries loaded once: for tests that kill it.

    with Forge() as forge:
        with forge.start("run", DEMO, "--workdir", work) as run:
            for line in run.said: ...
            run.kill()

A process that has imported the libraries and done nothing with them forks a child for each start;
the child runs the command from its first line in a session of its own, so that a kill takes it and
everything it started. `python forge.py` is that process.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Self

LIBRARIES = (
    "corpus.census", "corpus.choosing", "corpus.executors", "corpus.ledger", "corpus.reading",
    "training.pretrain", "training.tiny", "merging.merge", "merging.sweep", "evaluation.harness",
    "evaluation.tasks", "lm_eval.evaluator", "mergekit.merge", "trl.trainer.sft_trainer",
    "transformers.models.qwen3.modeling_qwen3", "datasets", "tokenizers", "pyarrow.parquet",
)  # fmt: skip


@dataclass(frozen=True)
class Started:
    """A command on its way."""

    pid: int
    said: IO[str]
    """its standard error, to be read line by line"""

    def alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


class Forge:
    def __enter__(self) -> Self:
        self._folder = TemporaryDirectory()
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n", "the libraries could not be loaded"
        return self

    def __exit__(self, *error: object) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._folder.cleanup()

    @contextmanager
    def start(self, *arguments: object) -> Iterator[Started]:
        """Killed, if it still runs, when the block ends."""
        assert self._process.stdin is not None and self._process.stdout is not None
        pipe = Path(self._folder.name) / "said"
        os.mkfifo(pipe)
        asked = {"arguments": [str(each) for each in arguments], "said": str(pipe)}
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        with pipe.open(encoding="utf-8") as said:  # open once the child has its end
            pipe.unlink()
            started = Started(int(self._process.stdout.readline()), said)
            try:
                yield started
            finally:
                started.kill()


def _serve() -> None:
    from release.console import _quiet_libraries

    _quiet_libraries()  # what the command does before it loads anything
    for name in LIBRARIES:
        importlib.import_module(name)
    # those of OpenBLAS and jemalloc, the only threads now, are made anew after a fork
    print("ready", flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the killed
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _run(asked)
        print(pid, flush=True)


def _run(asked: dict[str, Any]) -> None:
    """In the child: the command, and never back."""
    status = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(0, 1)
        os.dup2(os.open(asked["said"], os.O_WRONLY), 2)
        from release.cli import app

        status = app(asked["arguments"], standalone_mode=False) or 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    _serve()
