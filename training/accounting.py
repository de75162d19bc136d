"""What a run used: tokens a second, model FLOP utilisation, memory, energy.

    with measured("FRA") as used:
        trainer.train()
    numbers(used, trainer)

FLOPs are 6 for each weight and token (Kaplan et al. 2020), with no credit for recomputed
activations or attention; utilisation is against the dense bfloat16 peak of the GPU's data
sheet, and not stated where there is none. Energy is codecarbon's, offline:
measured where the machine lets it read its counters, else
estimated from the processor's rated power.
"""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.manifest import Number
from training.hardware import peak_flops

if TYPE_CHECKING:
    from training.trainer import ExactTrainer


@dataclass
class Used:
    """Filled in when the measurement ends."""

    seconds: float = 0.0
    energy_kwh: float | None = None
    co2_kg: float | None = None


@contextmanager
def measured(country: str | None) -> Iterator[Used]:
    """Wall time always; energy and CO2 where the country of the power is given."""
    used = Used()
    tracker = None
    if country:
        from codecarbon import OfflineEmissionsTracker

        tracker = OfflineEmissionsTracker(
            country_iso_code=country,
            save_to_file=False,
            log_level="error",
            allow_multiple_runs=True,
        )
        tracker.start()
    began = time.monotonic()
    try:
        yield used
    finally:
        used.seconds = time.monotonic() - began
        if tracker:
            used.co2_kg = tracker.stop()
            used.energy_kwh = tracker.final_emissions_data.energy_consumed


def numbers(used: Used, trainer: "ExactTrainer") -> dict[str, Number]:
    """What the manifest states; of the steps since the last start or resume."""
    processes = trainer.accelerator.num_processes
    tokens_per_second = trainer.num_tokens_since_start / used.seconds
    found = {
        "tokens_per_second": Number(value=round(tokens_per_second), unit="tokens/s"),
        "peak_memory": Number(value=round(peak_memory_gib(), 2), unit="GiB a process"),
    }
    peak = peak_flops()
    if peak:
        utilisation = 6 * trainer.num_weights * tokens_per_second / (peak * processes)
        found["model_flop_utilisation"] = Number(value=round(100 * utilisation, 1), unit="%")
    if used.energy_kwh is not None and used.co2_kg is not None:
        found["energy"] = Number(value=round(used.energy_kwh, 6), unit="kWh")
        found["co2"] = Number(value=round(used.co2_kg, 6), unit="kg CO2e")
    return found


def peak_memory_gib() -> float:
    """Of this process: the GPU's where there is one, else the resident set."""
    import torch

    if torch.cuda.is_available():
        return float(torch.cuda.max_memory_allocated() / 2**30)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
