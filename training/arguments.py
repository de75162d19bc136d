"""TRL's `SFTConfig` from a release file: its own field names, our defaults, its own checks.

Where our default differs from TRL's there is a reason: it trains in bfloat16 and recomputes
activations, which on a CPU saves memory that nobody lacks. Its packing, `bfd`, drops what
overflows: nearly half of the tokens of drug leaflets (docs/training.md); ours is in `packing`.
"""

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training import system
from training.settings import RunSettings, TrainingError

if TYPE_CHECKING:
    from trl.trainer.sft_config import SFTConfig

MAX_LENGTH = 2048
"""default sequence length, where the base model has room for it: what the papers train with"""

DEFAULTS: dict[str, Any] = {
    "per_device_train_batch_size": 1,
    "gradient_accumulation_steps": 8,
    "logging_steps": 1,
    "save_strategy": "steps",
    "save_steps": 0.25,
    "save_total_limit": 2,
    "report_to": "none",
}
"""eight sequences a step one by one, not at once: TRL lays a packed batch out as one long sequence,
and without a variable-length kernel (there is none on a CPU) attention pays for its square"""


def check_fields(settings: RunSettings) -> None:
    """Raises TrainingError naming the first field that SFTConfig does not have."""
    import dataclasses

    from trl.trainer.sft_config import SFTConfig

    known = [field.name for field in dataclasses.fields(SFTConfig) if field.init]
    for name in settings.sft_config:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else "see TRL's SFTConfig for the names"
            raise TrainingError(f"sft_config has an unknown field {name}: {hint}")


def build(settings: RunSettings, scratch: Path, max_positions: int, **ours: Any) -> "SFTConfig":
    """The resolved configuration; `max_positions` is what the base model has room for.

    `ours` are fields that the caller answers for, such as those of the packing.
    """
    from trl.trainer.sft_config import SFTConfig

    check_fields(settings)
    fields = {
        "max_length": min(MAX_LENGTH, max_positions),
        **DEFAULTS,
        **system.fields(settings),
        **settings.sft_config,
        **ours,
        "output_dir": str(scratch),
        "disable_tqdm": True,
        "logging_nan_inf_filter": False,
        "include_num_input_tokens_seen": "all",
    }
    if "gradient_checkpointing" in settings.sft_config:
        # The older name of the same switch, which counts only where the newer one is not set.
        fields["activation_checkpointing"] = fields["gradient_checkpointing"]
    length = fields["max_length"]
    if not isinstance(length, int) or not 2 <= length <= max_positions:
        raise TrainingError(
            f"sft_config.max_length is {length}, but the base model has positions for 2 to "
            f"{max_positions}: choose a length in between"
        )
    try:
        return SFTConfig(**fields)
    except (TypeError, ValueError) as error:
        raise TrainingError(f"sft_config was refused by TRL: {error}") from error
