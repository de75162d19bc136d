"""The checkpoints of a run compared, one chosen; a killed comparison goes on where it was."""

import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from conftest import DEMO
from merging_models import make_model
from test_release_merges import CHOOSING, corpus, place, whole

from evaluation.settings import CheckpointSettings
from evaluation.tasks.heldout import export
from hub.cards import figures
from hub.cards.checkpoints import render
from hub.manifest import Artefact, Number, Outcome
from hub.model_folder import model_files
from release import columns
from release.checkpoints import compare, points
from release.recipe import RecipeError, load
from training.settings import TrainingSettings

pytestmark = pytest.mark.filterwarnings("ignore")  # of libraries about their own next versions

RUN = TrainingSettings(base="base", corpus="medical", checkpoints=(2, 4))


@pytest.fixture
def have(tmp_path: Path) -> dict[str, Artefact]:
    found = {}
    for seed, name in enumerate(("base", "adapted-step-2", "adapted-step-4", "adapted")):
        folder = make_model(tmp_path / "models" / name, seed, num_hidden_layers=1)
        numbers = {
            "steps": Number(value=2 * seed, unit="steps"),
            "tokens_seen": Number(value=100 * seed, unit="tokens"),
        }
        found[name] = whole(folder, "model", name, Outcome(model_files(folder), numbers))
    for name, text in (("medical", "abcdabcdabcd"), ("general", "mnolmnolmnol")):
        out = tmp_path / "tasks" / name
        out.mkdir(parents=True)
        made = export(name, CHOOSING.tasks[name], corpus(tmp_path / "corpora" / name, text), out)
        found[name] = whole(out, "tasks", name, made)
    return found


def test_a_run_is_compared_with_its_base_and_the_best_is_chosen(
    have: dict[str, Artefact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evaluation import harness

    asked: list[str] = []
    evaluate: Any = harness.evaluate

    def dies_once(settings: Any, model: str, *rest: Any) -> Outcome:
        asked.append(model)
        if len(asked) == 3:
            raise KeyboardInterrupt
        outcome: Outcome = evaluate(settings, model, *rest)
        return outcome

    monkeypatch.setattr(harness, "evaluate", dies_once)
    rule = CheckpointSettings()
    at = tmp_path / "compared"
    with pytest.raises(KeyboardInterrupt):
        compare("adapted", RUN, rule, CHOOSING, have, place(at))
    shutil.rmtree(at / "out")  # as a run does with what has no manifest
    outcome = compare("adapted", RUN, rule, CHOOSING, have, place(at))
    assert asked == ["base", "adapted-step-2", "adapted-step-4", "adapted-step-4", "adapted"]
    rows = points(whole(at / "out", "results", "adapted-checkpoints", outcome))
    assert [(row["checkpoint"], row["step"], row["tokens"]) for row in rows] == [
        ("base", 0, 0), ("adapted-step-2", 2, 100), ("adapted-step-4", 4, 200), ("adapted", 6, 300),
    ]  # fmt: skip
    means = {row["checkpoint"]: sum(row["scores"].values()) for row in rows[1:]}
    (chosen,) = [row for row in rows if row["chosen"]]
    assert chosen["checkpoint"] == min(means, key=means.__getitem__)  # fewer bits are better
    assert chosen["basis"] == "selected on validation"
    shown = render(rows, "checkpoints.svg")
    assert "**selected on validation**" in shown
    assert "| adapted-step-4 | 4 | 200 |" in " ".join(shown.split())
    assert "large: chosen" in (figures.progress(rows) or "")

    lines = [line for row in rows for line in columns.checkpoint(row)]
    columns.write(tmp_path / "checkpoints.parquet", lines, columns.CHECKPOINTS)
    monkeypatch.syspath_prepend(str(Path(DEMO).parents[2] / "space"))
    curves = import_module("adaptation").read_adaptation(
        lambda name: tmp_path / name if name == "checkpoints.parquet" else None
    )
    assert curves["problems"] == []
    medical = [row for row in curves["checkpoints"] if row["group"] == "medical"]
    assert [(row["model"], row["step"], row["value"]) for row in medical] == [
        ("adapted", row["step"], row["scores"]["medical"]) for row in rows
    ]
    assert {row["basis"] for row in curves["checkpoints"]} == {"selected on validation"}

    papers = CheckpointSettings(rule="most-improvements")
    outcome = compare("adapted", RUN, papers, CHOOSING, have, place(tmp_path / "papers"))
    rows = points(whole(tmp_path / "papers" / "out", "results", "again", outcome))
    assert {row["basis"] for row in rows} == {"selected on test"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (("evaluation.checkpoints={adopted: {}}",), "nothing is named adopted"),
        (("evaluation.checkpoints={adapted: {}}",), "training.adapted keeps no checkpoints"),
        (
            (
                "training.adapted.checkpoints=[2]",
                "evaluation.checkpoints={adapted: {measure: accuracy}}",
            ),
            "no task of the validation split measures accuracy",
        ),
        (
            ("finetuning={answering: {base: adapted, examples: essays}}",),
            "sources.essays states no terms: examples need a licence",
        ),
        (("finetuning={answering: {base: adapted, examples: q}}",), "nothing is named q"),
    ],
)
def test_what_is_not_there_cannot_be_compared(changes: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(RecipeError, match=sentence):
        load(Path(DEMO), None, changes)
