"""What a release file may say about training, and how a slip is answered."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from training.encoding import encoder
from training.estimate import Estimate, Shape, estimate
from training.settings import TinyModel, TrainingError, TrainingSettings


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"packing_strategy": "bfd"}, "`packing` names how documents become sequences"),
        ({"packing": False}, "`packing` names how documents become sequences"),
        ({"fsdp": True}, "`system` says how it is distributed"),
        ({"save_total_limit": 1}, "use 2 or more"),
        ({"output_dir": "elsewhere"}, "sft_config.output_dir is set by the kit"),
        ({"push_to_hub": True}, "sft_config.push_to_hub is set by the kit"),
    ],
)
def test_what_would_lose_something_is_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        TrainingSettings(base="base", corpus="medical", sft_config=fields)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"system": "zero3"}, "with one process would not shard anything"),
        ({"processes": 2}, "system cpu is one process"),
        ({"system": "hsdp", "processes": 8}, "on one node use fsdp2"),
        ({"system": "fsdp2", "processes": 8, "nodes": 3}, "must be a multiple of nodes"),
        ({"lora": {"quantise": "4-bit"}}, "needs system single-gpu"),
        ({"checkpoints": [3, 2]}, "in order, each once"),
        ({"replay": {"corpus": "general", "share": 1}}, "less than 1"),
    ],
)
def test_what_would_not_run_as_meant_is_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        TrainingSettings(base="base", corpus="medical", **fields)


def test_what_cannot_fit_is_said_before_it_is_paid() -> None:
    shape = Shape(8_190_000_000, 4096, 36, 151_936)
    fields = {"max_steps": 1440, "gradient_accumulation_steps": 24}

    def plan(gpus: int, system: str, **more: object) -> Estimate:
        settings = TrainingSettings.model_validate(
            {
                "base": "b", "corpus": "c", "sft_config": fields | more, "system": system,
                "processes": gpus, "hardware": {"gpu": "h100", "eur_per_hour": 2},
            }
        )  # fmt: skip
        return estimate(shape, settings, None, 2048)

    alone, many = plan(1, "single-gpu"), plan(48, "fsdp2")
    assert alone.refusal is not None
    assert "take more GPUs with zero3 or fsdp2" in alone.refusal
    assert many.refusal is None
    tokens = 48 * 24 * 2048 * 1440
    assert many.hours == pytest.approx(6 * 8.19e9 * tokens / (0.4 * 989e12 * 48) / 3600)
    assert many.kwh == pytest.approx(many.hours * 48 * 0.7)
    assert many.eur == pytest.approx(many.hours * 48 * 2)
    assert plan(96, "fsdp2").gib_per_gpu < many.gib_per_gpu
    newer, older = (
        plan(48, "fsdp2", **{name: False}).gib_per_gpu
        for name in ("activation_checkpointing", "gradient_checkpointing")
    )
    assert newer == older > many.gib_per_gpu
    with pytest.raises(TrainingError, match="max_steps is 'many': give a number"):
        plan(48, "fsdp2", max_steps="many")


def test_a_shape_counts_the_weights_that_the_model_has() -> None:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    config = Qwen3Config(
        hidden_size=64, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1,
        head_dim=32, intermediate_size=128, vocab_size=384, tie_word_embeddings=True,
    )  # fmt: skip
    real = sum(weight.numel() for weight in Qwen3ForCausalLM(config).parameters())
    assert Shape.of(config.to_dict()).num_weights == pytest.approx(real, rel=0.01)


def test_heads_must_divide() -> None:
    with pytest.raises(ValidationError, match="must be a multiple of num_key_value_heads"):
        TinyModel(corpus="general", licence="CC0-1.0", num_key_value_heads=4)


def test_the_settings_load_no_heavy_library() -> None:
    program = (
        "import sys, training.settings, training.pretrain, training.tiny, training.launch;"
        "print({'torch', 'transformers', 'trl', 'datasets', 'pyarrow'} & set(sys.modules))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "set()"


class Speller:
    """A tokenizer of letters, which ends its texts itself or does not."""

    eos_token_id = 0

    def __init__(self, ends: bool) -> None:
        self.ends = ends

    backend_tokenizer = None

    def __call__(self, texts: list[str], **options: Any) -> dict[str, list[list[int]]]:
        assert options["split_special_tokens"]
        end = [self.eos_token_id] if self.ends else []
        return {"input_ids": [[ord(letter) for letter in text] + end for text in texts]}


@pytest.mark.parametrize("ends", [True, False])
def test_each_document_ends_once(ends: bool) -> None:
    tokenizer: Any = Speller(ends)
    assert [ids.tolist() for ids in encoder(tokenizer)(["ab", ""])] == [[97, 98, 0], [0]]
