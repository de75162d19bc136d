"""People check a labeller: a sheet out, the sheet back, what they say on the card."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from conftest import imprimatur
from labelling_server import serving
from test_domain_classifier import text
from test_domain_release import write

RECIPE = """
release: checked
version: 0.1.0
namespace: imprimatur-demo
description: A filter whose labels people checked.
data: data
sources:
  web: {reader: parquet, files: web.parquet, language: de, terms: {licence: CC0-1.0}}
filters:
  medical:
    domain: medical
    languages: [de]
    licence: Apache-2.0
    sample: {sources: [web], documents: 200}
    labeller: {endpoint: {url: "URL", model: m}, prompt: "Medizin? <DOCUMENT>"}
corpora:
  filtered: {sources: [web], use: commercial, dedup: exact, domain_filter: medical}
"""


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release that was run; the server that labelled is gone."""
    folder = tmp_path_factory.mktemp("checked")
    (folder / "data").mkdir()
    rng = np.random.default_rng(5)
    texts = []
    for n in range(200):
        answer = "medical" if n % 4 == 0 else "other"
        texts.append(f"{text(rng, 'de', n % 4 == 0)} {answer}")
    write(folder / "data" / "web.parquet", texts)
    recipe = folder / "checked.yaml"
    with serving() as script:
        recipe.write_text(RECIPE.replace("URL", script.url), "utf-8")
        done = imprimatur("run", recipe, "--workdir", folder / "work")
    assert done.returncode == 0, done.stderr
    return recipe


def fill(path: Path, wrong: int) -> None:
    """Two agree with what the text is, but for the first `wrong` documents; the third says no."""
    rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines(keepends=True)))
    for number, row in enumerate(rows):
        said = row["text"].endswith("medical") != (number < wrong)
        row |= {"annotator 1": "ja" if said else "nein", "annotator 2": "yes" if said else "no",
                "annotator 3": "no"}  # fmt: skip
    with path.open("w", newline="", encoding="utf-8") as stream:
        sheet = csv.DictWriter(stream, rows[0])
        sheet.writeheader()
        sheet.writerows(rows)


def test_what_people_say_comes_back_and_is_on_the_card(labelled: Path):
    work, sheet = labelled.parent / "work", labelled.parent / "data" / "sheet.csv"
    command = ("annotate", labelled, "medical", "--workdir", work)
    done = imprimatur(*command, "--out", sheet, "--documents", 40)
    assert done.returncode == 0 and "40 documents" in done.stdout, done.stderr
    again = imprimatur(*command, "--out", sheet)
    assert again.returncode == 2 and "is there already" in again.stderr
    empty = imprimatur(*command, "--check", sheet)
    assert empty.returncode == 2 and "fill in its annotator columns" in empty.stderr
    fill(sheet, wrong=2)
    found = imprimatur(*command, "--check", sheet)
    assert "2 of 40 labelled documents otherwise" in found.stdout
    told = json.loads(imprimatur(*command, "--check", sheet, "--json").stdout)
    assert len(told["disagreements"]) == 2 and told["decided"] == 40
    # Half of the sheet is labelled yes, a quarter of the sample is: recall is that of the sample.
    missed = sum(not one["labeller"] for one in told["disagreements"])
    right = 20 - (2 - missed)
    share = 50 / 20 * right / (50 / 20 * right + 150 / 20 * missed)
    assert told["recall"]["value"] == pytest.approx(share)
    assert told["free_marginal_kappa"]["low"] < 0.7 < told["precision"]["value"]
    # the labels are kept: the server that gave them is gone
    setting = ("--set", "filters.medical.annotations=sheet.csv")
    done = imprimatur("run", labelled, "--workdir", work, *setting)
    assert done.returncode == 0, done.stderr
    said = card(labelled, work, "filters.medical.annotations=sheet.csv")
    assert "40 documents were judged by 3 people" in said
    assert f"precision against most people | {told['precision']['value']:.3f} |" in said
    assert "No person checked its labels." in card(labelled, work)


def card(path: Path, work: Path, *sets: str) -> str:
    from release.publication import classifiers
    from release.publication.context import Context
    from release.recipe import load
    from release.run import run

    recipe = load(path, None, list(sets))
    made = run(recipe, work, "imprimatur run", print).artefacts
    context = Context(recipe, made, [], [], None, work)
    folder = work / "publication" / str(len(sets))
    classifiers.repo(context, folder, "medical")
    return next(folder.rglob("README.md")).read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["surgical", "--out", "s.csv"], "there is no filter surgical: medical"),
        (["medical"], "say --out SHEET to write one, or --check SHEET to read one"),
        (["medical", "--check", "none.csv"], "there is no sheet none.csv"),
        (["medical", "--out", "s.csv", "--workdir", "elsewhere"], "run the release first"),
    ],
)
def test_what_cannot_be_checked_is_one_sentence(labelled, arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if "--workdir" not in arguments:
        arguments = [*arguments, "--workdir", labelled.parent / "work"]
    done = imprimatur("annotate", labelled, *arguments)
    assert done.returncode == 2 and words in done.stderr
    assert not Path("s.csv").exists()


def test_a_sheet_that_is_not_there_is_said_by_plan(labelled: Path):
    done = imprimatur("plan", labelled, "--set", "filters.medical.annotations=none.csv")
    assert done.returncode == 2 and "there is no annotation sheet" in done.stderr + done.stdout
