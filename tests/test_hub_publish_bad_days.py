"""Publishing with a full disk, with a file longer than 32 bits can say; and who has the token."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import DEMO, Workdir
from huggingface_hub import HfApi
from torture import TOKEN, make_publication

from hub.failure import Failed, Unexpected
from hub.manifest import describe_files
from hub.publication import digest_of, read_publication
from hub.publish.__main__ import main
from hub.rehearsal.serve import running
from release import outside
from release.publication import assemble
from release.recipe import load
from release.record import read_run

GIB = 1 << 30


def quiet(line: str) -> None:
    pass


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MiB; only root may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run([shutil.which("umount") or "", "--lazy", str(folder)], check=True)


def grow(disk: Path) -> None:
    command = [shutil.which("mount") or "", "-o", "remount,size=200m", str(disk)]
    subprocess.run(command, check=True)


def test_a_disk_that_fills_while_the_publication_is_put_together(demo: Workdir, small_disk):
    recipe = load(DEMO, "quick")
    _, artefacts = read_run(demo.path)
    with pytest.raises(Failed, match="the disk filled up while the publication"):
        assemble(recipe, artefacts, small_disk)
    assert not list((small_disk / "publication").iterdir())
    grow(small_disk)
    publication, content = assemble(recipe, artefacts, small_disk)
    assert read_publication(content) == publication


def test_a_disk_that_fills_while_it_is_staged(small_disk, tmp_path, monkeypatch, capfd):
    """Of the rehearsal Hub, which lies in the work folder: said in one sentence, then finished."""
    # the LFS route: Xet asks for minutes, which is its own patience
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    folder = tmp_path / "publication"
    make_publication(folder, "lab", "0.1.0", 1_000_000)
    with running(small_disk / "hub", {"someone": TOKEN}, ["lab"]) as url:
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        assert main(["publish", str(folder), "--endpoint", url]) == 1
        said = [line for line in capfd.readouterr().err.splitlines() if "error: " in line]
        assert len(said) == 1 and "has no room left" in said[0]
        api = HfApi(endpoint=url, token=False)
        assert not api.repo_exists("lab/model")  # nobody sees a half of it
        grow(small_disk)
        assert main(["publish", str(folder), "--endpoint", url]) == 0
        assert api.repo_exists("lab/model")


@pytest.mark.skipif("IMPRIMATUR_LONG" not in os.environ, reason="part of `make torture`")
def test_a_file_of_five_gibibytes(tmp_path):
    """Sparse: longer than 32 bits can say, and no disk is needed for it."""
    if shutil.disk_usage(tmp_path).free < 12 * GIB:
        pytest.skip("needs 12 GiB of disk")
    folder = tmp_path / "publication"
    publication = make_publication(folder, "lab", "0.1.0", 2_000)
    large = folder / "model" / "lab" / "model" / "large.safetensors"
    with large.open("wb") as stream:
        stream.truncate(5 * GIB)
    repos = [
        repo.model_copy(update={
            "files": (*repo.files, *describe_files(large.parent, [large.name]))
        }) if repo.artefact == "model" else repo
        for repo in publication.repos
    ]  # fmt: skip
    changed = publication.model_copy(
        update={"repos": tuple(repos), "digest": digest_of(tuple(repos))}
    )
    (folder / "publication.json").write_text(changed.model_dump_json())
    with running(tmp_path / "hub", {"someone": TOKEN}, ["lab"]) as url:
        outside.publish(folder, url, TOKEN, tmp_path / "home", quiet)
        (info,) = HfApi(endpoint=url, token=False).get_paths_info("lab/model", large.name)
        assert info.size == 5 * GIB and info.lfs.sha256 == repos[1].files[-1].sha256


def test_only_the_publisher_is_given_the_token(tmp_path, monkeypatch):
    """Read from the environments of all processes while the command's parts run."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    folder = tmp_path / "publication"
    make_publication(folder, "lab", "0.1.0", 2_000)
    seen: set[tuple[bytes, bool]] = set()
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.2):
            for path in Path("/proc").glob("[0-9]*"):
                try:
                    line, variables = (
                        (path / "cmdline").read_bytes(),
                        (path / "environ").read_bytes(),
                    )
                except OSError:
                    continue
                if str(tmp_path).encode() in line + variables and path.name != str(os.getpid()):
                    module = next((m for m in MODULES if m in line), line)
                    seen.add((module, TOKEN.encode() in variables))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        with running(tmp_path / "hub", {"someone": TOKEN}, ["lab"]) as url:
            outside.publish(folder, url, TOKEN, tmp_path / "home", quiet)
            with pytest.raises(Unexpected):
                outside.verify("lab/results", "v0.1.0", url, tmp_path / "outsider", quiet)
    finally:
        done.set()
        watcher.join()
    assert (b"hub.publish", True) in seen and (b"hub.verify", False) in seen
    assert {module for module, has_token in seen if has_token} == {b"hub.publish"}, json.dumps(
        [str(one) for one in seen]
    )


MODULES = (b"hub.publish", b"hub.verify", b"hub.rehearsal", b"download")
