"""The `hf` command against the rehearsal Hub: repos, tags, discussions, the cache's checksums."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rehearsal_server import ORGS, TOKENS, client_environment

from hub.rehearsal.serve import running

Hf = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def hf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hf]:
    """Runs `hf ARGUMENTS`; it must end well unless `fails` is given."""
    program = str(Path(sys.executable).parent / "hf")
    home = tmp_path_factory.mktemp("home")
    with running(tmp_path_factory.mktemp("root"), TOKENS, ORGS) as url:
        environment = client_environment(url, home, xet=True)

        def run(*arguments: str, fails: bool = False) -> "subprocess.CompletedProcess[str]":
            done = subprocess.run(
                [program, *arguments], env=environment, capture_output=True, text=True, timeout=60
            )
            assert (done.returncode != 0) is fails, done.stdout + done.stderr
            return done

        yield run


def test_repos_are_made_tagged_listed_moved_and_deleted(hf: Hf) -> None:
    hf("repos", "create", "lab/tool", "--private")
    hf("repos", "settings", "lab/tool", "--public")
    hf("repos", "tag", "create", "lab/tool", "v1.0", "-m", "first")
    assert "v1.0" in hf("repos", "tag", "list", "lab/tool").stdout
    hf("repos", "tag", "delete", "lab/tool", "v1.0", "-y")
    assert "v1.0" not in hf("repos", "tag", "list", "lab/tool").stdout
    hf("repos", "duplicate", "lab/tool", "demo/tool")
    assert "demo/tool" in hf("repos", "list").stdout
    hf("repos", "move", "demo/tool", "lab/moved")
    hf("repos", "delete", "lab/moved", "--yes")
    assert hf("models", "info", "lab/moved", fails=True).stderr


def test_the_cache_is_verified_against_the_server(hf: Hf, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(bytes(range(256)) * 1000)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    hf("upload", "demo/checked", str(folder))
    hf("download", "demo/checked", "--local-dir", str(tmp_path / "local"))
    local = tmp_path / "local/weights.bin"
    hf("cache", "verify", "demo/checked", "--local-dir", str(tmp_path / "local"))
    local.write_bytes(local.read_bytes()[::-1])
    broken = hf(
        "cache", "verify", "demo/checked", "--local-dir", str(tmp_path / "local"), fails=True
    )
    assert "weights.bin" in broken.stdout + broken.stderr
    hf("download", "demo/checked")
    hf("cache", "verify", "demo/checked")
    hf("repos", "delete-files", "demo/checked", "weights.bin")
    shown = json.loads(hf("models", "info", "demo/checked", "--format", "json").stdout)
    assert "weights.bin" not in str(shown)


def test_discussions_and_collections(hf: Hf) -> None:
    hf("repos", "create", "demo/talked", "--exist-ok")
    hf("discussions", "create", "demo/talked", "--title", "A question", "--body", "Why?")
    assert "A question" in hf("discussions", "list", "demo/talked").stdout
    hf("discussions", "comment", "demo/talked", "1", "--body", "Because.")
    assert "A question" in hf("discussions", "info", "demo/talked", "1").stdout
    hf("discussions", "close", "demo/talked", "1", "--yes")
    assert "collection" in hf("collections", "create", "A collection").stdout.lower()
