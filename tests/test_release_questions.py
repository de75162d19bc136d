"""The words of questions: published only where the release asks and every licence allows it."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from conftest import DEMO, Workdir

from hub.failure import Refused
from hub.manifest import Artefact, read_artefact
from release import questions
from release.gate import gate
from release.recipe import Recipe, RecipeError, load
from release.steps.evaluation import part

ASKED = "evaluation.publish_questions=[medical-cloze]"


@pytest.fixture
def recipe() -> Recipe:
    return load(Path(DEMO), "quick", [ASKED])


@pytest.fixture
def artefacts(demo: Workdir) -> dict[str, Artefact]:
    found = {}
    for name in demo.manifests():
        artefact = read_artefact(demo.folder(name))
        assert artefact is not None
        found[name] = artefact
    return found


def test_what_is_asked_for_and_free_is_published_with_its_licence(
    recipe: Recipe, artefacts: dict[str, Artefact], tmp_path: Path, monkeypatch: Any
) -> None:
    gate(recipe, artefacts)
    rows = list(questions.rows(recipe.release, artefacts))
    assert len(rows) == 8
    path = tmp_path / "questions.parquet"
    questions.write(path, rows)
    monkeypatch.syspath_prepend(str(Path(DEMO).parents[2] / "space"))
    shown = import_module("questions").read_questions(path)
    samples = import_module("tables")
    for (task, item), question in shown.items():
        assert task == "medical-cloze"
        assert question.text.strip()
        assert len(question.options) == 4
        assert question.options[question.answer]
        assert question.licence == "CC-BY-4.0, CC0-1.0", "of all texts it was made from"
        assert samples.tame(item) == item
    assert questions.licences(recipe.release, artefacts) == ["CC-BY-4.0", "CC0-1.0"]


@pytest.mark.parametrize(
    ("licence", "why"),
    [
        (("CC-BY-ND-4.0",), "CC-BY-ND-4.0 does not allow publishing the text"),
        (("CC0-1.0", "LicenseRef-unheard-of"), "LicenseRef-unheard-of does not allow"),
        ((), "no licence is stated"),
    ],
)
def test_what_is_not_free_is_refused(
    recipe: Recipe, artefacts: dict[str, Artefact], licence: tuple[str, ...], why: str
) -> None:
    task = artefacts["medical-cloze"]
    stated = task.manifest.model_copy(update={"licence": licence})
    with pytest.raises(Refused, match=why):
        gate(recipe, artefacts | {"medical-cloze": replace(task, manifest=stated)})


def test_nothing_is_shown_unasked(artefacts: dict[str, Artefact]) -> None:
    plain = load(Path(DEMO), "quick", [])
    assert list(questions.rows(plain.release, artefacts)) == []
    asked = load(Path(DEMO), "quick", [ASKED])
    assert plain.release.evaluation is not None
    assert asked.release.evaluation is not None
    # to ask for it changes no result: nothing is evaluated anew
    assert part(plain.release.evaluation) == part(asked.release.evaluation)


@pytest.mark.parametrize(
    ("task", "why"),
    [("medical-text", "asks nothing"), ("medical-close", "there is no task medical-close")],
)
def test_a_task_that_has_no_questions(task: str, why: str) -> None:
    with pytest.raises(RecipeError, match=why):
        load(Path(DEMO), None, [f"evaluation.publish_questions=[{task}]"])
