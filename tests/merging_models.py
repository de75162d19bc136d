"""Random models of a few layers, in the forms that several merging tests need."""

from pathlib import Path
from typing import Any

LAYERS = 4


def make_model(folder: Path, seed: int, **changes: Any) -> Path:
    """A Qwen3 with random weights and a tokenizer of single characters."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(seed)
    shape: dict[str, Any] = {
        "hidden_size": 32,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "intermediate_size": 64,
        "vocab_size": 32,
        "max_position_embeddings": 64,
        "tie_word_embeddings": True,
        "eos_token_id": 0,
        "dtype": "float32",
    }
    config = Qwen3Config(**shape | changes)
    model = Qwen3ForCausalLM(config).to(config.dtype)
    for weight in model.parameters():
        weight.data.add_(torch.randn_like(weight), alpha=0.05)  # norms that are not all ones
    model.save_pretrained(folder)
    words = {"<|endoftext|>": 0} | {letter: 1 + i for i, letter in enumerate("abcdefghijklmno")}
    letters = Tokenizer(models.WordLevel(words, unk_token="a"))
    letters.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    PreTrainedTokenizerFast(tokenizer_object=letters, eos_token="<|endoftext|>").save_pretrained(
        folder
    )
    return folder


def make_parents(root: Path, **changes: Any) -> dict[str, Path]:
    return {
        name: make_model(root / name, seed, **changes)
        for seed, name in enumerate(("base", "adapted"))
    }
