"""Killed in the middle of uploads, the rehearsal Hub comes back consistent, and uploads finish."""

import hashlib
import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from rehearsal_server import TOKENS, client_environment, run_client

from hub.failure import Failed
from hub.rehearsal.serve import READY, listen, running, server_environment

UPLOADS = r"""
import random, sys
from huggingface_hub import HfApi
api = HfApi()
api.create_repo("demo/m", exist_ok=True)
for i in range(1000):
    random.seed(i)
    files = {f"{i}/notes-{n}.txt": b"x%d" % (i * n) for n in range(80)}
    files["weights.bin"] = random.randbytes(300_000)
    from huggingface_hub import CommitOperationAdd
    operations = [CommitOperationAdd(path, data) for path, data in files.items()]
    api.create_commit("demo/m", operations, commit_message=f"commit {i}")
    print(i, flush=True)
"""

CHECK = r"""
import hashlib, json
from huggingface_hub import HfApi, hf_hub_download
api = HfApi()
print(json.dumps({
    item.rfilename: [item.blob_id, item.lfs and item.lfs.sha256]
    for item in api.model_info("demo/m", files_metadata=True).siblings
}))
for item in api.model_info("demo/m", files_metadata=True).siblings:
    data = open(hf_hub_download("demo/m", item.rfilename), "rb").read()
    if item.lfs:
        assert hashlib.sha256(data).hexdigest() == item.lfs.sha256, item
    else:
        digest = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        assert digest == item.blob_id, item
api.upload_file(path_or_fileobj=b"after", path_in_repo="after.txt", repo_id="demo/m")
"""


@pytest.mark.parametrize("xet", [False, True], ids=["lfs", "xet"])
def test_nothing_breaks_when_it_is_killed(tmp_path: Path, xet: bool) -> None:
    root = tmp_path / "root"
    users = tmp_path / "users.json"
    users.touch(mode=0o600)
    users.write_text(json.dumps(TOKENS))
    command = [sys.executable, "-m", "hub.rehearsal", "--root", str(root)]
    command += ["--users-file", str(users)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=server_environment())
    assert server.stdout is not None
    url = server.stdout.readline().removeprefix(READY).strip()
    client = subprocess.Popen(
        [sys.executable, "-c", UPLOADS],
        env=client_environment(url, tmp_path / "home", xet=xet),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert client.stdout is not None
    for line in client.stdout:  # let it get into its stride, then strike at no particular point
        if line.strip() == "5":
            break
    time.sleep(0.037)
    server.kill()
    client.kill()
    for process in (server, client):
        process.wait()
        assert process.stdout is not None
        process.stdout.close()

    with running(root, TOKENS) as again:
        assert not list((root / "tmp").iterdir())
        home = tmp_path / "other"
        listed = json.loads(run_client(CHECK, client_environment(again, home, xet=xet)))
    assert len(listed) >= 6 * 80 + 2
    for path in (root / "large").rglob("*"):
        assert path.is_dir() or hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    if git := shutil.which("git"):
        checked = subprocess.run(
            [git, "-C", str(root / "repos/models/demo/m.git"), "fsck", "--full", "--strict"],
            capture_output=True,
            text=True,
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_concurrent_commits_all_land(tmp_path: Path) -> None:
    script = """
import sys, threading
from huggingface_hub import CommitOperationAdd, HfApi
api = HfApi()
api.create_repo("demo/m")
def commit(n):
    api.create_commit("demo/m", [CommitOperationAdd(f"{n}.txt", b"%d" % n)], commit_message=str(n))
threads = [threading.Thread(target=commit, args=(n,)) for n in range(24)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(api.list_repo_files("demo/m")) == 25
assert len(api.list_repo_commits("demo/m")) == 25
"""
    with running(tmp_path / "root", TOKENS) as url:
        run_client(script, client_environment(url, tmp_path / "home", xet=False))


def test_a_restart_serves_the_same_repos(tmp_path: Path) -> None:
    make = """
from huggingface_hub import HfApi
api = HfApi()
what = {"repo_id": "demo/kept", "repo_type": "dataset"}
api.create_repo(**what, private=True)
api.upload_file(**what, path_in_repo="a.parquet", path_or_fileobj=b"PAR1")
api.create_tag(**what, tag="v1")
api.create_collection("Kept", namespace="demo")
"""
    look = """
from huggingface_hub import HfApi, hf_hub_download
api = HfApi()
assert api.dataset_info("demo/kept", revision="v1").private
path = hf_hub_download("demo/kept", "a.parquet", repo_type="dataset", revision="v1")
assert open(path, "rb").read() == b"PAR1"
assert [c.title for c in api.list_collections(owner="demo")] == ["Kept"]
"""
    for script in (make, look):
        with running(tmp_path / "root", TOKENS) as url:
            run_client(script, client_environment(url, tmp_path / "home", xet=False))


def test_two_servers_never_share_a_root(tmp_path: Path) -> None:
    with (
        running(tmp_path / "root", TOKENS),
        pytest.raises(Failed, match="did not start"),
        running(tmp_path / "root", TOKENS),
    ):
        raise AssertionError("a second server started")


def test_a_taken_port_is_said_clearly() -> None:
    with listen(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"cannot serve on 127.0.0.1:{port}"):
            listen(port)


def test_the_server_ends_with_its_parent(tmp_path: Path) -> None:
    parent = (
        "import os, sys\n"
        "from hub.rehearsal.serve import running\nfrom pathlib import Path\n"
        "with running(Path(sys.argv[1]), {'demo': 't'}) as url:\n"
        "    print(url, flush=True)\n    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", parent, str(tmp_path / "root")],
        env=server_environment(),
        capture_output=True,
        text=True,
    )
    port = int(done.stdout.strip().rpartition(":")[2])
    for _ in range(100):
        try:
            listen(port).close()
            break
        except OSError:
            threading.Event().wait(0.05)
    else:
        raise AssertionError("the server outlived its parent")
