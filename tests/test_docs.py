"""What the tutorial and the maintainers' guide say is done here as they say it."""

import json
import random
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, imprimatur

from corpus.sources.entry import Entry
from evaluation.settings import TaskSettings
from evaluation.tasks import benchmarks
from hub.licences import table
from hub.manifest import Outcome
from merging.settings import MergingSettings, parents_of
from release import yaml

TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "maintaining.md").read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.M | re.S)


def write_texts(folder: Path, name: str, number: int) -> None:
    """Words of Dutch syllables, of which each kind of text has its own."""
    folder.mkdir(parents=True)
    draw = random.Random(name)
    syllables = ["be", "ver", "ont", "ge", "ling", "heid", "ste", "recht", "wet", "boot", "dijk"]
    words = ["".join(draw.choices(syllables, k=draw.randint(1, 4))) for _ in range(600)]
    rows = []
    for count in range(number):
        text = ". ".join(" ".join(draw.choices(words, k=12)).capitalize() for _ in range(8))
        row = {"id": f"{name}-{count}", "text": f"{text}.", "language": "nl", "licence": "CC0-1.0"}
        rows.append(json.dumps(row))
    (folder / f"{name}.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")


def test_the_tutorial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_texts(tmp_path / "data" / "wetten", "wet", 60)
    write_texts(tmp_path / "data" / "algemeen", "verhaal", 60)
    recipe, from_the_hub = blocks(TUTORIAL, "yaml")
    (tmp_path / "recht.yaml").write_text(re.sub(r"max_steps: \d+", "max_steps: 2", recipe))
    monkeypatch.chdir(tmp_path)
    said = ""
    for command in "".join(blocks(TUTORIAL, "sh")).splitlines():
        done = imprimatur(*shlex.split(command)[1:])
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        said = done.stdout
    assert "0.1.0" in said
    assert "0.2.0" in said
    assert {"models", "training"} == set(yaml.read(from_the_hub))


def test_a_source_of_the_guide() -> None:
    entry, _ = blocks(GUIDE, "toml")
    assert Entry.model_validate(tomllib.loads(entry)).claims[0].covers == "texts"


def test_a_task_of_the_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    definition, _ = blocks(GUIDE, "yaml")
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "rechtsvragen.yaml").write_text(definition, encoding="utf-8")
    monkeypatch.setattr(benchmarks, "DEFINITIONS", tmp_path / "definitions")
    (tmp_path / "rechtsvragen").mkdir()
    questions = [f"Vraag {n}?,ja,nee,soms,nooit,{'ABCD'[n % 4]}" for n in range(6)]
    (tmp_path / "rechtsvragen" / "vragen.csv").write_text("\n".join(questions), encoding="utf-8")
    out = tmp_path / "out"
    out.mkdir()
    made = benchmarks.export(
        "law-exam", TaskSettings(lm_eval="rechtsvragen", group="legal"), tmp_path, out
    )
    assert isinstance(made, Outcome)
    assert made.numbers["items"].value == 6
    assert made.licence == ("CC0-1.0",)


def test_a_merge_of_the_guide() -> None:
    _, said = blocks(GUIDE, "yaml")
    merge: dict[str, Any] = yaml.plain(yaml.read(said))["adapted-linear"]
    assert parents_of(MergingSettings.model_validate(merge)) == ["base", "adapted"]


def test_a_licence_of_the_guide(monkeypatch: pytest.MonkeyPatch) -> None:
    _, row = blocks(GUIDE, "toml")
    monkeypatch.setattr(table, "_DATA", {"new": tomllib.loads(row)})
    found = {licence.id: licence for licence in table._table()}["LicenseRef-example-open"]
    assert found.acts["commercial"] == "unknown"
    assert found.acts["publish_adapted"] == "allowed"
