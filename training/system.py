"""Where a run happens, by name: what TRL, accelerate and DeepSpeed have to be told for it.

    cpu           one process, float32; exact to the last bit
    single-gpu    one process, bfloat16 autocast over float32 weights
    zero3         DeepSpeed ZeRO-3: weights, gradients and optimiser in as many parts as GPUs
    fsdp2         the same by PyTorch's own `fully_shard`
    hsdp          fsdp2 inside a node, whole copies between nodes

Without a GPU the sharded ones run on CPUs over gloo: slow, but the same code, which is how they are
tested. A configuration that would run without sharding is an error, not a slow success.
"""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.settings import RunSettings, TrainingError

if TYPE_CHECKING:
    import torch
    from transformers import Trainer

FOLDER = Path(__file__).with_name("systems")
SHARDED = ("zero3", "fsdp2", "hsdp")


def has_gpu() -> bool:
    import torch

    return bool(torch.cuda.is_available())


def on_cpu(settings: RunSettings) -> bool:
    return settings.system == "cpu" or not has_gpu()


def join(settings: RunSettings) -> None:
    """Meet the other processes of the run, before any library looks for them."""
    if settings.system == "single-gpu" and not has_gpu():
        raise TrainingError("system single-gpu needs a GPU and there is none: use system cpu")
    if settings.system not in SHARDED:
        return
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world != settings.processes:
        raise TrainingError(
            f"system {settings.system} asks for {settings.processes} processes and {world} were "
            "started: it would not be sharded as planned; start it with `imprimatur run`"
        )
    if settings.system == "zero3":
        os.environ["ACCELERATE_USE_DEEPSPEED"] = "true"
    if not has_gpu():
        from accelerate import PartialState

        if settings.system == "zero3":
            os.environ["DS_ACCELERATOR"] = "cpu"
            from deepspeed.ops import __compatible_ops__

            __compatible_ops__["deepspeed_shm_comm"] = False  # it would be compiled; gloo will do
            PartialState(backend="gloo")
        else:
            PartialState(cpu=True, backend="gloo")


def fields(settings: RunSettings) -> dict[str, Any]:
    """SFTConfig fields of the system: defaults that `sft_config` may override come first."""
    gpu = not on_cpu(settings)
    found: dict[str, Any] = {
        "bf16": gpu,
        "activation_checkpointing": gpu,
        "dataloader_pin_memory": gpu,
    }
    if settings.system == "zero3":
        found["deepspeed"] = json.loads((FOLDER / "zero3.json").read_bytes())
        found["use_cpu"] = False
        if not gpu:
            found["accelerator_config"] = {"use_configured_state": True}
    elif settings.system in SHARDED:
        found["fsdp"] = True
        found["fsdp_config"] = json.loads((FOLDER / "fsdp2.json").read_bytes())
        # FSDP recomputes activations by itself; transformers' way would gather weights twice.
        found["fsdp_config"]["activation_checkpointing"] = found.pop("activation_checkpointing")
        found["activation_checkpointing"] = False
        found["use_cpu"] = not gpu
    else:
        found["use_cpu"] = not gpu
    if settings.system == "hsdp":
        from accelerate.parallelism_config import ParallelismConfig

        found["parallelism_config"] = ParallelismConfig(
            dp_replicate_size=settings.nodes, dp_shard_size=settings.processes // settings.nodes
        )
    return found


def attention() -> str:
    """The best there is: variable-length kernels keep packed documents apart without a mask."""
    from transformers.utils.import_utils import is_flash_attn_2_available

    return "flash_attention_2" if has_gpu() and is_flash_attn_2_available() else "sdpa"


def shard_on_cpu(trainer: "Trainer") -> None:
    """Give accelerate's state the FSDP plugin that it only accepts on GPUs.

    accelerate turns FSDP on CPUs into plain data parallelism without a word; `fully_shard` itself
    works over gloo.
    """
    from accelerate import PartialState
    from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin

    state: Any = trainer.accelerator.state
    if trainer.args.fsdp_plugin_args is None or getattr(state, "fsdp_plugin", None) is not None:
        return
    state.fsdp_plugin = FullyShardedDataParallelPlugin(**trainer.args.fsdp_plugin_args)
    # whoever asks for accelerate's state again has it filled anew from the partial one
    for shared in (PartialState._shared_state, state._shared_state):
        shared["distributed_type"] = DistributedType.FSDP
    trainer.is_fsdp_enabled = True


def check_sharded(settings: RunSettings, model: "torch.nn.Module") -> None:
    """Raises TrainingError where a process holds more of the weights than its share."""
    if settings.system not in SHARDED:
        return
    parts = settings.processes // (settings.nodes if settings.system == "hsdp" else 1)
    held = whole = 0
    for parameter in model.parameters():
        any_parameter: Any = parameter
        if hasattr(any_parameter, "ds_tensor"):
            held += any_parameter.ds_tensor.numel()
            whole += any_parameter.ds_numel
        elif hasattr(any_parameter, "to_local"):
            held += any_parameter.to_local().numel()
            whole += any_parameter.numel()
        else:
            held += any_parameter.numel()
            whole += any_parameter.numel()
    # Parts are padded to equal size, which shows only in very small models.
    if held > 1.2 * whole / parts:
        raise TrainingError(
            f"system {settings.system} holds {held:,} of {whole:,} weights in one of {parts} "
            "processes: the model is not sharded, and every GPU would pay for all of it"
        )
