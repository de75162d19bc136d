"""Scan, reload and speak: what was saved is a model.

Distributed training has saved empty tensors and called it success; a merge can be gibberish of the
right size. So whatever a run leaves behind is read back from disk before it becomes an artefact.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from training.settings import TrainingError

WEIGHTS = r"model(-\d{5}-of-\d{5})?\.safetensors|model\.safetensors\.index\.json"
CONFIGURATION = r"config\.json|generation_config\.json"
TOKENIZER = (
    r"tokenizer\.json|tokenizer\.model|tokenizer_config\.json|special_tokens_map\.json"
    r"|added_tokens\.json|vocab\.json|merges\.txt|chat_template\.jinja"
)
"""a list of what may go, so that what a library starts to write beside it stays at home"""


class Proof(NamedTuple):
    num_tensors: int
    num_parameters: int


def model_files(folder: Path) -> tuple[str, ...]:
    """Names of the weights, tokenizer and configuration in `folder`."""
    wanted = re.compile(f"{WEIGHTS}|{CONFIGURATION}|{TOKENIZER}")
    return tuple(sorted(path.name for path in folder.iterdir() if wanted.fullmatch(path.name)))


def prove(folder: Path) -> Proof:
    """Raises TrainingError unless every tensor is finite and the model loads and generates."""
    proof = scan(folder)
    speak(folder)
    return proof


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
                    raise TrainingError(f"{name} in {path.name} was saved empty: train again")
                if not bool(torch.isfinite(tensor).all()):
                    raise TrainingError(
                        f"{name} in {path.name} has values that are not numbers: train again with "
                        "a lower learning_rate or a longer warm-up"
                    )
                num_tensors += 1
                num_parameters += tensor.numel()
    if not num_tensors:
        raise TrainingError(f"no weights were saved in {folder.name}: train again")
    return Proof(num_tensors, num_parameters)


def speak(folder: Path, num_tokens: int = 8) -> str:
    """Load the folder as any user would and let the model say a few words after the end of text."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model: Any = AutoModelForCausalLM.from_pretrained(folder)
    prompt = torch.tensor([[tokenizer.eos_token_id]])
    with torch.inference_mode():
        said = model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            do_sample=False,
            min_new_tokens=num_tokens,
            max_new_tokens=num_tokens,
        )
    return str(tokenizer.decode(said[0, 1:]))
