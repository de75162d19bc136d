"""The demo with a smaller copy and a translated examination, rehearsed: what a reader finds."""

import csv
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import DEMO, Workdir, imprimatur
from huggingface_hub import DatasetCard, ModelCard
from judge_server import Say, serving
from pyarrow import parquet

QUANTISED = """
quantised:
  adapted-slerp-int8: {model: adapted-slerp, method: torchao-int8}

evaluation:
"""
TASKS = """
    exam: {lm_eval: medqa, group: examination, shots: 1, questions: 12}
    exam-fr:
      group: examination
      translation:
        of: exam
        language: fr
        called: French
        by: {endpoint: {url: "URL", model: scripted-translator}}
    medical-text:"""


def _french(request: dict[str, Any], number: int) -> Say:
    asked = request["messages"][-1]["content"]
    texts = json.loads(re.findall(r"<material \w+>\n(.*?)\n</", asked, re.S)[0])
    if number == 2:  # a question: the examples come after them
        return Say("Je ne traduis pas cela.")
    return Say(json.dumps({name: f"fr {text}" for name, text in texts.items()}))


@pytest.fixture(scope="module")
def published(demo: Workdir, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workdir]:
    """Only what the demo lacks is made: its work folder is taken over."""
    root = tmp_path_factory.mktemp("smaller")
    data = root / "data"
    shutil.copytree(DEMO.parent / "demo", data)
    lines = [
        json.dumps({"realidx": n, "question": f"Which is number {n} of them?",
                    "options": dict(zip("ABCD", (f"liver {n}", f"heart {n}", f"lung {n}",
                                                 f"skin {n}"), strict=True)),
                    "answer_idx": "ABCD"[n % 4]})
        for n in range(36)
    ]  # fmt: skip
    (data / "eval_medqa").mkdir()
    (data / "eval_medqa" / "test.jsonl").write_text("\n".join(lines))
    work = root / "work"
    shutil.copytree(demo.path, work, ignore=shutil.ignore_patterns("publication", "hub"))
    with serving(_french) as server:
        text = DEMO.read_text(encoding="utf-8").replace("data: demo", f"data: {data}")
        text = text.replace("space: {folder: ../../space}\n", "")
        text = text.replace("\nevaluation:\n", QUANTISED, 1)
        shown = "models: [adapted-slerp, adapted-slerp-int8]\n"
        text = text.replace("models: [base, adapted, adapted-slerp]\n", shown, 1)
        text = text.replace("\n    medical-text:", TASKS.replace("URL", server.url), 1)
        path = root / "smaller.yaml"
        path.write_text(text, encoding="utf-8")
        for verb in ("run", "rehearse"):
            done = imprimatur(verb, path, "--scale", "quick", "--workdir", work)
            assert done.returncode == 0, done.stderr
        yield Workdir(work, (str(path),))


def _repo(work: Workdir, kind: str, name: str) -> Path:
    (publication,) = (work.path / "publication").glob("*/publication.json")
    return publication.parent / kind / "imprimatur-demo" / f"demo-{name}"


def test_a_smaller_copy_is_published_as_what_it_is(published: Workdir) -> None:
    folder = _repo(published, "model", "adapted-slerp-int8")
    card = ModelCard.load(folder / "README.md")
    assert card.data.base_model == ["imprimatur-demo/demo-adapted-slerp"]
    assert card.data.base_model_relation == "quantized"
    rows = re.findall(r"^\| (size|memory|speed|perplexity|accuracy[^|]*|bits[^|]*) \|(.*)\|(.*)\|$",
                      card.text, re.M)  # fmt: skip
    said = {name.strip(): (full.strip(), copy.strip()) for name, full, copy in rows}
    assert {"size", "memory", "speed", "perplexity"} <= said.keys()
    assert {"accuracy, examination", "bits per byte, medical"} <= said.keys()
    full, copy = (float(each.split()[0].replace(",", "")) for each in said["size"])
    assert copy < full
    configuration = json.loads((folder / "config.json").read_bytes())
    assert configuration["quantization_config"]["quant_method"] == "torchao"


def test_a_translation_is_a_dataset_that_says_how_it_was_made(published: Workdir) -> None:
    from datasets import load_dataset

    folder = _repo(published, "dataset", "exam-fr")
    card = DatasetCard.load(folder / "README.md")
    assert card.data.license == "mit"
    assert card.data.language == ["fr"]
    for said in ("scripted-translator", "No person has read", "| not JSON | 1 |"):
        assert said in card.text, said
    # as a reader loads it, by the configurations of the card
    loaded = load_dataset(str(folder), split="test", cache_dir=str(published.path / "datasets"))
    assert len(loaded) == published.manifests()["exam-fr"]["numbers"]["items"]["value"]
    assert loaded[0]["options"][0].startswith("fr ")
    (_, aside) = json.loads((folder / "set_aside.jsonl").read_text().splitlines()[0]).values()
    assert aside == "not JSON"
    assert not list(folder.rglob("replies*"))


def test_every_model_was_asked_in_both_languages(published: Workdir) -> None:
    folder = _repo(published, "dataset", "results")
    rows = parquet.read_table(folder / "tasks.parquet").to_pylist()
    asked = {(row["model"], row["task"]): row["n"] for row in rows}
    for model in ("adapted-slerp", "adapted-slerp-int8"):
        assert (asked[model, "exam"], asked[model, "exam-fr"]) == (12, 11)


def test_results_go_out_in_lm_evals_layout_and_come_back(
    published: Workdir, tmp_path: Path
) -> None:
    (recipe,) = published.lines
    asked = ("--scale", "quick", "--workdir", published.path, "--model", "adapted-slerp-int8")
    done = imprimatur("results", "export", recipe, *asked, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    (results,) = tmp_path.glob("out/*/results_*.json")
    done = imprimatur("results", "import", results, "--out", tmp_path / "table.csv")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "table.csv").open(encoding="utf-8") as opened:
        back = {row["task"]: (float(row["score"]), int(row["n"])) for row in csv.DictReader(opened)}
    rows = parquet.read_table(_repo(published, "dataset", "results") / "tasks.parquet").to_pylist()
    ours = {
        row["task"]: (row["value"], row["n"])
        for row in rows
        if row["model"] == "adapted-slerp-int8" and row["metric"] == "accuracy"
    }
    assert back == ours
    done = imprimatur("results", "export", recipe, *asked[:-1], "nobody", "--out", tmp_path / "no")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
