"""Named hardware: dense bfloat16 peak, memory and rated power, from the makers' data sheets.

Data sheets print twice the dense rate, for sparse matrices, and round memory: a program finds a
little less of it, which `memory_gib` is. What an hour costs depends on the contract, not on the
GPU: the release file states it, or no cost is estimated.
"""

from typing import NamedTuple


class Hardware(NamedTuple):
    peak_flops: float
    """dense bfloat16, FLOP/s"""
    memory_gib: float
    """what a program can see of it"""
    watts: float


HARDWARE = {
    "a100-40gb": Hardware(312e12, 39.4, 400),  # SXM: 312 dense, 40 GB
    "a100-64gb": Hardware(312e12, 63.4, 400),  # made for one cluster: rated here as its sisters
    "a100-80gb": Hardware(312e12, 79.2, 400),  # SXM: 312 dense, 80 GB
    "h100": Hardware(989e12, 79.1, 700),  # SXM: 1,979 sparse, 80 GB
    "h200": Hardware(989e12, 139, 700),  # SXM: 1,979 sparse, 141 GB
    "l40s": Hardware(362e12, 44.4, 350),  # 362 dense, 48 GB, of which ECC takes a part
}
_DEVICES = {"A100": "a100-80gb", "H100": "h100", "H200": "h200", "L40S": "l40s"}
"""part of the name that CUDA gives"""


def peak_flops() -> float | None:
    """Of this machine's GPU; None without one that is known."""
    import torch

    if not torch.cuda.is_available():
        return None
    device = torch.cuda.get_device_name(0)
    return next((HARDWARE[h].peak_flops for part, h in _DEVICES.items() if part in device), None)
