"""A fine-tuning from a release file: examples from a source, under the terms that it states."""

import json
from pathlib import Path

import pytest
from conftest import DEMO

from hub.failure import Refused
from release.foresee import check
from release.recipe import Recipe, load
from release.run import run

pytestmark = pytest.mark.filterwarnings("ignore")  # of libraries about their own next versions

RECIPE = """
release: mini
version: 0.1.0
namespace: x
description: questions and answers
sources:
  qa: {reader: jsonl, files: qa/*.jsonl, terms: {licence: CC-BY-NC-4.0}}
  essays: {reader: jsonl, files: general/*.jsonl}
corpora:
  general: {sources: [essays], use: commercial, names: false}
models:
  blank: {tiny: {corpus: general, licence: CC0-1.0, hidden_size: 32, num_hidden_layers: 1,
                 vocab_size: 400}}
finetuning:
  answering:
    base: blank
    examples: qa
    use: research
    lora: {r: 2}
    sft_config: {max_steps: 1, max_length: 256, gradient_accumulation_steps: 1}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    data = tmp_path / "data"
    (data / "general").mkdir(parents=True)
    (data / "qa").mkdir()
    for path in (Path(DEMO).parent / "demo" / "general").glob("*.jsonl"):
        (data / "general" / path.name).write_bytes(path.read_bytes())
    for part in ("one", "two"):
        example = {"prompt": f"Quelle dose, {part} ?", "completion": " 5 mg."}
        (data / "qa" / f"{part}.jsonl").write_text(json.dumps(example) + "\n", encoding="utf-8")
    (tmp_path / "mini.yaml").write_text(RECIPE + f"data: {data}\n", encoding="utf-8")
    return load(tmp_path / "mini.yaml")


def test_examples_train_a_model_under_their_terms(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    ran = run(recipe, tmp_path / "w", "imprimatur run mini.yaml", lambda line: None)
    manifest = ran.artefacts["answering"].manifest
    assert manifest.numbers["examples"].value == 2
    assert [(entry.role, entry.name) for entry in manifest.inputs] == [
        ("examples", "qa"), ("base", "blank"),
    ]  # fmt: skip
    assert manifest.licence == ("CC0-1.0", "LicenseRef-research-use")
    assert manifest.recipe["terms"] == ["CC-BY-NC-4.0"]
    again = run(recipe, tmp_path / "w", "imprimatur run mini.yaml", lambda line: None)
    assert again.made == []


def test_examples_for_research_train_nothing_commercial(recipe: Recipe, tmp_path: Path) -> None:
    commercial = load(recipe.path, None, ("finetuning.answering.use=commercial",))
    with pytest.raises(Refused, match=r"answering is not trained .*CC-BY-NC-4\.0 of its texts"):
        check(commercial, tmp_path)
