"""`imprimatur space`: the app on this machine, about whatever results lie there."""

import json
import signal
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from conftest import COMMAND, ROOT, Workdir, imprimatur
from test_space_app import get_json, write_results

from hub.failure import BadInput
from release.comparison import prepare


def opened(results: Path | str | None) -> dict[str, Any]:
    """What the app shows, started as a person does and interrupted when it has been asked."""
    command = [COMMAND, "space", *([str(results)] if results else [])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.stderr.read() if process.stderr else ""
        url = line.split()[5]
        assert line == f"the comparison app is at {url} (interrupt to end it)\n"
        found = get_json(f"{url}/board.json")
        found["adaptation"] = get_json(f"{url}/adaptation.json")
        found["papers"] = get_json(f"{url}/papers.json")["papers"]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    with pytest.raises(OSError):
        urllib.request.urlopen(url, timeout=2)  # the app ended with the command
    return found


def test_a_results_folder(tmp_path: Path) -> None:
    write_results(tmp_path / "results")
    board = opened(tmp_path / "results")
    assert (board["status"], board["problems"]) == ("read", [])
    assert board["source"] == {"kind": "local", "name": "results"}
    assert [model["name"] for model in board["models"]] == ["base", "adapted", "merged"]
    assert len(board["papers"]) == 6


def test_a_table_of_anybody() -> None:
    board = opened(ROOT / "evaluation" / "published" / "biomistral-english.csv")
    assert board["source"] == {"kind": "local", "name": "biomistral-english.csv"}
    assert len(board["models"]) > 5
    assert board["about"]["findings"], "what speaks against its figures is said"


def test_a_release_that_was_rehearsed(rehearsed: Workdir) -> None:
    board = opened(rehearsed.path)
    assert (board["status"], board["problems"]) == ("read", [])
    assert {model["family"] for model in board["models"]} == {"base"}
    # what the merge stage writes is what the picture reads
    assert board["adaptation"]["problems"] == []
    steps = [p["at"] for p in board["adaptation"]["front"] if p["at"] is not None]
    assert steps == [0.25, 0.5, 0.75]


def test_without_results_the_papers_are_there() -> None:
    board = opened(None)
    assert board["status"] == "nothing"
    assert board["papers"][0]["name"] == "biomistral-english"


def test_what_can_not_be_shown_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no table")
    (tmp_path / "bad.csv").write_text("model,score\nx,1\n")
    (tmp_path / "ran").mkdir()
    (tmp_path / "ran" / "run.json").write_text(json.dumps({}))
    for path, why in {
        "gone": "is not there", "notes.txt": "is no table", "bad.csv": "no column",
        "ran": "imprimatur rehearse it", ".": "neither a results dataset nor a work folder",
    }.items():  # fmt: skip
        with pytest.raises(BadInput, match=why):
            prepare(str(tmp_path / path), tmp_path / f"app-{len(list(tmp_path.iterdir()))}")
    done = imprimatur("space", tmp_path / "gone")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is not there: name a results folder" in done.stderr
    assert "Traceback" not in done.stderr
