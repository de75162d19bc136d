"""Is what mergekit wrote the candidate that was evaluated? Weight by weight, to one bf16 ulp.

Methods that are mergekit's own code here too have to agree to one ulp without exception. SLERP is
computed here from angles in float64 and by mergekit in float32, so before the result is rounded
both may differ by float32's rounding of the two terms they add. Where these nearly cancel, that
alone is more than a bf16 ulp of the little that is left. A difference of up to

    2^-20 (|weight of one parent| + |weight of the other|)

is therefore rounding, whatever the result is: 8 units in float32's last place, 4,096 times finer
than a bf16 ulp of the terms. How many weights needed that allowance is counted and published.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hub.failure import Failed
from merging.candidates import CHUNK, tensors
from merging.headers import files_of

if TYPE_CHECKING:
    import torch

ROUNDING = 2.0**-20


class OtherWeights(Failed):
    """A merge on disk that is not the candidate that was chosen."""


class Distance(NamedTuple):
    ulps: float
    """largest difference in bf16 ulps, among the weights that were not allowed more"""
    cancelled: int
    """weights more than one ulp apart, by float32's rounding of terms that cancel"""


def match(mergekit: Mapping[str, Any], parents: Mapping[str, Path], merged: Path) -> Distance:
    """Raises OtherWeights where the merge in `merged` is not the candidate of `mergekit`."""
    from safetensors import safe_open

    where = files_of(merged)
    largest, cancelled = 0.0, 0
    for name, candidate, terms in tensors(mergekit, parents, {}):
        if name not in where:
            raise OtherWeights(f"{name} of the chosen candidate is not in the merge on disk")
        with safe_open(where.pop(name), framework="pt") as weights:
            found = distance(candidate, weights.get_tensor(name), terms)
        if found.ulps > 1:
            raise OtherWeights(
                f"{name} of the merge is {found.ulps:.3g} bf16 ulps away from the candidate that "
                "was evaluated: the figures of the sweep are not this merge's"
            )
        largest, cancelled = max(largest, found.ulps), cancelled + found.cancelled
    if where:
        raise OtherWeights(f"{min(where)} of the merge on disk is not in the chosen candidate")
    return Distance(largest, cancelled)


def distance(
    a: "torch.Tensor", b: "torch.Tensor", terms: "tuple[torch.Tensor, ...]" = ()
) -> Distance:
    """|a - b| in units of the last bf16 place (8 significant bits) of the larger value.

    `terms`: tensors of the same shape whose rounding in float32 is allowed for.
    """
    import torch

    if a.shape != b.shape:
        return Distance(float("inf"), 0)
    largest, cancelled = 0.0, 0
    one, two, *added = (tensor.reshape(-1) for tensor in (a, b, *terms))
    for start in range(0, one.numel(), CHUNK):
        piece = slice(start, start + CHUNK)
        x, y = one[piece].to(torch.float32), two[piece].to(torch.float32)
        larger = torch.maximum(x.abs(), y.abs()).clamp_min(torch.finfo(torch.float32).tiny)
        unit = torch.ldexp(torch.ones_like(larger), torch.frexp(larger).exponent - 8)
        apart = (x - y).abs()
        found = apart / unit
        more = ~(found <= 1)  # also what is not a number
        if added and bool(more.any()):
            size = torch.stack([term[piece][more].to(torch.float32).abs() for term in added]).sum(0)
            rounded = apart[more] <= ROUNDING * size
            cancelled += int(rounded.sum())
            found[more] = torch.where(rounded, 0, found[more])
        largest = max(largest, float(torch.nan_to_num(found, nan=math.inf).max()))
    return Distance(largest, cancelled)
