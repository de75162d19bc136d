"""Merging on toys: mergekit really runs, against the formula and byte by byte."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from merging_models import LAYERS, make_parents
from numpy.typing import NDArray

from merging.merge import merge
from merging.settings import MergeError, MergingSettings, parents_of

pytestmark = [
    # mergekit and transformers warn about their own next versions
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

ATTENTION = [0, 0.5, 0.3, 0.7, 1]
MLP = [1, 0.5, 0.7, 0.3, 0]
PAPERS: list[dict[str, Any]] = [
    {"filter": "self_attn", "value": ATTENTION},
    {"filter": "mlp", "value": MLP},
    {"value": 0.5},
]
"""the schedule of both papers that publish one"""


@pytest.fixture(scope="module")
def parents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_parents(tmp_path_factory.mktemp("parents"))


def slerp(t: Any = 0.5, dtype: str = "float32", **changes: Any) -> MergingSettings:
    configuration: dict[str, Any] = {
        "merge_method": "slerp",
        "base_model": "base",
        "models": [{"model": "base"}, {"model": "adapted"}],
        "parameters": {"t": t},
        "dtype": dtype,
    }
    return MergingSettings(mergekit=configuration | changes)


def run(settings: MergingSettings, parents: dict[str, Path], out: Path) -> Any:
    return merge(settings, parents, out, lambda line: None)


def tensors(folder: Path) -> dict[str, NDArray[Any]]:
    from safetensors.numpy import load_file

    loaded: dict[str, NDArray[Any]] = load_file(folder / "model.safetensors")
    return loaded


def formula(a: NDArray[Any], b: NDArray[Any], t: float) -> NDArray[Any]:
    """Spherical interpolation (Shoemake 1985) of two tensors taken as vectors, in float64."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    cosine = float((a * b).sum() / (np.linalg.norm(a) * np.linalg.norm(b)))
    if abs(cosine) > 0.9995:
        return (1 - t) * a + t * b
    angle = np.arccos(cosine)
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


def papers_t(name: str) -> float:
    """Layer i of n stands at i/(n-1) of the way along the list."""
    for part, values in (("self_attn", ATTENTION), ("mlp", MLP)):
        if part in name:
            layer = int(name.split(".")[2])
            anchors = np.linspace(0, 1, len(values))
            return float(np.interp(layer / (LAYERS - 1), anchors, values))
    return 0.5


@pytest.mark.parametrize(
    ("setting", "expected"), [(PAPERS, papers_t), (0.25, lambda name: 0.25)], ids=["papers", "0.25"]
)
def test_slerp_is_the_formula(
    parents: dict[str, Path], tmp_path: Path, setting: Any, expected: Callable[[str], float]
) -> None:
    outcome = run(slerp(setting), parents, tmp_path / "out")
    base, adapted = tensors(parents["base"]), tensors(parents["adapted"])
    merged = tensors(tmp_path / "out")
    assert merged.keys() == base.keys()
    for name, tensor in merged.items():
        wanted = formula(base[name], adapted[name], expected(name))
        assert np.abs(tensor - wanted).max() < 1e-6, name
    assert outcome.numbers["tensors"].value == len(base)
    assert outcome.numbers["parameters"].value == sum(tensor.size for tensor in base.values())


