"""Publishing and verifying in processes of their own.

huggingface_hub reads its endpoint, token and cache from the environment at import, and its cache is
keyed by repo id, not by endpoint: a rehearsal in this process would poison the real cache.
"""

import json
import os
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from hub.failure import BadInput, Failed, Failure, Refused, Unexpected
from hub.licences.rights import Holder
from hub.publication import ReleaseRecord
from release.steps.step import Progress

_FAILURES: dict[int, type[Failure]] = {2: BadInput, 3: Refused, 4: Unexpected}

_KEPT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "OMP_NUM_THREADS",
    "OMP_WAIT_POLICY",
)
"""what a child needs of our environment; no token goes to one that has no use for it"""


def publish(
    folder: Path,
    endpoint: str,
    token: str,
    home: Path,
    progress: Progress,
    key: Path | None = None,
    rehearsal: bool = False,
    squash: Mapping[str, Collection[str]] | None = None,
) -> ReleaseRecord:
    """`python -m hub.publish`, with the token in its environment only; `key` signs; `squash` as in
    hub.publish.transaction."""
    variables = environment(endpoint, home) | {"HF_TOKEN": token}
    arguments = ["-m", "hub.publish", "publish", str(folder), "--endpoint", endpoint]
    arguments += ["--key", str(key.absolute())] if key else []
    arguments += ["--unsigned"] if rehearsal else []
    for repo, versions in (squash or {}).items():
        arguments += ["--squash", f"{repo}={','.join(versions)}"]
    return ReleaseRecord.model_validate(_run(arguments, variables, progress))


def compare(folder: Path, endpoint: str, token: str, home: Path, progress: Progress) -> Any:
    """What `publish` would change; one progress line a repo, and the same as a list."""
    variables = environment(endpoint, home) | {"HF_TOKEN": token}
    arguments = ["-m", "hub.publish", "compare", str(folder), "--endpoint", endpoint]
    return _run(arguments, variables, progress)


def rollback(
    results: str, tag: str, endpoint: str, token: str, home: Path, progress: Progress
) -> ReleaseRecord:
    """Make the release at `tag` the present one again."""
    variables = environment(endpoint, home) | {"HF_TOKEN": token}
    arguments = ["-m", "hub.publish", "rollback", results, tag, "--endpoint", endpoint]
    return ReleaseRecord.model_validate(_run(arguments, variables, progress))


def holders(
    results: str, document: str, endpoint: str, token: str, home: Path, progress: Progress
) -> tuple[list[str], list[Holder]]:
    """The tags of all releases that are published, and those that hold a document."""
    variables = environment(endpoint, home) | {"HF_TOKEN": token}
    arguments = ["-m", "hub.publish", "holders", results, document, "--endpoint", endpoint]
    found = _run(arguments, variables, progress)
    return found["tags"], [Holder.model_validate(one) for one in found["holders"]]


def notes(
    results: str, endpoint: str, token: str, home: Path, progress: Progress
) -> dict[str, str]:
    """What people wrote between the marked lines of the cards, by artefact."""
    variables = environment(endpoint, home) | {"HF_TOKEN": token}
    arguments = ["-m", "hub.publish", "notes", results, "--endpoint", endpoint]
    found: dict[str, str] = _run(arguments, variables, progress)
    return found


def verify(
    results: str,
    tag: str,
    endpoint: str,
    home: Path,
    progress: Progress,
    key: Path | None = None,
) -> ReleaseRecord:
    """`python -m hub.verify` with a fresh HF_HOME and no token: an outsider."""
    variables = environment(endpoint, home)
    arguments = ["-m", "hub.verify", results, tag, "--into", str(home / "downloads")]
    arguments += ["--key", str(key.absolute())] if key else []
    return ReleaseRecord.model_validate(_run(arguments, variables, progress))


def fetch(results: str, tag: str, endpoint: str, home: Path, progress: Progress) -> ReleaseRecord:
    """`python -m hub.fetch` into `home / "downloads"`; a token only where the caller set one."""
    variables = environment(endpoint, home)
    if token := os.environ.get("HF_TOKEN"):
        variables["HF_TOKEN"] = token
    arguments = ["-m", "hub.fetch", results, tag, "--into", str(home / "downloads")]
    return ReleaseRecord.model_validate(_run(arguments, variables, progress))


def environment(endpoint: str, home: Path) -> dict[str, str]:
    """For a process that talks to one Hub, from a home of its own."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "HOME": str(home),
        "NO_PROXY": "127.0.0.1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "PYTHONWARNINGS": "ignore",
    }


def _run(arguments: list[str], variables: dict[str, str], progress: Progress) -> Any:
    """Runs a module of ours; its lines on stderr become progress, its stdout is JSON."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    errors: list[str] = []
    others: list[str] = []
    if process.stderr is None or process.stdout is None:
        raise Failed("no pipe to the child process")
    with process:
        for line in process.stderr:
            if line.startswith("error: "):
                errors.append(line.removeprefix("error: ").strip())
            elif errors or ": " not in line:
                others.append(line.strip())
            else:
                progress(line.rstrip())
        output = process.stdout.read()
    if process.returncode != 0:
        sentence = "; ".join(errors) or f"{arguments[1]} stopped: {' '.join(others[-1:])}"
        raise _FAILURES.get(process.returncode, Failed)(sentence)
    return json.loads(output)
