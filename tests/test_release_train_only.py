"""Texts that may be trained on and not be published: a model comes of them, and nothing else."""

import json
from pathlib import Path

import pytest

from hub.failure import Refused
from release.publication import assemble
from release.recipe import load
from release.run import run

SECRET = "Un texte qui ne doit paraître nulle part, quoi qu'il arrive."
RECIPE = """
release: private-texts
version: 0.1.0
namespace: somebody
description: A model of texts that stay where they are.
sources:
  open: {reader: jsonl, files: open.jsonl, language: fr, terms: {licence: CC0-1.0}}
  theirs:
    reader: jsonl
    files: theirs.jsonl
    language: fr
    rights_basis: {basis: tdm-exception, article: "Art. 3 Directive (EU) 2019/790"}
corpora:
  open-texts: {sources: [open], use: research, dedup: exact}
  all-texts: {sources: [open, theirs], use: research, dedup: exact, publish: false}
models:
  base: {tiny: {corpus: open-texts, licence: CC0-1.0, vocab_size: 300, hidden_size: 32}}
training:
  adapted:
    base: base
    corpus: all-texts
    sft_config: {max_length: 64, max_steps: 2, per_device_train_batch_size: 2}
training_position: POSITION
"""


@pytest.fixture
def recipe(tmp_path) -> Path:
    words = "Le patient a reçu un traitement par voie orale pendant plusieurs jours. "
    texts = [f"{number} " + words * 6 for number in range(20)]
    for name, found in (("open", texts), ("theirs", [SECRET + " " + words * 9])):
        lines = [json.dumps({"id": f"{name}-{n}", "text": t}) for n, t in enumerate(found)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    path = tmp_path / "release.yaml"
    path.write_text(RECIPE.replace("POSITION", "use-follows"), "utf-8")
    return path


def test_a_model_is_published_and_its_texts_are_not(recipe, tmp_path):
    loaded, work = load(recipe), tmp_path / "work"
    work.mkdir()
    ran = run(loaded, work, "imprimatur run", print)
    model = ran.artefacts["adapted"].manifest
    assert model.licence == ("CC0-1.0", "LicenseRef-research-use")
    assert ran.artefacts["all-texts"].manifest.numbers["documents"].value == 21
    publication, folder = assemble(loaded, ran.artefacts, work)
    assert [repo.artefact for repo in publication.repos] == ["open-texts", "adapted", "results"]
    for path in folder.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path
    (content,) = folder.rglob("TRAINING_CONTENT.md")
    said = content.read_text("utf-8")
    assert "all-texts" in said and "tdm-exception Art. 3 Directive (EU) 2019/790" in said
    (card,) = (folder / "model").rglob("README.md")
    assert "private-texts-all-texts" not in card.read_text("utf-8")

    recipe.write_text(RECIPE.replace("POSITION", "texts-follow"), "utf-8")
    loaded = load(recipe)
    with pytest.raises(Refused, match="LicenseRef-unknown does not allow publishing"):
        assemble(loaded, run(loaded, work, "imprimatur run", print).artefacts, work)
