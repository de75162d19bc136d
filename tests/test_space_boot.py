"""The Space in an empty environment, as the Hub builds it: only what requirements.txt names.

pytest -m network tests/test_space_boot.py     a minute, a package index and 400 MB of disk
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_space_app import booted, copy_space, get, write_snapshot

from release import papers

ASK = """
import json, sys
from gradio_client import Client
space = Client(sys.argv[1], verbose=False)
print(json.dumps([space.predict(api_name="/release"), space.predict(api_name="/scores")]))
"""


@pytest.mark.network
def test_an_empty_environment_is_enough(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if "network" not in request.config.getoption("markexpr"):
        pytest.skip("installs packages: run with -m network")
    space = copy_space(tmp_path / "space")
    write_snapshot(space)
    papers.write(space / "papers")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "empty"], check=True)
    python = str(tmp_path / "empty" / "bin" / "python")
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    pip = [python, "-m", "pip", "install", "--quiet", "--no-compile"]
    installed = subprocess.run(
        [*pip, "-r", space / "requirements.txt"], env=clean, capture_output=True, text=True
    )
    assert installed.returncode == 0, installed.stderr
    with booted(space, python, PYTHONPATH="") as url:
        assert b"<title>" in get(url)[0]
        asked = subprocess.run(
            [python, "-c", ASK, url], env=clean, capture_output=True, text=True, check=True
        )
        release, scores = json.loads(asked.stdout.splitlines()[-1])
        assert (release["status"], release["problems"]) == ("read", [])
        assert len(scores) == 7
