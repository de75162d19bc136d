"""What several tests share: the quick demo, run once a session, by the real command."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from filelock import FileLock

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from publication_lab import Lab

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "release" / "recipes" / "demo.yaml"
COMMAND = str(Path(sys.executable).with_name("imprimatur"))

# Time is not what these tests are about, and a shared machine can be slow.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


def imprimatur(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as a person runs it."""
    return subprocess.run(
        [COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


@dataclass(frozen=True)
class Workdir:
    """A work folder after a run."""

    path: Path
    lines: tuple[str, ...] = ()
    """the progress lines of the run, without their times"""

    def manifests(self) -> dict[str, dict[str, Any]]:
        found = [json.loads(path.read_bytes()) for path in self.path.glob("*/*/manifest.json")]
        return {manifest["name"]: manifest for manifest in found}

    def folder(self, name: str) -> Path:
        for path in self.path.glob("*/*/manifest.json"):
            if json.loads(path.read_bytes())["name"] == name:
                return path.parent
        raise KeyError(name)

    def digests(self) -> dict[str, str]:
        return {name: manifest["digest"] for name, manifest in self.manifests().items()}


def progress_lines(said: str) -> tuple[str, ...]:
    """Without their times; what libraries write on the same stream is left out."""
    lines = said.splitlines()
    return tuple(line.partition("] ")[2] for line in lines if line.startswith("[ "))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole releases first: with the short files last, both processes end together."""
    items.sort(key=lambda item: not item.path.name.startswith(("test_release_", "test_docs")))


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that `make` fills in the first process that asks; the others have a copy of it."""
    mine = factory.mktemp(name)
    if "PYTEST_XDIST_WORKER" not in os.environ:
        make(mine)
        return mine
    shared = factory.getbasetemp().parent / name
    with FileLock(f"{shared}.lock"):
        if not shared.exists():
            make(made := factory.mktemp(f"{name}-made"))
            made.rename(shared)
    return Path(shutil.copytree(shared, mine, symlinks=True, dirs_exist_ok=True))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Workdir:
    """The demo with every step real and the training short."""

    def make(folder: Path) -> None:
        done = imprimatur("run", DEMO, "--scale", "quick", "--workdir", folder / "work")
        assert done.returncode == 0, done.stderr
        assert not list((folder / "work" / "scratch").iterdir())
        (folder / "said").write_text("\n".join(progress_lines(done.stderr)))

    folder = once(tmp_path_factory, "demo", make)
    return Workdir(folder / "work", tuple((folder / "said").read_text().splitlines()))


@pytest.fixture(scope="session")
def rehearsed(demo: Workdir, tmp_path_factory: pytest.TempPathFactory) -> Workdir:
    """The demo, published to a rehearsal Hub that lies in its work folder."""

    def make(folder: Path) -> None:
        work = shutil.copytree(demo.path, folder / "work", symlinks=True)
        done = imprimatur("rehearse", DEMO, "--scale", "quick", "--workdir", work)
        assert done.returncode == 0, done.stderr

    return Workdir(once(tmp_path_factory, "rehearsed", make) / "work", demo.lines)


@pytest.fixture(scope="module")
def publishing(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[tuple[str, Path]]":
    """A rehearsal Hub with the namespaces of `publication_lab`: its address, and its folder."""
    from publication_lab import NAMESPACES
    from torture import TOKEN

    from hub.rehearsal.serve import running

    root = tmp_path_factory.mktemp("hub")
    orgs = [f"lab{number}" for number in range(NAMESPACES)]
    with running(root, {"someone": TOKEN, "other": "hf_other"}, orgs) as url:
        yield url, root


@pytest.fixture
def api(publishing: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> "HfApi":
    from huggingface_hub import HfApi
    from torture import TOKEN

    # the LFS route: the client decides about Xet by this module constant
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    return HfApi(endpoint=publishing[0], token=TOKEN)


@pytest.fixture
def lab(tmp_path: Path) -> "Lab":
    from publication_lab import Lab

    return Lab(tmp_path)
