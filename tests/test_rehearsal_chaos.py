"""A bad day on request: what goes wrong is what was asked for, and the store survives it."""

import hashlib
import http.client
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rehearsal_server import TOKENS, client_environment, run_client

from hub.rehearsal.chaos import KINDS, MAX_IN_A_ROW, Chaos
from hub.rehearsal.serve import running, server_environment

DEMO = {"Authorization": f"Bearer {TOKENS['demo']}"}


def ask(url: str, method: str, path: str, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body; status 0 for a connection that was dropped."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    try:
        connection.request(method, path, body, DEMO)
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return response.status, headers, response.read()
    except (ConnectionError, http.client.HTTPException):
        return 0, {}, b""
    finally:
        connection.close()


def test_seed_and_kinds_are_read() -> None:
    assert Chaos.parse("7") == Chaos(7, KINDS)
    assert Chaos.parse("7:429:reset,slow") == Chaos(7, ("429", "reset", "slow"))
    for wrong in ("", "x", "7:nothing", "-1", "7:429:boom", "1.5"):
        with pytest.raises(ValueError, match="SEED"):
            Chaos.parse(wrong)


@given(st.integers(0, 10**6), st.sampled_from(["GET", "POST"]), st.text(max_size=9))
def test_the_same_seed_brings_the_same_day(seed: int, method: str, path: str) -> None:
    picks = [Chaos(seed).pick(method, path, time) for time in range(50)]
    assert picks == [Chaos(seed).pick(method, path, time) for time in range(50)]
    assert set(picks) <= {None, *KINDS}


def test_refusals_are_told_as_the_hub_tells_them(tmp_path: Path) -> None:
    with running(tmp_path / "root", TOKENS, chaos="3:429:500:502:token:reset") as url:
        seen = [ask(url, "GET", "/api/whoami-v2") for _ in range(120)]
    statuses = [status for status, _, _ in seen]
    assert {200, 429, 500, 502, 401, 0} == set(statuses)
    limited = next(headers for status, headers, _ in seen if status == 429)
    assert limited["retry-after"] == "1" and limited["ratelimit"] == '"api";r=0;t=1'
    assert "q=500" in limited["ratelimit-policy"]
    refused = "".join("." if status == 200 else "x" for status in statuses)
    assert "x" * (MAX_IN_A_ROW + 1) not in refused, "who tries again gets through"


BAD_DAY = r"""
import random, time
from huggingface_hub import HfApi, snapshot_download
api = HfApi()
def until_it_works(call, *args, **kwargs):
    for _ in range(12):
        try:
            return call(*args, **kwargs)
        except Exception as error:
            last = error
    raise last
until_it_works(api.create_repo, "demo/m", exist_ok=True)
for i in range(3):
    data = random.Random(i).randbytes(250_000)
    until_it_works(api.upload_file, path_or_fileobj=data, path_in_repo=f"{i}.bin",
                   repo_id="demo/m")
    until_it_works(api.upload_file, path_or_fileobj=b"text", path_in_repo=f"{i}.txt",
                   repo_id="demo/m")
folder = until_it_works(snapshot_download, "demo/m")
import pathlib
assert len(list(pathlib.Path(folder).iterdir())) == 7
for i in range(3):
    data = random.Random(i).randbytes(250_000)
    assert pathlib.Path(folder, f"{i}.bin").read_bytes() == data
print("through")
"""


@pytest.mark.parametrize("xet", [False, True], ids=["lfs", "xet"])
def test_a_client_gets_through_a_bad_day_and_the_store_is_whole(tmp_path: Path, xet: bool) -> None:
    root = tmp_path / "root"
    with running(root, TOKENS, chaos="11:500:502:reset:slow:token:disk") as url:
        environment = client_environment(url, tmp_path / "home", xet=xet)
        assert run_client(BAD_DAY, environment).strip() == "through"
    assert not list((root / "tmp").iterdir()), "nothing half-done is left"
    for path in (root / "large").rglob("*"):
        assert path.is_dir() or hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    if git := shutil.which("git"):
        command = [git, "-C", str(root / "repos/models/demo/m.git"), "fsck", "--full", "--strict"]
        subprocess.run(command, check=True, capture_output=True)


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    line = {"key": "header", "value": {"summary": "x"}}
    content = {"key": "file", "value": {"path": "a.txt", "content": "x" * 300_000}}
    body = b"\n".join(json.dumps(item).encode() for item in (line, content))
    with running(tmp_path / "root", TOKENS, chaos="5:disk") as url:
        while ask(url, "POST", "/api/repos/create", b'{"name": "m"}')[0] not in (200, 409):
            pass
        answers = [ask(url, "POST", "/api/models/demo/m/commit/main", body) for _ in range(40)]
        full = [answer for answer in answers if answer[0] != 200]
        assert full and {answer[0] for answer in full} == {507}
        assert b"disk of the rehearsal Hub is full" in full[0][2]
        assert not list((tmp_path / "root/tmp").iterdir())
        assert ask(url, "GET", "/demo/m/resolve/main/a.txt")[2] == b"x" * 300_000


def serve(*arguments: str) -> "subprocess.Popen[str]":
    code = "import sys; from release.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "hub", "serve", *arguments]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=server_environment(),
    )


def test_the_command_makes_a_user_once_it_serves(tmp_path: Path) -> None:
    root = str(tmp_path / "root")
    with serve("--root", root, "--port", "0", "--org", "lab", "--chaos", "1:slow") as server:
        assert server.stdout is not None
        assert server.stdout.readline().startswith(f"Serving {root} at http://127.0.0.1:")
        user, token = server.stdout.readline().removeprefix("User ").strip().split(", token ")
        assert user == "rehearser" and token.startswith("hf_")
        with serve("--root", root, "--port", "0") as second:
            said, error = second.communicate(timeout=30)
        assert (second.returncode, said) == (1, ""), "no token for a server that never ran"
        assert f"--root {root} is served by process {server.pid} already" in error
        server.terminate()
    for wrong in (["--chaos", "x"], ["--user", "me"], ["--users-file", str(tmp_path / "none")]):
        with serve("--root", root, "--port", "0", *wrong) as refused:
            said, error = refused.communicate(timeout=30)
        assert (refused.returncode, said) == (2, "") and error.startswith("error: "), error
