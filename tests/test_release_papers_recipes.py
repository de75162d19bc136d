"""The three papers' releases: planned whole without a network, and in their miniature."""

import json
from typing import Any

import pytest
from conftest import ROOT, imprimatur

from release import foresee
from release.pinning import pin
from release.plan import plan
from release.recipe import load

RECIPES = ROOT / "release" / "recipes"
OFFLINE = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "1"}
SHARED = ROOT.parent / "shared" / "data"


@pytest.mark.parametrize(
    ("paper", "models", "runs"), [("partages", 4, 4), ("definemed", 3, 4), ("biomistral", 1, 1)]
)
def test_a_whole_paper_is_planned_offline(
    paper: str, models: int, runs: int, tmp_path: Any
) -> None:
    done = imprimatur("plan", RECIPES / f"{paper}.yaml", "--workdir", tmp_path, "--json", **OFFLINE)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert sum(line.endswith("on the Hub") for line in found["unpinned"]) == models
    assert sum("needs a `revision`" in line for line in found["unpinned"]) > 5
    assert not found["problems"]
    assert not found["refusals"]
    estimates = [note for note in found["notes"] if note.startswith("training.")]
    assert len(estimates) == runs
    assert all(" h, " in note and " kWh, " in note and " EUR " in note for note in estimates)
    assert {step["state"] for step in found["steps"]} == {"to run"}
    refused = imprimatur("run", RECIPES / f"{paper}.yaml", "--workdir", tmp_path, **OFFLINE)
    assert refused.returncode == 3
    assert "unpinned" in refused.stderr


def test_a_plan_is_read_at_a_sitting(tmp_path: Any) -> None:
    """Sixty steps and fifteen fine-tunings that differ in their seeds."""
    done = imprimatur("plan", RECIPES / "biomistral.yaml", "--workdir", tmp_path, **OFFLINE)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) < 200
    assert sum(" to run  " in line for line in lines) == 60
    assert "Steps: 60 to run, 0 up to date" in lines
    (finetuning,) = [line for line in lines if line.startswith("  finetuning.")]
    assert "biomistral" not in finetuning
    assert "and 13 more: 1 a100-80gb" in finetuning


@pytest.mark.parametrize("paper", ["partages", "definemed", "biomistral"])
@pytest.mark.parametrize("data", ["shipped", "real"])
def test_a_miniature_can_be_run(paper: str, data: str, tmp_path: Any) -> None:
    if data == "real" and not SHARED.is_dir():
        pytest.skip("the real samples are not here")
    sets = [f"data={SHARED}"] if data == "real" else []
    recipe = load(RECIPES / f"{paper}.yaml", "mini", sets)
    assert pin(recipe, print) == recipe  # nothing of it is on a Hub
    found = plan(recipe, tmp_path)
    assert not found.problems + found.refusals + found.unpinned + found.sought.to_obtain
    assert found.sought.left_out
    foresee.check(recipe, tmp_path)
