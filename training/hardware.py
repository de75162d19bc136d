"""Named hardware: dense bfloat16 peak, memory, rated power, and what a GPU-hour is taken to cost.

Peaks, memory and power are the makers' data sheets. Prices are round on-demand figures to plan
with; `plan` prints the one it used, and a release file may state its own.
"""

from typing import NamedTuple


class Hardware(NamedTuple):
    peak_flops: float
    """dense bfloat16, FLOP/s"""
    memory_gib: float
    watts: float
    eur_per_hour: float


HARDWARE = {
    "a100-80gb": Hardware(312e12, 80, 400, 2.0),
    "h100": Hardware(989e12, 80, 700, 3.0),
    "h200": Hardware(989e12, 141 * 1e9 / 2**30, 700, 3.5),
    "l40s": Hardware(362e12, 48, 350, 1.5),
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
