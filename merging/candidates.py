"""The candidates of a sweep, and their weights in memory: nothing is written to evaluate one.

    grid(settings)                          every candidate: label and mergekit configuration
    network = Network(parents, donor)       one model in memory, loaded once
    network.become(candidate.mergekit)      its weights are now the candidate's

mergekit plans each candidate (slices, filters, gradients, parameters by tensor), so that a
configuration means here what it means there. SLERP is computed here: the angle between two tensors
does not depend on t, so it is taken once, in float64, and a candidate costs one pass over the
weights. Every other method is mergekit's own code, run on tensors in memory with the same seed.
`merging.match` holds what mergekit then writes against these weights.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from merging.settings import MergeError, MergingSettings, SweepSettings, Value, rename

if TYPE_CHECKING:
    import torch

CHUNK = 1 << 22
"""elements worked on at a time: bounds the float64 and float32 copies to some 100 MB"""
NEARLY_PARALLEL = 0.9995
"""above this cosine mergekit interpolates linearly"""
OWN = "as configured"

Angles = dict[str, float | None]
"""radians between the parents by tensor; None where they are nearly parallel"""


class Candidate(NamedTuple):
    label: str
    """what sets it apart, for example "t=0.25" """
    mergekit: dict[str, Any]


class Weights(NamedTuple):
    """One tensor of a candidate."""

    name: str
    value: "torch.Tensor"
    terms: "tuple[torch.Tensor, ...]"
    """what was added up in float32 here and by mergekit, each in its own way; empty where the
    arithmetic is mergekit's own"""


def grid(settings: MergingSettings) -> list[Candidate]:
    """The merge as configured, then every other one that the sweep names."""
    found = [Candidate(OWN, settings.mergekit)]
    if settings.sweep is not None:
        for changes in _changes(settings.sweep):
            label = " ".join(f"{name}={_words(value)}" for name, value in changes.items())
            parameters = changes
            if settings.sweep.components and "t" not in changes:
                filters = [{"filter": part, "value": value} for part, value in changes.items()]
                parameters = {"t": [*filters, {"value": settings.sweep.rest}]}
            found.append(Candidate(label, _changed(settings.mergekit, parameters)))
    return found


def _changes(sweep: SweepSettings) -> Iterator[dict[str, Value]]:
    for t in sweep.t:
        yield {"t": t}
    for axes in (sweep.components, {"density": sweep.density, "weight": sweep.weight}):
        named = {name: values for name, values in axes.items() if values}
        if named:
            for values in product(*named.values()):
                yield dict(zip(named, values, strict=True))


def _words(value: Value) -> str:
    if not isinstance(value, list):
        return f"{value:g}"
    inside = [
        f"{item.get('filter', 'rest')}:{_words(item['value'])}" if isinstance(item, dict)
        else _words(item)
        for item in value
    ]  # fmt: skip
    return f"[{', '.join(inside)}]"