def test_what_is_written_is_the_model_and_nothing_of_this_machine(
    parents: dict[str, Path], tmp_path: Path
) -> None:
    outcome = run(slerp(PAPERS, "bfloat16"), parents, tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {*outcome.payload, "mergekit_config.yml"}
    assert "mergekit_config.yml" not in outcome.payload
    for path in (tmp_path / "out").iterdir():
        content = path.read_bytes()
        assert str(tmp_path).encode() not in content, path.name
        assert str(parents["base"].parent).encode() not in content, path.name
    written = (tmp_path / "out" / "mergekit_config.yml").read_text(encoding="utf-8")
    assert "base_model: base\n" in written
    assert "- model: adapted\n" in written
    config = json.loads((tmp_path / "out" / "config.json").read_bytes())
    assert config["dtype"] == "bfloat16"
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (tmp_path / "out" / name).read_bytes() == (parents["base"] / name).read_bytes()


LINEAR: dict[str, Any] = {
    "merge_method": "linear",
    "models": [
        {"model": "base", "parameters": {"weight": 0.3}},
        {"model": "adapted", "parameters": {"weight": 0.7}},
    ],
    "dtype": "float32",
}
DARE: dict[str, Any] = {
    "merge_method": "dare_ties",
    "base_model": "base",
    "models": [{"model": "adapted", "parameters": {"density": 0.5, "weight": 0.5}}],
    "dtype": "float32",
}
SLICES: dict[str, Any] = {
    "merge_method": "slerp",
    "base_model": "base",
    "slices": [
        {
            "sources": [
                {"model": name, "layer_range": [start, start + 2]} for name in ("base", "adapted")
            ]
        }
        for start in (0, 2)
    ],
    "parameters": {"t": 0.3},
    "dtype": "float32",
}


def test_any_folder_and_any_process_give_the_same_bytes(
    parents: dict[str, Path], tmp_path: Path
) -> None:
    """mergekit keeps models in sets of paths, whose order depends on folder and process."""
    recipes = {"slerp": slerp(PAPERS).mergekit, "linear": LINEAR, "dare": DARE, "slices": SLICES}
    outcomes = {
        name: run(MergingSettings(mergekit=recipe), parents, tmp_path / "here" / name)
        for name, recipe in recipes.items()
    }
    elsewhere = tmp_path / "a+b@c elsewhere"
    for name, folder in parents.items():
        shutil.copytree(folder, elsewhere / name)
    program = (
        "import json, sys; from pathlib import Path; from merging.merge import merge;"
        "from merging.settings import MergingSettings;"
        "root = Path(sys.argv[1]); parents = {n: root / n for n in ('base', 'adapted')};"
        "[merge(MergingSettings(mergekit=r), parents, root / 'out' / n, print)"
        " for n, r in json.loads(sys.argv[2]).items()]"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(elsewhere), json.dumps(recipes)],
        cwd=Path(__file__).parent.parent,
        env=os.environ | {"PYTHONHASHSEED": "7"},
        capture_output=True,
        check=True,
    )
    for name, outcome in outcomes.items():
        for file in (*outcome.payload, "mergekit_config.yml"):
            ours, theirs = tmp_path / "here" / name / file, elsewhere / "out" / name / file
            assert ours.read_bytes() == theirs.read_bytes(), f"{name}: {file}"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"merge_metod": "slerp"}, "unknown field merge_metod"),
        ({"merge_method": "slurp"}, "slurp"),
        ({"models": [{"model": "base"}]}, "mergekit refused the merge"),
        ({"models": None}, "Exactly one of 'models', 'slices', or 'modules'"),
        ({"models": [{"model": "base"}, {"model": "adopted"}]}, "names adopted, which is no model"),
        ({"models": [{"model": {"path": "x"}}]}, "where the name of a model artefact belongs"),
        ({"dtype": "float12"}, "float12"),
        ({"parameters": {"t": "half"}}, "valid number"),
        ({"parameters": {"tee": 0.5}}, "mergekit"),
    ],
)
def test_a_wrong_configuration_is_one_sentence(
    parents: dict[str, Path], tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(MergeError, match=sentence) as caught:
        run(slerp(**changes), parents, tmp_path / "out")
    assert "\n" not in str(caught.value)


def test_a_parent_that_is_not_finite_is_noticed(parents: dict[str, Path], tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    bad = tmp_path / "bad"
    shutil.copytree(parents["adapted"], bad)
    weights = tensors(bad)
    weights["model.norm.weight"] = np.full_like(weights["model.norm.weight"], np.nan)
    save_file(weights, bad / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(
        MergeError, match=r"adapted cannot be merged: model\.norm\.weight .* are not numbers"
    ):
        run(slerp(), parents | {"adapted": bad}, tmp_path / "out")


def test_the_parents_are_named_in_order() -> None:
    assert parents_of(slerp()) == ["base", "adapted"]
    assert parents_of(MergingSettings(mergekit=LINEAR)) == ["base", "adapted"]
    assert parents_of(MergingSettings(mergekit=SLICES)) == ["base", "adapted"]
    reverse = slerp(base_model="adapted")
    assert parents_of(reverse) == ["adapted", "base"]
    with pytest.raises(MergeError, match="where the name of a model artefact belongs"):
        parents_of(slerp(models=[{"model": ["base"]}]))
