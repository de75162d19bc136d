"""What the command says: progress, results, and failures as one sentence with their exit code."""

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from hub.manifest import Artefact
    from release.recipe import Recipe


def print_scores(
    recipe: "Recipe", artefacts: "dict[str, Artefact]", rows: list[dict[str, Any]]
) -> None:
    from release import table

    for line in table.score_lines(rows):
        print(line)
    print()
    for line in table.difference_lines(table.differences(recipe.release, artefacts)):
        print(line)


def progress() -> Callable[[str], None]:
    """Lines on stderr with the seconds since now; standard output stays for the result."""
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - began:6.1f} s] {line}", file=sys.stderr, flush=True)

    return say


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


@contextmanager
def errors(debug: bool) -> Iterator[None]:
    """Every failure is one sentence and the exit code of its kind; with `debug`, its traceback."""
    from hub.failure import Failed, Failure

    _quiet_libraries()
    try:
        yield
    except typer.Exit:
        raise
    except Exception as error:
        if debug:
            raise
        for line in _message(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        code = error.exit_code if isinstance(error, Failure) else Failed.exit_code
        raise typer.Exit(code) from None


def _message(error: Exception) -> str:
    """What our own errors and the system say is meant to be read; of others only their kind is."""
    from hub.failure import Failure

    if isinstance(error, Failure):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror + (f": {error.filename}" if error.filename else "")
    said = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {said} (unexpected: run again with --debug for the traceback)"


def _quiet_libraries() -> None:
    """No telemetry, no bars and no chatter of libraries among our lines."""
    for name, value in {
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "TRANSFORMERS_VERBOSITY": "error",
        # Threads that wait by spinning make a busy machine three times slower than it is.
        "OMP_WAIT_POLICY": "PASSIVE",
        "GRADIO_ANALYTICS_ENABLED": "False",
    }.items():
        os.environ.setdefault(name, value)
    # DeepSpeed logs to standard output at import, whatever level is asked for
    logging.getLogger("DeepSpeed").addFilter(lambda record: record.levelno >= logging.ERROR)
    # torchao names each library of its that is for another processor, with its path, and calls
    # what torch no longer needs
    for name in ("torchao", "torch.utils._pytree"):
        logging.getLogger(name).setLevel(logging.ERROR)
