"""Is a merge a model, and what did it become? Asked of the folder that will be published.

    proof = postflight(merged, {"base": folder, "adapted": folder}, {"medical": [...]}, print)

It is loaded as any user would, says a few words, and reads validation texts beside its parents:
perplexity a token by group, on the first tokens of a few texts, enough to tell a model from
gibberish (the scores of a release come from its evaluation). A merge that is worse than every
parent in every group is flagged; the card says so. The distance to each parent by layer is
‖merge - parent‖ / ‖parent‖ over all of the layer's weights, read one tensor at a time.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hub.manifest import Number
from hub.model_folder import quiet_models, speak
from merging.headers import files_of

MAX_TEXTS, MAX_TOKENS = 8, 256
"""of each group"""
LAYER = re.compile(r"\.(\d+)\.")


class Proof(NamedTuple):
    sample: str
    """what it says after the end of text, greedily"""
    perplexity: dict[str, dict[str, float]]
    """model to group to perplexity a token; the merge is called "merge" """
    distance: dict[str, dict[str, float]]
    """parent to layer ("embeddings", "0", ...) to relative distance"""

    @property
    def worse_everywhere(self) -> bool:
        """Worse than every parent in every group; False where no text was read."""
        merge = self.perplexity.get("merge", {})
        parents = [groups for name, groups in self.perplexity.items() if name != "merge"]
        return bool(merge) and all(
            value > max(parent[group] for parent in parents) for group, value in merge.items()
        )

    def numbers(self) -> dict[str, Number]:
        """What the card prints; 1 or 0 for the flag, so that it is a figure like the others."""
        found = {
            f"perplexity.{group}.{name}": Number(value=value, unit="a token")
            for name, groups in self.perplexity.items()
            for group, value in groups.items()
        }
        for parent, layers in self.distance.items():
            for layer, value in layers.items():
                name = f"distance.{parent}.{layer if not layer.isdigit() else f'layer_{layer}'}"
                found[name] = Number(value=value, unit="of its norm")
        if self.perplexity:
            flag = int(self.worse_everywhere)
            found["worse_than_both_parents_everywhere"] = Number(value=flag, unit="1 is yes")
        return found


def postflight(
    merged: Path,
    parents: Mapping[str, Path],
    texts: Mapping[str, Sequence[str]],
    progress: Callable[[str], None],
) -> Proof:
    """Prove the model in `merged`; raises what loading it raises where it is none."""
    with quiet_models():
        sample = speak(merged, 16)
        progress(f"it says: {' '.join(sample.split())!r}")
        folders = {"merge": merged, **parents} if texts else {}
        perplexity = {name: perplexities(folder, texts) for name, folder in folders.items()}
    proof = Proof(sample, perplexity, {name: distances(merged, parents[name]) for name in parents})
    for group in perplexity.get("merge", {}):
        figures = ", ".join(f"{name} {found[group]:.4g}" for name, found in perplexity.items())
        progress(f"perplexity, {group}: {figures}")
    if proof.worse_everywhere:
        progress("worse than its parents everywhere: the card says so")
    return proof


def perplexities(folder: Path, texts: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Perplexity a token by group, over at most MAX_TEXTS texts of MAX_TOKENS tokens each; a group
    without a text of two tokens has none."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model: Any = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
    found = {}
    for group, group_texts in texts.items():
        nats = num_tokens = 0.0
        for text in group_texts[:MAX_TEXTS]:
            tokens = tokenizer(text, return_tensors="pt", truncation=True, max_length=MAX_TOKENS)
            ids = tokens["input_ids"]
            if ids.shape[1] < 2:
                continue
            with torch.inference_mode():
                heard = model(ids).logits[0, :-1].to(torch.float32)
            nats += float(torch.nn.functional.cross_entropy(heard, ids[0, 1:], reduction="sum"))
            num_tokens += ids.shape[1] - 1
        if num_tokens:
            # beyond the largest float it is gibberish all the same
            found[group] = math.exp(min(nats / num_tokens, 700))
    return found


def distances(merged: Path, parent: Path) -> dict[str, float]:
    """Relative distance by layer; what belongs to no layer is called by what it is."""
    import torch
    from safetensors import safe_open

    apart: dict[str, float] = {}
    norm: dict[str, float] = {}
    where = files_of(parent)
    for path in sorted(merged.glob("*.safetensors")):
        with safe_open(path, framework="pt") as weights:
            for name in weights.keys():  # noqa: SIM118 (not a mapping: it has no iterator)
                if name not in where:
                    continue
                ours = weights.get_tensor(name).to(torch.float32)
                with safe_open(where[name], framework="pt") as theirs:
                    other = theirs.get_tensor(name).to(torch.float32)
                if ours.shape != other.shape:
                    continue
                layer = _layer(name)
                norm[layer] = norm.get(layer, 0.0) + float(other.norm()) ** 2
                apart[layer] = apart.get(layer, 0.0) + float(ours.sub_(other).norm()) ** 2
    ordered = sorted(
        apart, key=lambda layer: (layer.isdigit(), int(layer) if layer.isdigit() else 0, layer)
    )
    return {
        layer: math.sqrt(apart[layer] / norm[layer]) if norm[layer] else 0.0 for layer in ordered
    }


def _layer(name: str) -> str:
    found = LAYER.search(name)
    if found:
        return found[1]
    return "embeddings" if "embed" in name else "head" if "lm_head" in name else "rest"
