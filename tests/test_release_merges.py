"""A sweep carried through: candidates to evaluation, the choice to mergekit, a kill in between."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import evaluation_models
import pytest
from merging_models import make_parents

from evaluation.cloze import Document
from evaluation.settings import EvaluationSettings, TaskSettings
from evaluation.tasks.heldout import export
from hub.manifest import (
    Artefact,
    Outcome,
)  # fmt: skip
from hub.model_folder import model_files
from merging.settings import MergingSettings
from release import merges
from release.steps.step import Place

pytestmark = pytest.mark.filterwarnings("ignore")  # of libraries about their own next versions

CHOOSING = EvaluationSettings(
    models=["base"],
    tasks={
        name: TaskSettings(corpus=name, measure="bits_per_byte", group=name)
        for name in ("medical", "general")
    },
    resamples=100,
)
SETTINGS = MergingSettings.model_validate(
    {
        "ready": "partages-slerp",
        "of": ["base", "adapted"],
        "sweep": {
            "t": [0.25, 0.75], "choose": "balance", "domain": "medical", "general": "general",
        },
    }
)  # fmt: skip


whole = partial(evaluation_models.whole, licence=("CC0-1.0",))


def corpus(folder: Path, text: str) -> Artefact:
    import pyarrow
    from pyarrow import parquet

    (folder / "data").mkdir(parents=True)
    documents = [Document(f"d{n}", text[n:] + text[:n]) for n in range(4)]
    table = pyarrow.Table.from_pylist([one._asdict() for one in documents])
    parquet.write_table(table, folder / "data" / "0.parquet")
    return whole(folder, "corpus", folder.name, Outcome(("data/0.parquet",), {}))


@pytest.fixture
def have(tmp_path: Path) -> dict[str, Artefact]:
    found = {}
    for name, folder in make_parents(tmp_path / "models").items():
        found[name] = whole(folder, "model", name, Outcome(model_files(folder), {}))
    for name, text in (("medical", "abcdabcdabcd"), ("general", "mnolmnolmnol")):
        out = tmp_path / "tasks" / name
        out.mkdir(parents=True)
        made = export(name, CHOOSING.tasks[name], corpus(tmp_path / "corpora" / name, text), out)
        found[name] = whole(out, "tasks", name, made)
    return found


def place(root: Path, progress: Callable[[str], None] = print) -> Place:
    for part in ("out", "scratch"):
        (root / part).mkdir(parents=True, exist_ok=True)
    return Place(root / "out", root / "out", root / "scratch", root / "cache", progress)


def test_the_sweeps_choice_is_what_mergekit_makes(
    have: dict[str, Artefact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evaluation import harness

    asked: list[str] = []
    evaluate: Any = harness.evaluate

    def dies_at_the_fourth(settings: Any, label: str, *rest: Any) -> Outcome:
        asked.append(label)
        if len(asked) == 4:
            raise KeyboardInterrupt
        outcome: Outcome = evaluate(settings, label, *rest)
        return outcome

    monkeypatch.setattr(harness, "evaluate", dies_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        merges.sweep("slerp", SETTINGS, CHOOSING, have, place(tmp_path / "sweep"))
    shutil.rmtree(tmp_path / "sweep" / "out")  # as a run does with what has no manifest
    outcome = merges.sweep("slerp", SETTINGS, CHOOSING, have, place(tmp_path / "sweep"))
    # what was answered before the kill is not asked again
    assert asked == ["base", "adapted", "as configured", "t=0.25", "t=0.25", "t=0.75"]
    assert outcome.numbers["candidates"].value == 5

    swept = whole(tmp_path / "sweep" / "out", "results", "slerp-sweep", outcome)
    rows = merges.front(swept)
    assert [row["candidate"] for row in rows][:3] == ["base", "adapted", "as configured"]
    (chosen,) = [row["candidate"] for row in rows if row["chosen"]]
    texts = merges.validation_texts(CHOOSING, have)
    lines: list[str] = []
    made = merges.merge(SETTINGS, swept, texts, have, place(tmp_path / "merge", lines.append))
    assert f"the sweep chose {chosen}" in lines
    assert made.numbers["distance_to_candidate"].value <= 1
    assert {"perplexity.medical.merge", "perplexity.general.base"} <= made.numbers.keys()
    assert made.licence == ("CC0-1.0",)
    written = (tmp_path / "merge" / "out" / "mergekit_config.yml").read_text(encoding="utf-8")
    t = "0.5" if chosen == "as configured" else chosen.removeprefix("t=")
    assert f"t: {t}\n" in written
    on_the_card = merges.configuration(SETTINGS, swept)
    assert on_the_card["parameters"] == {"t": float(t)}
