"""Finite, loadable, able to speak: what was merged is a model, or the merge fails.

A merge can be the right size and still be gibberish, so it is read back from disk as a user would.
"""

from pathlib import Path
from typing import Any, NamedTuple

from merging.settings import MergeError


class Proof(NamedTuple):
    num_tensors: int
    num_parameters: int


def prove(folder: Path) -> Proof:
    """Raises MergeError unless every tensor is finite and the model loads and generates."""
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
                if not bool(torch.isfinite(tensor).all()):
                    raise MergeError(
                        f"{name} has values that are not numbers after the merge: look for them in "
                        "the parents, or merge in dtype float32"
                    )
                num_tensors += 1
                num_parameters += tensor.numel()
    return Proof(num_tensors, num_parameters)


def speak(folder: Path, num_tokens: int = 8) -> str:
    """Load the folder as any user would and let the model say a few words."""
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
