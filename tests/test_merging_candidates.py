"""Candidates in memory: the formula, mergekit's own bytes, and a model that takes their weights."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from merging_models import LAYERS, make_parents
from numpy.typing import NDArray

from merging.candidates import Network, grid, tensors
from merging.match import OtherWeights, distance, match
from merging.merge import merge
from merging.settings import MergeError, MergingSettings

pytestmark = [
    # mergekit and transformers warn about their own next versions
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


@pytest.fixture(scope="module")
def parents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_parents(tmp_path_factory.mktemp("parents"))


def configured(method: str, dtype: str = "float32", **parameters: Any) -> dict[str, Any]:
    linear = {} if method in ("linear", "nuslerp") else {"base_model": "base"}
    return {
        "merge_method": method,
        **linear,
        "models": [{"model": "base"}, {"model": "adapted"}],
        "parameters": parameters,
        "dtype": dtype,
    }


def formula(a: NDArray[Any], b: NDArray[Any], t: float) -> NDArray[Any]:
    """Shoemake 1985, in float64."""
    cosine = float((a * b).sum() / (np.linalg.norm(a) * np.linalg.norm(b)))
    if abs(cosine) > 0.9995:
        return (1 - t) * a + t * b
    angle = np.arccos(cosine)
    return np.asarray((np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle))


WEIGHT = st.floats(0, 1, width=32)
SCHEDULE = st.one_of(WEIGHT, st.lists(WEIGHT, min_size=1, max_size=7))


def at(value: float | list[float], layer: int | None) -> float:
    """mergekit's gradient: layer i of n stands at i/(n-1); what is in no layer at the start."""
    if not isinstance(value, list):
        return value
    place = 0.0 if layer is None else layer / (LAYERS - 1)
    return float(np.interp(place, np.linspace(0, 1, len(value)), value)) if value[1:] else value[0]


@settings(max_examples=12)
@given(attention=SCHEDULE, mlp=SCHEDULE, rest=SCHEDULE)
def test_slerp_in_memory_is_the_formula_for_every_schedule(
    parents: dict[str, Path], attention: Any, mlp: Any, rest: Any
) -> None:
    from safetensors.numpy import load_file

    base, other = (load_file(parents[name] / "model.safetensors") for name in ("base", "adapted"))
    t = [
        {"filter": "self_attn", "value": attention},
        {"filter": "mlp", "value": mlp},
        {"value": rest},
    ]
    seen = set()
    for name, tensor, _ in tensors(configured("slerp", t=t), parents, {}):
        part = attention if "self_attn" in name else mlp if "mlp" in name else rest
        layer = int(name.split(".")[2]) if ".layers." in name else None
        wanted = formula(
            base[name].astype(np.float64), other[name].astype(np.float64), at(part, layer)
        )
        assert np.abs(tensor.numpy() - wanted).max() < 1e-6, name
        seen.add(name)
    assert seen == set(base)


METHODS: list[tuple[str, dict[str, Any]]] = [
    ("slerp", {"t": [{"filter": "mlp", "value": [0.1, 0.9]}, {"value": 0.4}]}),
    ("linear", {"weight": 0.5}),
    ("ties", {"density": 0.5, "weight": 0.5}),
    ("dare_ties", {"density": 0.5, "weight": 0.5}),
    ("dare_linear", {"density": 0.5, "weight": 0.5}),
    ("della", {"density": 0.5, "weight": 0.5, "epsilon": 0.1}),
    ("task_arithmetic", {"weight": 0.7}),
    ("nuslerp", {"weight": 0.5}),
]


@pytest.mark.parametrize(("method", "parameters"), METHODS, ids=[name for name, _ in METHODS])
def test_a_candidate_is_what_mergekit_writes(
    parents: dict[str, Path], tmp_path: Path, method: str, parameters: dict[str, Any]
) -> None:
    """Also where weights are dropped at random: same seed, same order of draws."""
    configuration = configured(method, "bfloat16", **parameters)
    merge(MergingSettings(mergekit=configuration), parents, tmp_path / "out", lambda line: None)
    assert match(configuration, parents, tmp_path / "out").ulps <= 1


def test_another_merge_is_noticed(parents: dict[str, Path], tmp_path: Path) -> None:
    settings = MergingSettings(mergekit=configured("slerp", "bfloat16", t=0.5))
    merge(settings, parents, tmp_path / "out", lambda line: None)
    with pytest.raises(OtherWeights, match="bf16 ulps away from the candidate"):
        match(configured("slerp", "bfloat16", t=0.52), parents, tmp_path / "out")


def test_a_bf16_ulp_is_the_spacing_of_bf16() -> None:
    import torch

    value = torch.tensor([1.0, -3.0, 0.1], dtype=torch.bfloat16)
    following = (value.view(torch.int16) + 1).view(torch.bfloat16)
    assert distance(value, value) == (0, 0)
    assert distance(value, following) == (1, 0)
    assert distance(torch.zeros(3), torch.zeros(3)) == (0, 0)
    assert distance(value, torch.tensor([1.0, float("nan"), 0.1])).ulps == float("inf")


