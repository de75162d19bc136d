"""The comparison app on this machine, about results that lie here or on a Hub.

    imprimatur space                          the three papers' tables
    imprimatur space runs/demo                a release, once it was rehearsed
    imprimatur space FOLDER                   a results dataset, as it was downloaded
    imprimatur space results.csv              any tidy table: model, language, task, n, score
    imprimatur space scores.parquet           model, group, metric, value, ci_low, ci_high
    imprimatur space NAMESPACE/NAME[@TAG]     a published one, read live

The app is a copy of `space/` and runs as a Space does, in a process of its own; nothing of the
results is changed.
"""

import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hub.disk import write_json
from hub.failure import BadInput, Failed
from hub.publication import PUBLICATION, read_publication
from release import papers
from release.boot import free_port

APP = Path(__file__).parents[1] / "space"
SCORES = "scores.parquet"
BESIDE = ("*.parquet", "models.json", "front.json", "release.json", "about.json")
"""what a results folder may hold that the app shows, besides `samples/`, manifests, corpora"""
FOLDERS = ("samples", "manifests", "corpora")
PATIENCE_SECONDS = 60
_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?", re.ASCII)

Say = Callable[[str], None]


def serve(results: str | None, port: int | None, say: Say) -> None:
    """Start the app, say where it is, and wait until it is interrupted."""
    # asked to end by a terminal or by a service: the app must not outlive its parent
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), started(results, port) as (url, process):
        say(f"the comparison app is at {url} (interrupt to end it)")
        process.wait()
        raise Failed(f"the app ended by itself with exit code {process.returncode}")


@contextmanager
def started(
    results: str | None, port: int | None
) -> "Iterator[tuple[str, subprocess.Popen[bytes]]]":
    """Its address once it answers; it ends with the context."""
    with TemporaryDirectory(prefix="imprimatur-space-") as scratch:
        folder = Path(scratch) / "space"
        extra = prepare(results, folder)
        port = port or free_port()
        log = Path(scratch) / "log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "app.py", "--port", str(port)],
                cwd=folder, stdout=said, stderr=subprocess.STDOUT, env=_environment(extra),
            )  # fmt: skip
            try:
                yield _wait(port, process, log), process
            finally:
                process.terminate()
                process.wait(20)


def prepare(results: str | None, folder: Path) -> dict[str, str]:
    """Put the app into `folder` with what it is to show; returns variables for its process.

    Raises BadInput where `results` is nothing that can be shown.
    """
    if not (APP / "app.py").is_file():
        raise BadInput(f"the app is not at {APP}: install the kit from its repository")
    shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("__pycache__", "snapshot", "papers"))
    papers.write(folder / "papers")
    if results is None:
        return {}
    path = Path(results)
    if not path.exists():
        if _REPO.fullmatch(results):
            repo, _, revision = results.partition("@")
            return {"RESULTS_REPO": repo, "RESULTS_REVISION": revision or "main"}
        raise BadInput(
            f"{results} is not there: name a results folder, a table, a work folder or"
            " NAMESPACE/NAME of a results dataset"
        )
    snapshot = folder / "snapshot"
    if path.is_dir():
        _from_folder(_results_in(path), snapshot)
    elif path.suffix == ".parquet":
        snapshot.mkdir()
        shutil.copyfile(path, snapshot / SCORES)
    elif path.suffix == ".csv":
        _from_table(path, snapshot)
    else:
        raise BadInput(f"{path} is no table: name a .csv or .parquet file, or a results folder")
    if not (snapshot / "snapshot.json").is_file():
        write_json(snapshot / "snapshot.json", {"local": path.resolve().name})
    return {}


def _results_in(path: Path) -> Path:
    """The folder itself, or the results of the release whose work folder it is."""
    if (path / SCORES).is_file():
        return path
    for assembled in (path / "publication").glob(f"*/{PUBLICATION}"):
        for repo in read_publication(assembled.parent).repos:
            found = assembled.parent / repo.type / repo.id
            if repo.kind == "results" and (found / SCORES).is_file():
                return found
    if (path / "run.json").is_file():
        raise BadInput(f"the release in {path} is not put together yet: imprimatur rehearse it")
    raise BadInput(f"{path} holds no {SCORES}: it is neither a results dataset nor a work folder")


def _from_folder(results: Path, snapshot: Path) -> None:
    snapshot.mkdir()
    for pattern in BESIDE:
        for file in sorted(results.glob(pattern)):
            shutil.copyfile(file, snapshot / file.name)
    for name in FOLDERS:
        if (results / name).is_dir():
            shutil.copytree(results / name, snapshot / name)


def _from_table(path: Path, snapshot: Path) -> None:
    from evaluation.reading import read_table

    about = {
        "title": path.name,
        "source": "Intervals, differences and places are computed from the table's own errors.",
    }
    papers.write_table(snapshot, about, read_table(path))


def _environment(extra: dict[str, str]) -> dict[str, str]:
    """As a Space has it: results named in the shell are not what was asked for here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RESULTS_")}
    return kept | extra | {"PYTHONDONTWRITEBYTECODE": "1"}


def _wait(port: int, process: "subprocess.Popen[bytes]", log: Path) -> str:
    patience = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < patience and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
            return f"http://127.0.0.1:{port}"
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)  # not there yet
        finally:
            connection.close()
    said = log.read_text(errors="replace").strip().splitlines()
    why = said[-1] if said else "it says nothing"
    raise Failed(f"the comparison app does not start: {why}")
