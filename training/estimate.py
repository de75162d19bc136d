"""Plan before pay: what a run will need, from the base's shape and the settings alone.

    found = estimate(shape, settings, num_tokens, 2048)     memory, steps, hours, energy, cost
    found.refusal                                           the sentence, where it cannot fit

Memory of a GPU: float32 weights, gradients and AdamW's two moments (16 bytes a weight, divided
among the GPUs that share them; Rajbhandari et al. 2020), the bfloat16 copy of the layer at work,
activations (with recomputation the input of each layer, and one layer in full: Korthikanti et al.
2022), and the logits of the tile that the loss works on. Time: 6 FLOPs a weight and token at the
utilisation that the release file assumes; energy: rated power all along. Nothing here was compared
with a GPU yet; docs/training.md says so.
"""

from dataclasses import dataclass
from typing import Any

from training.arguments import DEFAULTS
from training.hardware import HARDWARE
from training.settings import RunSettings, TrainingError

ADAMW_BYTES = 16
"""weight, gradient, two moments, each in float32"""
LAYER_WIDTHS = 34
"""activations that one layer keeps in half precision, in bytes for each position and unit of width
(Korthikanti et al. 2022, table 2, without the scores that a fused attention never stores)"""
LOSS_TILE = 1 << 26
"""logits that the loss holds at once, in float32 with their gradient"""
RESERVE = 0.08
"""of the GPU: context, communication buffers, fragmentation"""


@dataclass(frozen=True)
class Shape:
    """What a base model's configuration says."""

    num_weights: int
    hidden_size: int
    num_layers: int
    vocab_size: int

    @classmethod
    def of(cls, config: dict[str, int]) -> "Shape":
        """From `config.json`: the decoders with gated MLPs that the kit trains (Qwen, Mistral)."""
        width, layers = config["hidden_size"], config["num_hidden_layers"]
        heads = config["num_attention_heads"]
        head = config.get("head_dim") or width // heads
        keys = config.get("num_key_value_heads") or heads
        attention = 2 * width * head * (heads + keys)
        mlp = 3 * width * config["intermediate_size"]
        embeddings = config["vocab_size"] * width * (1 if config.get("tie_word_embeddings") else 2)
        norms = (2 * layers + 1) * width
        return cls(
            layers * (attention + mlp) + embeddings + norms, width, layers, config["vocab_size"]
        )


@dataclass(frozen=True)
class Estimate:
    gpu: str
    gpus: int
    gib_per_gpu: float
    gib_there: float
    steps: int | None
    """None where neither `max_steps` nor the size of the corpus says; so are all below"""
    hours: float | None
    kwh: float | None
    eur: float | None
    """None also where the release file states no price"""
    utilisation: float

    @property
    def refusal(self) -> str | None:
        if self.gib_per_gpu <= self.gib_there * (1 - RESERVE):
            return None
        return (
            f"{self.gib_per_gpu:.0f} GiB are needed on each {self.gpu} and "
            f"{self.gib_there * (1 - RESERVE):.0f} can be used: take more GPUs with zero3 or "
            "fsdp2, a smaller per_device_train_batch_size, or activation_checkpointing"
        )

    def __str__(self) -> str:
        found = f"{self.gpus} {self.gpu}: {self.gib_per_gpu:.1f} of {self.gib_there:.0f} GiB a GPU"
        if self.steps is None or self.hours is None or self.kwh is None:
            return found + ", steps not known before the corpus is made"
        found += f", {self.steps:,} steps, {self.hours:,.1f} h, {self.kwh:,.0f} kWh"
        if self.eur is not None:
            found += f", {self.eur:,.0f} EUR at the price in the release file"
        return found + f" (assuming {self.utilisation:.0%} of the peak)"


def estimate(
    shape: Shape, settings: RunSettings, num_tokens: int | None, max_length: int
) -> Estimate:
    """For `settings.hardware`; `num_tokens` are those of one epoch, where it is known.

    Raises TrainingError for hardware without a name here and for a field that is no number.
    """
    on = settings.hardware
    if on is None or on.gpu not in HARDWARE:
        known = ", ".join(sorted(HARDWARE))
        named = on.gpu if on else "no name"
        raise TrainingError(f"nothing is known of the hardware {named} (there are: {known})")
    there = HARDWARE[on.gpu]
    fields = {"max_steps": -1, "num_train_epochs": 3, **DEFAULTS, **settings.sft_config}
    sequences = int(_number(fields, "per_device_train_batch_size"))
    accumulated = int(_number(fields, "gradient_accumulation_steps"))
    a_step = sequences * max_length * settings.processes * accumulated
    stated = int(_number(fields, "max_steps"))
    steps = stated if stated > 0 else None
    if steps is None and num_tokens is not None:
        steps = max(1, round(_number(fields, "num_train_epochs") * num_tokens / a_step))
    hours = kwh = eur = None
    if steps is not None:
        rate = on.utilisation * there.peak_flops * settings.processes
        hours = 6 * shape.num_weights * steps * a_step / rate / 3600
        kwh = hours * settings.processes * there.watts / 1000
        if on.eur_per_hour is not None:
            eur = hours * settings.processes * on.eur_per_hour
    memory = memory_bytes(shape, settings, sequences * max_length) / 2**30
    return Estimate(
        on.gpu, settings.processes, memory, there.memory_gib, steps, hours, kwh, eur,
        on.utilisation,
    )  # fmt: skip


def _number(fields: dict[str, Any], name: str) -> float:
    try:
        return float(fields[name])
    except (TypeError, ValueError):
        raise TrainingError(f"sft_config.{name} is {fields[name]!r}: give a number") from None


def memory_bytes(shape: Shape, settings: RunSettings, positions: int) -> float:
    """Peak of one GPU that works on `positions` tokens at once."""
    parts = 1
    if settings.system in ("zero3", "fsdp2"):
        parts = settings.processes
    elif settings.system == "hsdp":
        parts = settings.processes // settings.nodes
    trained = shape.num_weights
    frozen = 0.0
    if settings.lora:
        trained = 4 * settings.lora.r * shape.hidden_size * 2 * shape.num_layers
        frozen = (
            shape.num_weights * {"none": 4.0, "8-bit": 1.0, "4-bit": 0.55}[settings.lora.quantise]
        )
    layer = (shape.num_weights - shape.vocab_size * shape.hidden_size) / shape.num_layers
    at_work = 2 * 2 * layer  # bfloat16: this layer and the next one on its way
    full = LAYER_WIDTHS * positions * shape.hidden_size
    fields = settings.sft_config
    recomputed = fields.get("gradient_checkpointing", fields.get("activation_checkpointing", True))
    activations = (
        2 * positions * shape.hidden_size * shape.num_layers + full
        if recomputed
        else full * shape.num_layers
    )
    logits = 2 * 4 * min(LOSS_TILE, positions * shape.vocab_size)
    return (ADAMW_BYTES * trained + frozen) / parts + at_work + activations + logits
