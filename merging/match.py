"""Is what mergekit wrote the candidate that was evaluated? Tensor by tensor, to one bf16 ulp."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.failure import Failed
from merging.candidates import CHUNK, tensors

if TYPE_CHECKING:
    import torch


class OtherWeights(Failed):
    """A merge on disk that is not the candidate that was chosen."""


def match(mergekit: Mapping[str, Any], parents: Mapping[str, Path], merged: Path) -> float:
    """The largest distance in bf16 ulps; raises OtherWeights where it is more than one."""
    from safetensors import safe_open

    where = _files(merged)
    largest = 0.0
    for name, candidate in tensors(mergekit, parents, {}):
        if name not in where:
            raise OtherWeights(f"{name} of the chosen candidate is not in the merge on disk")
        with safe_open(where[name], framework="pt") as weights:
            distance = ulps(candidate, weights.get_tensor(name))
        if distance > 1:
            raise OtherWeights(
                f"{name} of the merge is {distance:.3g} bf16 ulps away from the candidate that was "
                "evaluated: the figures of the sweep are not this merge's"
            )
        largest = max(largest, distance)
    return largest


def ulps(a: "torch.Tensor", b: "torch.Tensor") -> float:
    """Largest |a - b| in units of the last bf16 place (8 significant bits) of the larger value.

    Where two terms cancel, the little that is left is float32's rounding of the terms: what is
    below 2^-20 of the tensor's largest weight counts as nothing.
    """
    import torch

    if a.shape != b.shape:
        return float("inf")
    largest = 0.0
    one, two = a.reshape(-1), b.reshape(-1)
    nothing = float(one.abs().max()) * 2**-20 if one.numel() else 0.0
    for start in range(0, one.numel(), CHUNK):
        x = one[start : start + CHUNK].to(torch.float32)
        y = two[start : start + CHUNK].to(torch.float32)
        larger = torch.maximum(x.abs(), y.abs()).clamp_min(torch.finfo(torch.float32).tiny)
        unit = torch.ldexp(torch.ones_like(larger), torch.frexp(larger).exponent - 8)
        apart = (x - y).abs()
        largest = max(largest, float(torch.where(apart > nothing, apart / unit, 0).max()))
    return largest


def _files(folder: Path) -> dict[str, Path]:
    from safetensors import safe_open

    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="pt") as weights:
            found |= dict.fromkeys(weights.keys(), path)
    return found
