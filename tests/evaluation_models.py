"""A language model of two layers and its tokenizer, made in a second, for tests of evaluation."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from hub.manifest import (
    Artefact,
    Kind,
    MadeBy,
    Manifest,
    Outcome,
    artefact_digest,
    describe_files,
    write_manifest,
)


def toy_model(folder: Path, texts: list[str], context: int = 512, pad: bool = True) -> Path:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<|endoftext|>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    tokenizer.train_from_iterator(texts, trainer)
    special = {"eos_token": "<|endoftext|>"} | ({"pad_token": "<|endoftext|>"} if pad else {})
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)  # type: ignore[no-untyped-call]
    torch.manual_seed(0)
    network = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(fast), hidden_size=32, intermediate_size=64, head_dim=16,
            num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2,
            max_position_embeddings=context, initializer_range=0.2,
            bos_token_id=None, eos_token_id=fast.eos_token_id,
        )
    )  # fmt: skip
    network.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def whole(
    folder: Path, kind: Kind, name: str, outcome: Outcome, licence: tuple[str, ...] = ()
) -> Artefact:
    """The folder as an artefact; `licence` where the outcome says none."""
    files = describe_files(folder, outcome.payload)
    made_by = MadeBy(
        code="0", packages={}, command="test", machine="test", accelerator="none",
        wall_seconds=0, cpu_seconds=0,
    )  # fmt: skip
    manifest = Manifest(
        kind=kind, name=name, key="0", digest=artefact_digest(kind, files), files=files, inputs=(),
        recipe={}, numbers=dict(outcome.numbers), licence=outcome.licence or licence,
        made_by=made_by,
    )  # fmt: skip
    return write_manifest(folder, manifest)
