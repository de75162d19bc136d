"""No secret goes to a process that has no use for it: read from the environments of all of them."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from datatrove.pipeline.base import PipelineStep

from hub.environment import is_secret, secrets_hidden, without_secrets

PLANTED = "hf_planted_in_the_environment_0123456789"


def processes_with(text: str) -> list[str]:
    """Command lines of the processes that have `text` in the environment they were started with."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (path / "environ").read_bytes():
                found.append((path / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue  # it ended meanwhile, or is somebody else's
    return found


class Look(PipelineStep):
    """In a worker: which processes have the token?"""

    name = "look"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Any:
        found = [*processes_with(PLANTED), *([] if "HF_TOKEN" not in os.environ else ["worker"])]
        (self.folder / f"{rank}.txt").write_text("\n".join(found))
        yield from ()


@pytest.mark.parametrize("workers", [1, 2])
def test_the_workers_of_a_corpus_have_no_token(tmp_path, workers):
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from corpus.executors import execute\n"
        "from test_environment import Look\n"
        "if __name__ == '__main__':\n"
        "    folder = Path(sys.argv[1])\n"
        f"    execute([Look(folder)], 2, {workers}, folder / 'log')\n"
        "    print(os.environ['HF_TOKEN'])\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    root = Path(__file__).parents[1]
    environment = os.environ | {
        "HF_TOKEN": PLANTED, "PYTHONPATH": os.pathsep.join([str(root), str(root / "tests")]),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, script, tmp_path], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == PLANTED  # the command itself may still fetch with it
    assert [(tmp_path / f"{rank}.txt").read_text() for rank in (0, 1)] == ["", ""]


@pytest.mark.parametrize(
    "name", ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY",
             "DB_PASSWORD", "my_token", "HF_TOKEN_PATH"],
)  # fmt: skip
def test_a_secret_is_known_by_its_name(name):
    assert is_secret(name)
    assert without_secrets({name: "x", "PATH": "/bin"}) == {"PATH": "/bin"}


@pytest.mark.parametrize("name", ["PATH", "TOKENIZERS_PARALLELISM", "KEYBOARD", "HF_HOME"])
def test_what_a_process_needs_is_no_secret(name):
    assert not is_secret(name)


def test_secrets_are_back_even_after_an_error(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", PLANTED)
    with pytest.raises(ZeroDivisionError), secrets_hidden():
        assert "HF_TOKEN" not in os.environ
        print(1 / 0)
    assert os.environ["HF_TOKEN"] == PLANTED
