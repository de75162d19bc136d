"""Smaller copies made for real on a CPU: saved, reloaded, measured beside the full model."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from merging_models import make_model

from merging.quantise import NEEDS, measure, quantise
from merging.settings import MergeError, Method, QuantisedSettings

pytestmark = pytest.mark.filterwarnings("ignore")  # of libraries about their own next versions

TEXTS = ["abcdefgh" * 8, "hgfedcba" * 8]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("full") / "model"
    return make_model(
        folder, 0, hidden_size=128, num_hidden_layers=2, head_dim=64, intermediate_size=512
    )


without_it = pytest.mark.skipif(find_spec("llmcompressor") is None, reason="not installed here")


@pytest.mark.parametrize(
    "method", ["torchao-int8", "bitsandbytes-nf4", pytest.param("gptq", marks=without_it)]
)
def test_a_copy_is_smaller_and_still_the_model(full: Path, tmp_path: Path, method: Method) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    settings = QuantisedSettings(model="full", method=method)
    lines: list[str] = []
    outcome = quantise(settings, full, TEXTS, tmp_path / "out", lines.append)
    numbers = {name: number.value for name, number in outcome.numbers.items()}
    assert numbers["copy.size"] < numbers["full.size"] / (3 if method == "torchao-int8" else 5)
    assert 0 < numbers["copy.memory"] < 1 << 30
    assert numbers["copy.perplexity"] == pytest.approx(numbers["full.perplexity"], rel=0.2)
    assert {"model.safetensors", "config.json", "tokenizer.json"} <= set(outcome.payload)
    config = json.loads((tmp_path / "out" / "config.json").read_bytes())
    assert config["quantization_config"]["quant_method"] in (
        "torchao", "bitsandbytes", "compressed-tensors",
    )  # fmt: skip
    for path in (tmp_path / "out").iterdir():
        assert str(tmp_path).encode() not in path.read_bytes(), path.name
    tokens = torch.tensor([[1, 2, 3, 4]])
    with torch.inference_mode():
        ours = AutoModelForCausalLM.from_pretrained(tmp_path / "out")(tokens).logits
        theirs = AutoModelForCausalLM.from_pretrained(full)(tokens).logits
    assert torch.nn.functional.cosine_similarity(ours.float(), theirs.float(), dim=-1).min() > 0.9


def test_without_a_text_to_read_no_perplexity_is_stated(full: Path) -> None:
    assert measure(full, ["a"]).perplexity is None
    assert measure(full, TEXTS).perplexity


@pytest.mark.parametrize("method", sorted(method for method, name in NEEDS.items()
                                          if find_spec(name) is None))  # fmt: skip
def test_a_method_whose_library_is_absent_is_one_sentence(
    full: Path, tmp_path: Path, method: Method
) -> None:
    settings = QuantisedSettings(model="full", method=method)
    with pytest.raises(MergeError, match=f"method {method} needs {NEEDS[method]}"):
        quantise(settings, full, TEXTS, tmp_path / "out", print)
    assert not (tmp_path / "out").exists()


@without_it
def test_awq_without_a_gpu_is_one_sentence(full: Path, tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("a GPU is here")
    settings = QuantisedSettings(model="full", method="awq")
    with pytest.raises(MergeError, match="method awq needs a GPU"):
        quantise(settings, full, TEXTS, tmp_path / "out", print)