def test_only_rounding_of_the_terms_themselves_is_allowed_for() -> None:
    """A large weight elsewhere in the tensor excuses nothing."""
    import torch

    ours, theirs = torch.tensor([1.0, 1e-8]), torch.tensor([1.0, -1e-8])
    assert distance(ours, theirs, (torch.tensor([1.0, 0.5]), torch.tensor([1.0, -0.5]))) == (0, 1)
    small = (torch.tensor([1.0, 1e-8]), torch.tensor([1.0, 1e-8]))
    assert distance(ours, theirs, small).ulps > 100
    assert distance(ours, theirs).ulps > 100  # mergekit's own code has nothing to round


def test_the_network_becomes_one_candidate_after_the_other(
    parents: dict[str, Path], tmp_path: Path
) -> None:
    """Read back from disk, a merge says the same as the candidate in memory."""
    import torch
    from transformers import AutoModelForCausalLM

    given = MergingSettings.model_validate(
        {"mergekit": configured("slerp", t=0.5), "sweep": {"t": [0.25, 0.75]}}
    )
    found = grid(given)
    assert [candidate.label for candidate in found] == ["as configured", "t=0.25", "t=0.75"]
    network = Network(parents, "base")
    tokens = torch.tensor([[1, 5, 3, 2]])
    for number, candidate in enumerate(found):
        network.become(candidate.mergekit)
        with torch.inference_mode():
            heard = network.network(tokens).logits
        out = tmp_path / str(number)
        merge(MergingSettings(mergekit=candidate.mergekit), parents, out, lambda line: None)
        written = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32)
        with torch.inference_mode():
            assert torch.allclose(heard, written(tokens).logits, atol=1e-5)


def test_a_candidate_with_other_layers_is_refused(parents: dict[str, Path]) -> None:
    configuration = {
        "merge_method": "passthrough",
        "slices": [{"sources": [{"model": "base", "layer_range": [0, 2]}]}],
        "dtype": "float32",
    }
    with pytest.raises(MergeError, match=r"candidates lack model\.layers\.2"):
        Network(parents, "base").become(configuration)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"merge_method": None}, "merge_method"), ({"merge_metod": "slerp"}, "unknown field")],
)
def test_a_candidate_that_mergekit_would_refuse_is_one_sentence(
    parents: dict[str, Path], changes: dict[str, Any], sentence: str
) -> None:
    merged = configured("slerp", t=0.5) | changes
    asked = {key: value for key, value in merged.items() if value is not None}
    with pytest.raises(MergeError, match=sentence):
        next(tensors(asked, parents, {}))


def test_a_sweep_names_every_combination() -> None:
    base = configured("ties", density=0.2, weight=0.5)
    base["models"][1]["parameters"] = {"weight": 0.9, "density": 0.1}
    found = grid(
        MergingSettings.model_validate(
            {"mergekit": base, "sweep": {"density": [0.3, 0.5], "weight": [0.5, 1.0]}}
        )
    )
    assert [one.label for one in found[1:]] == [
        "density=0.3 weight=0.5", "density=0.3 weight=1",
        "density=0.5 weight=0.5", "density=0.5 weight=1",
    ]  # fmt: skip
    assert found[1].mergekit["parameters"] == {"density": 0.3, "weight": 0.5}
    assert found[1].mergekit["models"][1] == {"model": "adapted", "parameters": {}}
    parts = MergingSettings.model_validate({
        "mergekit": configured("slerp", t=0.5),
        "sweep": {"components": {"self_attn": [0.2], "mlp": [[0, 1], 0.6]}, "rest": 0.4},
    })  # fmt: skip
    assert [one.label for one in grid(parts)[1:]] == [
        "self_attn=0.2 mlp=[0, 1]", "self_attn=0.2 mlp=0.6",
    ]  # fmt: skip
    assert grid(parts)[2].mergekit["parameters"]["t"] == [
        {"filter": "self_attn", "value": 0.2}, {"filter": "mlp", "value": 0.6}, {"value": 0.4},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sweep", "sentence"),
    [
        ({}, "a sweep needs values"),
        ({"t": [0.5], "density": [0.5]}, "not both"),
        ({"t": [1.5]}, "1.5 is outside"),
        ({"t": [[]]}, "a schedule needs values"),
        ({"t": [0.5], "choose": "balance"}, "needs `domain` and `general`"),
        ({"density": [0]}, "greater than 0"),
    ],
)
def test_a_wrong_sweep_is_one_sentence(sweep: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        MergingSettings.model_validate({"mergekit": {}, "sweep": sweep})


def test_the_papers_merges_are_ready_made(parents: dict[str, Path], tmp_path: Path) -> None:
    for name in ("biomistral-slerp", "biomistral-ties", "biomistral-dare", "definemed-slerp"):
        given = MergingSettings.model_validate({"ready": name, "of": ["base", "adapted"]})
        outcome = merge(given, parents, tmp_path / name, lambda line: None)
        assert outcome.numbers["tensors"].value > 0
    with pytest.raises(ValueError, match="no merge is called biomistral"):
        MergingSettings.model_validate({"ready": "biomistral", "of": ["base", "adapted"]})
    with pytest.raises(ValueError, match="names of two models"):
        MergingSettings.model_validate({"ready": "biomistral-ties", "of": ["base"]})
