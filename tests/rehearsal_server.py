"""Running the real clients against a rehearsal Hub, each in a process of its own.

The clients read HF_ENDPOINT and HF_HOME when they are imported, so a test that uses them is a
script: `run_client` runs it with the environment that a rehearsal needs, returns what it printed.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

TOKENS = {"demo": "hf_demo", "guest": "hf_guest"}
ORGS = ("lab",)
CLIENT_SECONDS = 80


def client_environment(url: str, home: Path, *, xet: bool) -> dict[str, str]:
    """The environment of a client that talks to `url` and to nothing else."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR") if key in os.environ}
    return {
        **kept,
        "HF_ENDPOINT": url,
        "HF_TOKEN": TOKENS["demo"],
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "0" if xet else "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "NO_PROXY": "127.0.0.1",
        "TOKENIZERS_PARALLELISM": "false",
        "CUDA_VISIBLE_DEVICES": "",
        "OMP_NUM_THREADS": "1",
    }


def run_client(script: str, environment: Mapping[str, str], *arguments: str) -> str:
    """Run a Python script as an outside user would; its output, or its error as ours."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=CLIENT_SECONDS,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-6000:]}"
    return done.stdout