def _changed(mergekit: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """`parameters` for the whole merge: what a slice or a model says about them would win."""

    def without(value: Any) -> Any:
        if isinstance(value, list):
            return [without(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {
            key: {k: v for k, v in item.items() if k not in parameters}
            if key == "parameters"
            else without(item)
            for key, item in value.items()
        }

    kept: dict[str, Any] = without(dict(mergekit))
    return kept | {"parameters": {**kept.get("parameters", {}), **parameters}}


def tensors(
    mergekit: Mapping[str, Any], parents: Mapping[str, Path], angles: Angles
) -> Iterator[Weights]:
    """The tensors of a merge as mergekit would write them, one at a time.

    `angles` is filled on the first call and used by later ones: give one for one set of parents.
    """
    from mergekit.common import dtype_from_name

    from merging.merge import plan

    saves = plan(rename(dict(mergekit), lambda name: {"model": {"path": str(parents[name])}}))
    work = _slerped(saves, angles) if mergekit["merge_method"] == "slerp" else _merged(saves)
    for save, value, terms in work:
        if value is not None:
            stored = value.to(dtype_from_name(save.dtype) or value.dtype)
            yield Weights(save.tensor_name, stored, terms)


def _merged(saves: Sequence[Any]) -> Iterator[tuple[Any, Any, tuple[Any, ...]]]:
    """mergekit's own results."""
    from mergekit.graph import Executor

    by_work = {save.tensor_task: save for save in saves}
    for task, value in Executor([save.tensor_task for save in saves]).run(quiet=True):
        yield by_work[task], value, ()


def _slerped(saves: Sequence[Any], angles: Angles) -> Iterator[tuple[Any, Any, tuple[Any, ...]]]:
    for save in saves:
        task = save.tensor_task
        loads = task.gather_tensors.arguments().values()
        loaded = {load.model: load.execute() for load in loads}
        loaded = {model: value for model, value in loaded.items() if value is not None}
        if len(loaded) == 2 and all(value.is_floating_point() for value in loaded.values()):
            base = loaded.pop(task.base_model)
            (other,) = loaded.values()
            if save.tensor_name not in angles:
                angles[save.tensor_name] = angle(base, other)
            value = slerp(base, other, task.parameters["t"], angles[save.tensor_name])
            yield save, value, (base, other)
        else:  # what one parent lacks, and what is no weight, is not interpolated
            yield save, task.execute(loaded), ()


def angle(a: "torch.Tensor", b: "torch.Tensor") -> float | None:
    """Radians between two tensors taken as vectors, from float64 sums; None if nearly parallel."""
    import torch

    dot = aa = bb = 0.0
    for start in range(0, a.numel(), CHUNK):
        x = a.reshape(-1)[start : start + CHUNK].to(torch.float64)
        y = b.reshape(-1)[start : start + CHUNK].to(torch.float64)
        dot, aa, bb = dot + float(x @ y), aa + float(x @ x), bb + float(y @ y)
    norms = math.sqrt(aa) * math.sqrt(bb)
    cosine = dot / norms if norms > 0 else 0.0
    return None if abs(cosine) > NEARLY_PARALLEL else math.acos(cosine)


def slerp(a: "torch.Tensor", b: "torch.Tensor", t: float, theta: float | None) -> "torch.Tensor":
    """Spherical interpolation (Shoemake 1985), computed in float32; the result has `a`'s type."""
    import torch

    if theta is None or not theta:
        near, far = 1 - t, t
    else:
        near, far = (math.sin(part * theta) / math.sin(theta) for part in (1 - t, t))
    merged = torch.empty_like(a, memory_format=torch.contiguous_format)
    flat_a, flat_b, out = a.reshape(-1), b.reshape(-1), merged.view(-1)
    for start in range(0, out.numel(), CHUNK):
        piece = slice(start, start + CHUNK)
        weighted = torch.mul(flat_a[piece].to(torch.float32), near)
        out[piece] = weighted.add_(flat_b[piece].to(torch.float32), alpha=far)
    return merged


class Network:
    """One model in memory that takes the weights of one candidate after the other."""

    def __init__(self, parents: Mapping[str, Path], donor: str) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.parents = parents
        self.angles: Angles = {}
        self.tokenizer: Any = AutoTokenizer.from_pretrained(parents[donor], local_files_only=True)
        # float32, as a model is evaluated from its folder
        self.network: Any = AutoModelForCausalLM.from_pretrained(
            parents[donor], local_files_only=True, use_safetensors=True, dtype=torch.float32
        )

    def become(self, mergekit: Mapping[str, Any]) -> None:
        """Replace every weight; raises MergeError where the candidate has other tensors."""
        import torch

        state = self.network.state_dict()
        left = set(state)
        tied = self.network.config.get_text_config().tie_word_embeddings
        with torch.inference_mode():
            for name, tensor, _ in tensors(mergekit, self.parents, self.angles):
                if name not in state or state[name].shape != tensor.shape:
                    raise MergeError(
                        f"the candidates have {name}, which the loaded model has not in that shape:"
                        " sweep merges that keep the parents' layers"
                    )
                state[name].copy_(tensor)
                left.discard(name)
        if missing := sorted(left - ({"lm_head.weight"} if tied else set())):
            raise MergeError(
                f"the candidates lack {missing[0]}: sweep merges that keep the parents' layers"
            )
