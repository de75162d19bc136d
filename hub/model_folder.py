"""A model as a folder: which of its files are published, and the proof that they are a model.

Distributed training has saved empty tensors and called it success; a merge can be gibberish of the
right size. So whatever a stage leaves behind is read back from disk before it becomes an artefact.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from hub.failure import Failed

WEIGHTS = re.compile(r"model(-\d{5}-of-\d{5})?\.safetensors|model\.safetensors\.index\.json")
TOKENIZER = re.compile(
    r"tokenizer\.json|tokenizer\.model|tokenizer_config\.json|special_tokens_map\.json"
    r"|added_tokens\.json|vocab\.json|merges\.txt|chat_template\.jinja"
)
CONFIGURATION = re.compile(r"config\.json|generation_config\.json")


class BrokenModel(Failed):
    """What was saved is not a model; the message names the tensor."""


class Proof(NamedTuple):
    num_tensors: int
    num_parameters: int


def model_files(folder: Path) -> tuple[str, ...]:
    """Names of the weights, tokenizer and configuration in `folder`.

    A list of what may go, so that what a library starts to write beside it stays at home.
    """
    return tuple(sorted(path.name for path in folder.iterdir() if is_model_file(path.name)))


def is_model_file(name: str) -> bool:
    """Whether a file of a model's top folder is of its weights, tokenizer or configuration."""
    return any(p.fullmatch(name) for p in (WEIGHTS, TOKENIZER, CONFIGURATION))


def prove(folder: Path) -> Proof:
    """Raises BrokenModel unless every tensor is there and finite and the model speaks."""
    proof = scan(folder)
    speak(folder)
    return proof


def scan(folder: Path) -> Proof:
    """Read every tensor once, one at a time."""
    import torch
    from safetensors import safe_open

    num_tensors = num_parameters = 0
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="pt") as weights:
            for name in weights.keys():  # noqa: SIM118 (not a mapping: it has no iterator)
                tensor = weights.get_tensor(name)
                if tensor.numel() == 0:
                    raise BrokenModel(f"{name} in {path.name} was saved empty")
                if not bool(torch.isfinite(tensor).all()):
                    raise BrokenModel(f"{name} in {path.name} has values that are not numbers")
                num_tensors += 1
                num_parameters += tensor.numel()
    if not num_tensors:
        raise BrokenModel(f"no weights were saved in {folder.name}")
    return Proof(num_tensors, num_parameters)


def speak(folder: Path, num_tokens: int = 8) -> str:
    """Load the folder as any user would and let the model say a few words after the end of text."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model: Any = AutoModelForCausalLM.from_pretrained(folder)
    start = tokenizer.bos_token_id if tokenizer.eos_token_id is None else tokenizer.eos_token_id
    prompt = torch.tensor([[start or 0]])
    with torch.inference_mode():
        said = model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            do_sample=False,
            min_new_tokens=num_tokens,
            max_new_tokens=num_tokens,
        )
    return str(tokenizer.decode(said[0, 1:]))


@contextmanager
def quiet() -> Iterator[None]:
    """Only our own plain lines inside: no progress bars, no asides about tied weights."""
    import datasets
    from transformers.utils import logging

    transformers: Any = logging  # its functions have no types
    shown = transformers.is_progress_bar_enabled(), datasets.is_progress_bar_enabled()
    verbosity = transformers.get_verbosity()
    transformers.set_verbosity_error()
    transformers.disable_progress_bar()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        transformers.set_verbosity(verbosity)
        if shown[0]:
            transformers.enable_progress_bar()
        if shown[1]:
            datasets.enable_progress_bars()
