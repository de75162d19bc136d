"""A release made again from its published repos."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from conftest import DEMO, imprimatur

from hub.manifest import Artefact, Manifest
from hub.rehearsal.serve import running
from release import outside
from release.record import read_run
from release.reproduce.compare import compare, first_difference

RELEASE = "imprimatur-demo/demo@v0.1.0"


@pytest.fixture(scope="module")
def hub_server(rehearsed):
    """The Hub of the rehearsal, as it was left."""
    (root,) = (rehearsed.path / "rehearsal-hub").iterdir()
    with running(root, {"someone": "hf_planted_token_0123456789"}, ["imprimatur-demo"]) as url:
        yield url


def test_the_corpora_come_out_the_same(hub_server, tmp_path):
    done = imprimatur(
        "reproduce", RELEASE, "--from", hub_server, "--workdir", tmp_path / "work",
        "--set", f"data={DEMO.parent / 'demo'}", "--until", "corpus", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["reproduced"] and {one["verdict"] for one in said["compared"]} == {"equal"}
    assert sum(one["kind"] == "corpus" for one in said["compared"]) == 7
    assert "adapted-slerp" in said["not_made"]


def test_other_sources_are_refused_before_anything_is_made(hub_server, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(DEMO.parent / "demo", data)
    article = data / "articles" / "article-01.xml"
    article.write_bytes(article.read_bytes() + b"\n")
    arguments = ("reproduce", RELEASE, "--from", hub_server, "--workdir", tmp_path / "work")
    done = imprimatur(*arguments, "--set", f"data={data}")
    assert done.returncode == 2
    assert "source articles is not what the release was made from" in done.stderr
    assert not (tmp_path / "work" / "corpus").exists()
    without = imprimatur(*arguments)
    assert without.returncode == 2 and "--set data=FOLDER" in without.stderr
    compared = imprimatur("diff", RELEASE, RELEASE, "--from", hub_server)
    assert compared.returncode == 0 and "No difference." in compared.stdout


@pytest.mark.parametrize(
    "arguments",
    [["no-release"], [RELEASE, "--set", "version=2.0.0"], [RELEASE, "--until", "dinner"],
     [RELEASE, "--tolerance", "7"]],
)  # fmt: skip
def test_bad_input_is_one_sentence(arguments):
    done = imprimatur("reproduce", *arguments, "--from", "http://127.0.0.1:9")
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1


def test_a_folder_with_other_work_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    done = imprimatur("reproduce", RELEASE, "--workdir", tmp_path, "--from", "http://127.0.0.1:9")
    assert done.returncode == 2 and "fresh folder" in done.stderr


def test_the_published_snippets_run(rehearsed, hub_server, tmp_path):
    """Every Python block of every card, by somebody who has only the Hub."""
    (folder,) = (rehearsed.path / "publication").iterdir()
    blocks: list[str] = []
    cards = [*folder.glob("dataset/*/*/README.md"), *folder.glob("model/*/*/README.md")]
    for card in sorted(cards):
        found = re.findall(r"```python\n(.*?)```", card.read_text(encoding="utf-8"), re.S)
        assert found, card
        blocks += found
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)], capture_output=True, text=True, check=False,
        env=outside.environment(hub_server, tmp_path / "home"), cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    prompts = re.findall(r'tokenizer\("(.+?)", return_tensors', "\n".join(blocks))
    assert len(prompts) == 3 and all(prompt in done.stdout for prompt in prompts)


def manifests(demo) -> tuple[dict[str, Manifest], dict[str, Artefact]]:
    _, made = read_run(demo.path)
    return {name: one.manifest for name, one in made.items()}, made


def changed(manifest: Manifest, **numbers: float) -> Manifest:
    moved = {
        name: manifest.numbers[name].model_copy(update={"value": value})
        for name, value in numbers.items()
    }
    return manifest.model_copy(update={"digest": "f" * 64, "numbers": manifest.numbers | moved})


def test_the_first_difference_is_where_the_bytes_part(demo):
    published, made = manifests(demo)
    published["medical-commercial"] = changed(published["medical-commercial"])
    published["adapted-slerp"] = changed(published["adapted-slerp"])
    published["adapted"] = changed(published["adapted"], final_train_loss=99.0)
    order = ["general", "medical-commercial", "base", "adapted", "adapted-slerp"]
    found = compare(published, {name: made[name] for name in order}, 0.02)
    verdicts = {one.name: one.verdict for one in found}
    assert verdicts == {
        "general": "equal", "medical-commercial": "different", "base": "equal",
        "adapted": "different", "adapted-slerp": "follows",
    }  # fmt: skip
    first = first_difference(found)
    assert first is not None and first.name == "medical-commercial"
    assert "from equal settings and inputs" in first.why


def test_training_is_compared_within_the_tolerance(demo):
    published, made = manifests(demo)
    loss = made["adapted"].manifest.numbers["final_train_loss"].value
    published["adapted"] = changed(published["adapted"], final_train_loss=loss * 1.01)
    for tolerance, verdict in ((0.02, "within tolerance"), (0.001, "different")):
        (found,) = compare(published, {"adapted": made["adapted"]}, tolerance)
        assert found.verdict == verdict and "final train loss" in found.why


def test_other_settings_are_named(demo):
    published, made = manifests(demo)
    recipe = published["general"].recipe | {"shares": [0.5, 0.1]}
    update = {"digest": "f" * 64, "recipe": recipe}
    published["general"] = published["general"].model_copy(update=update)
    (found,) = compare(published, {"general": made["general"]}, 0.02)
    assert found.why == "its settings differ (shares)"
