"""A release that starts from a model on a Hub: pinned once, taken there, named on the cards."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from conftest import DEMO, imprimatur
from merging_models import make_model
from rehearsal_server import client_environment, run_client

from hub.rehearsal.serve import running
from merging import remote
from release.foresee import check
from release.recipe import RecipeError, load

pytestmark = pytest.mark.filterwarnings("ignore")  # of libraries about their own next versions

NOWHERE = "http://127.0.0.1:9"
"""a port on which nothing listens"""

RECIPE = """
release: mini
version: 0.1.0
namespace: lab
description: a model of others, adapted
data: {data}
sources:
  essays: {{reader: jsonl, files: general/*.jsonl}}
corpora:
  general: {{sources: [essays], use: commercial, names: false}}
models:
  base: {{hub: lab/base}}
training:
  adapted: {{base: base, corpus: general, checkpoints: [1], step: 1,
            sft_config: {{max_steps: 2, max_length: 64}}}}
merging:
  adapted-slerp:
    mergekit:
      merge_method: slerp
      base_model: base
      models: [{{model: base}}, {{model: adapted}}]
      parameters: {{t: 0.5}}
      dtype: float32
"""

PUSH = """
import sys
from huggingface_hub import HfApi

HfApi().create_repo(sys.argv[2], exist_ok=True, private="private" in sys.argv[2])
HfApi().upload_folder(folder_path=sys.argv[1], repo_id=sys.argv[2])
"""


@dataclass(frozen=True)
class Hub:
    url: str
    models: Path
    home: Path

    def push(self, repo: str, seed: int, licence: str = "apache-2.0", **changes: Any) -> None:
        at = self.models / f"{repo.replace('/', '-')}-{seed}"
        folder = make_model(at, seed, **{"vocab_size": 16} | changes)  # each of its tokens a word
        if licence:
            (folder / "README.md").write_text(f"---\nlicense: {licence}\n---\n# base\n")
        self.push_folder(repo, folder)

    def push_folder(self, repo: str, folder: Path) -> None:
        environment = client_environment(self.url, self.home, xet=False)
        run_client(PUSH, environment, str(folder), repo)

    def imprimatur(self, *arguments: object, url: str = "") -> "CompletedProcess[str]":
        environment = client_environment(url or self.url, self.home, xet=False)
        return imprimatur(*arguments, **environment)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    root = tmp_path_factory.mktemp("hub")
    with running(root / "hub", {"demo": "hf_demo"}, ["lab", "cais"]) as url:
        found = Hub(url, root / "models", root / "home")
        found.push("lab/base", seed=0)
        yield found


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "mini.yaml"
    path.write_text(RECIPE.format(data=Path(DEMO).parent / "demo"), encoding="utf-8")
    return path


UNASKED = """held_out: 0.1
evaluation:
  models: []
  tasks: {text: {corpus: held-out, measure: bits_per_byte, group: general}}
"""
"""a task that no model is asked: the corpus is kept clear of it"""


def test_a_release_from_a_model_on_the_hub(
    hub: Hub, recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_out = "  held-out: {sources: [essays], use: commercial, names: false, split: held_out}\n"
    recipe.write_text(recipe.read_text().replace("models:\n", f"{held_out}models:\n", 1) + UNASKED)
    workdir = ("--workdir", recipe.parent / "work")
    offline = hub.imprimatur("plan", recipe, *workdir, "--json", url=NOWHERE)
    assert offline.returncode == 0, offline.stderr
    assert json.loads(offline.stdout)["unpinned"] == ["base: unpinned: lab/base@main on the Hub"]
    assert not recipe.with_suffix(".lock").exists()
    refused = hub.imprimatur("run", recipe, *workdir, url=NOWHERE)
    assert refused.returncode == 3
    assert "base: unpinned: lab/base@main on the Hub, which cannot be asked now" in refused.stderr

    planned = hub.imprimatur("plan", recipe, *workdir)
    assert planned.returncode == 0, planned.stderr
    assert "base: lab/base@main is pinned at" in planned.stdout
    assert "apache-2.0" in planned.stdout
    assert "  adapted, adapted-slerp: would be under Apache-2.0" in planned.stdout
    pin = json.loads(recipe.with_suffix(".lock").read_bytes())["models"]["lab/base@main"]
    weights = hub.models / "lab-base-0" / "model.safetensors"
    assert pin["files"]["model.safetensors"]["size"] == weights.stat().st_size
    assert pin["licence"] == ["apache-2.0"]

    hub.push("lab/base", seed=1)  # what is on main moves on, the release does not
    ran = hub.imprimatur("rehearse", recipe, *workdir)
    assert ran.returncode == 0, ran.stderr
    again = hub.imprimatur("run", recipe, *workdir, url=NOWHERE)
    assert "Everything is up to date" in again.stdout, again.stderr
    monkeypatch.delattr(remote, "read")  # what is here already is looked at here
    check(load(recipe), recipe.parent / "work")
    (base,) = (recipe.parent / "work" / "training").glob("base-*")
    assert (base / "model.safetensors").read_bytes() == weights.read_bytes()
    made = {}
    for path in (recipe.parent / "work" / "training").glob("adapted*/manifest.json"):
        manifest = json.loads(path.read_bytes())
        made[manifest["name"]] = manifest["files"], manifest["numbers"]["steps"]["value"]
    assert made["adapted"] == made["adapted-step-1"]
    assert made["adapted"][1] == 1
    published = hub.imprimatur("publish", recipe, *workdir, "--to", hub.url)
    assert published.returncode == 0, published.stderr

    (content,) = (recipe.parent / "work" / "publication").iterdir()
    card = (content / "model/lab/mini-adapted/README.md").read_text(encoding="utf-8")
    assert "base_model:\n- lab/base\ndatasets" in card
    assert f"[lab/base](/lab/base/tree/{pin['commit']})" in card
    assert f"`{pin['commit'][:12]}`" in card
    merged = (content / "model/lab/mini-adapted-slerp/README.md").read_text(encoding="utf-8")
    assert "base_model:\n- lab/base\n- lab/mini-adapted\ndatasets" in merged
    bom = json.loads((content / "model/lab/mini-adapted/ml-bom.cdx.json").read_bytes())
    assert pin["commit"] in json.dumps(bom)
    results = content / "dataset/lab/mini-results"
    assert json.loads((results / "recipe.lock").read_bytes())["models"] == {"lab/base@main": pin}

    data = f"data={Path(DEMO).parent / 'demo'}"
    remade = hub.imprimatur(
        "reproduce", "lab/mini@v0.1.0", "--from", hub.url, "--set", data,
        "--workdir", recipe.parent / "again",
    )  # fmt: skip
    assert remade.returncode == 0, remade.stderr + remade.stdout
    assert "lab/mini@v0.1.0 was reproduced" in remade.stdout


@pytest.mark.parametrize(
    ("sets", "code", "said"),
    [
        (("models.base.hub=lab/nothing",), 2, "models.base: there is no lab/nothing at main"),
        (("models.base.revision=v9",), 2, "models.base: there is no lab/base at v9"),
        (("models.base.licence=MIT",), 2, "says apache-2.0 and the release file MIT"),
        (("models.base.expected.hidden_size=64",), 2, "hidden_size is 32 in the config.json of"),
        (("models.base.hub=base",), 2, "models.base.hub: string should match pattern"),
        (("models.base.folder=x", "models.base.licence=MIT"), 2, "is one of hub, folder, tiny"),
        (("models.base.hub=lab/mute",), 3, "the card of lab/mute names no licence: state"),
        (("models.base.hub=lab/odd",), 3, "names house-rules, of which nothing is known"),
        (("models.base.hub=lab/private",), 3, "lab/private, which it goes back to, is private"),
        (("models.base.hub=lab/pickle",), 2, "has no safetensors weights (pickled ones can run"),
        (("models.base.hub=lab/lora",), 2, "lab/lora is a LoRA adapter, not a model"),
    ],
)
def test_what_cannot_be_started_from(
    hub: Hub, recipe: Path, others: None, sets: tuple[str, ...], code: int, said: str
) -> None:
    arguments = [part for one in sets for part in ("--set", one)]
    planned = hub.imprimatur("plan", recipe, "--workdir", recipe.parent / "work", *arguments)
    assert said in planned.stderr
    assert planned.returncode == code


@pytest.fixture(scope="module")
def others(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Repos that a release cannot start from, for a reason each."""
    hub.push("lab/mute", seed=2, licence="")
    hub.push("lab/odd", seed=2, licence="other\nlicense_name: house-rules")
    hub.push("lab/private", seed=2)
    for name, file in (("pickle", "pytorch_model.bin"), ("lora", "adapter_config.json")):
        folder = tmp_path_factory.mktemp(name)
        (folder / "config.json").write_text("{}")
        (folder / file).write_text("{}")
        hub.push_folder(f"lab/{name}", folder)


def test_merges_of_hub_models_are_foreseen_from_their_headers(hub: Hub, recipe: Path) -> None:
    hub.push("lab/wide", seed=3, intermediate_size=96)
    text = recipe.read_text().replace("\ntraining:", "\n  wide: {hub: lab/wide}\ntraining:")
    recipe.write_text(text.replace("{model: adapted}", "{model: wide}"))
    planned = hub.imprimatur("plan", recipe, "--workdir", recipe.parent / "work")
    assert planned.returncode == 2
    assert "base and wide cannot be merged: model.layers.0.mlp.down_proj" in planned.stderr
    cache = [path.name for path in hub.home.rglob("snapshots/*/*") if "wide" in str(path)]
    assert "model.safetensors" not in cache


def test_the_data_of_a_task_is_pinned_as_a_model_is(hub: Hub, recipe: Path) -> None:
    making = "from huggingface_hub import HfApi; a = HfApi(); d = {'repo_type': 'dataset'}; "
    making += "a.create_repo('cais/mmlu', **d); print(a.dataset_info('cais/mmlu').sha)"
    commit = run_client(making, client_environment(hub.url, hub.home, xet=False)).strip()
    tasks = "{anatomy: {lm_eval: mmlu_anatomy, group: medical}}"
    recipe.write_text(recipe.read_text() + f"evaluation: {{models: [base], tasks: {tasks}}}\n")
    workdir = ("--workdir", recipe.parent / "work", "--json")
    offline = hub.imprimatur("plan", recipe, *workdir, url=NOWHERE)
    assert any("cais/mmlu" in line for line in json.loads(offline.stdout)["unpinned"])
    planned = hub.imprimatur("plan", recipe, *workdir)
    assert json.loads(planned.stdout)["unpinned"] == [], planned.stderr
    pins = json.loads(recipe.with_suffix(".lock").read_bytes())["datasets"]
    assert pins["cais/mmlu@main"]["commit"] == commit


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"commit": "main"}, "commit: String should match pattern"),
        # of a stranger: `reproduce` reads the lock that a release publishes
        ({"files": {"../../config.json": {"size": 1, "digest": "0"}}}, "no file of a model's"),
    ],
)
def test_a_broken_lock_is_said(recipe: Path, change: dict[str, Any], said: str) -> None:
    pin = {
        "commit": "0" * 40, "licence": [], "date": "2026-11-20", "files": {}, "config": {},
        "private": False,
    }  # fmt: skip
    recipe.with_suffix(".lock").write_text(json.dumps({"models": {"lab/base@main": pin}}))
    load(recipe)
    pins = {"models": {"lab/base@main": pin | change}}
    recipe.with_suffix(".lock").write_text(json.dumps(pins))
    with pytest.raises(RecipeError, match="this is no lock") as refused:
        load(recipe)
    assert "mini.lock" in str(refused.value)
    assert said in str(refused.value)


def test_a_model_in_a_folder(tmp_path: Path, recipe: Path) -> None:
    data = tmp_path / "data"
    (data / "general").mkdir(parents=True)
    for path in (Path(DEMO).parent / "demo" / "general").glob("*.jsonl"):
        (data / "general" / path.name).write_bytes(path.read_bytes())
    model = make_model(data / "models" / "ours", seed=0)
    text = RECIPE.format(data=data).replace("hub: lab/base", "folder: models/ours, licence: MIT")
    recipe.write_text(text, encoding="utf-8")
    workdir = ("--workdir", tmp_path / "work")
    ran = imprimatur("run", recipe, *workdir, "--until", "training")
    assert ran.returncode == 0, ran.stderr
    manifest = json.loads(
        next((tmp_path / "work/training").glob("adapted-*/manifest.json")).read_bytes()
    )
    assert manifest["licence"] == ["MIT"]
    (model / "generation_config.json").write_text('{"_from_model_config": true, "top_k": 1}')
    planned = imprimatur("plan", recipe, *workdir, "--json")
    states = {one["name"]: one for one in json.loads(planned.stdout)["steps"]}
    assert states["base"]["why"] == "changed inputs: base (folder)"
    (model / "config.json").unlink()
    broken = imprimatur("plan", recipe, *workdir)
    assert broken.returncode == 2
    assert "models.base is not a model: it has no config.json" in broken.stderr
