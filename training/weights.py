"""Weights in and out: the base as it is loaded for training, the result as anybody can load it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.model_folder import TOKENIZER
from training import system
from training.settings import SHARDED, RunSettings, TrainingError

if TYPE_CHECKING:
    import torch
    from peft import LoraConfig
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from training.trainer import ExactTrainer


def load(settings: RunSettings, base: Path) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
    """The base in float32, whatever it is stored in: AdamW's small steps vanish in bfloat16.

    Only a frozen base under adapters may be coarser.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    how: dict[str, Any] = {"dtype": torch.float32, "attn_implementation": system.attention()}
    if settings.lora and settings.lora.quantise != "none":
        import transformers

        quantisation: Any = transformers.BitsAndBytesConfig  # its constructor has no types
        how["dtype"] = torch.bfloat16
        how["quantization_config"] = quantisation(
            load_in_8bit=settings.lora.quantise == "8-bit",
            load_in_4bit=settings.lora.quantise == "4-bit",
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    model = AutoModelForCausalLM.from_pretrained(base, **how)
    tokenizer = AutoTokenizer.from_pretrained(base)
    if len(tokenizer) > model.config.vocab_size:
        raise TrainingError(
            f"the tokenizer in {base} knows {len(tokenizer)} tokens, but the model only "
            f"{model.config.vocab_size}: one of them belongs to another model"
        )
    return model, tokenizer


def peft_config(settings: RunSettings) -> "LoraConfig | None":
    if settings.lora is None:
        return None
    from peft import LoraConfig

    chosen = settings.lora.model_dump(exclude={"quantise"})
    if not isinstance(chosen["target_modules"], str):
        chosen["target_modules"] = list(chosen["target_modules"])
    return LoraConfig(task_type="CAUSAL_LM", **chosen)


def save(trainer: "ExactTrainer", base: Path, out: Path) -> None:
    """The whole model in the base's own precision; nothing of this machine. All processes call."""
    model = trainer.accelerator.unwrap_model(trainer.model)
    state = None
    if trainer.is_fsdp_enabled:
        state = whole_state(model)
    elif trainer.settings.system in SHARDED:
        state = trainer.accelerator.get_state_dict(trainer.model_wrapped)
    if trainer.settings.lora:
        merged: Any = model
        model = merged.merge_and_unload()
    if trainer.accelerator.is_main_process:
        write(model, state, base, out)
    trainer.accelerator.wait_for_everyone()


def write(
    model: "PreTrainedModel", state: "Mapping[str, torch.Tensor] | None", base: Path, out: Path
) -> None:
    """`state` holds the weights where the model itself has only its share of them."""
    import torch
    from transformers import AutoConfig

    out.mkdir(parents=True, exist_ok=True)
    config = AutoConfig.from_pretrained(base)
    dtype: torch.dtype = config.dtype or torch.float32
    cast: Any = model.to
    model.config.use_cache = config.use_cache  # switched off while training
    if state is None:
        cast(dtype)
        model.save_pretrained(out)
    else:
        model.config.dtype = dtype
        # A tied output layer is the embedding once more; `from_pretrained` ties it again.
        tied = getattr(model, "_tied_weights_keys", None) if config.tie_word_embeddings else None
        rest = {name: w.to(dtype) for name, w in state.items() if name not in (tied or ())}
        model.config.save_pretrained(out)
        if model.generation_config is not None:
            model.generation_config.save_pretrained(out)
        write_state(rest, out)
    copy_tokenizer(base, out)


def whole_state(model: Any) -> "dict[str, torch.Tensor]":
    """Every weight whole, on the CPU. All processes call: each tensor is gathered by all."""
    return {
        name: (weight.full_tensor() if hasattr(weight, "full_tensor") else weight).detach().cpu()
        for name, weight in model.state_dict().items()
    }


def write_state(state: "Mapping[str, torch.Tensor]", folder: Path) -> None:
    """As safetensors, in several files where it is large; a tied weight is written once."""
    from huggingface_hub import save_torch_state_dict

    folder.mkdir(parents=True, exist_ok=True)
    save_torch_state_dict(dict(state), folder, max_shard_size="50GB")


def export(checkpoint: Path, base: Path, out: Path) -> None:
    """A checkpoint as a model: its weights, the base's configuration and tokenizer."""
    import torch
    from safetensors.torch import load_file, save_file
    from transformers import AutoConfig

    out.mkdir(parents=True, exist_ok=True)
    dtype = AutoConfig.from_pretrained(base).dtype or torch.float32
    for path in sorted(checkpoint.glob("model*.safetensors*")):
        if path.suffix == ".json":
            (out / path.name).write_bytes(path.read_bytes())
            continue
        weights = {name: tensor.to(dtype) for name, tensor in load_file(path).items()}
        save_file(weights, out / path.name, metadata={"format": "pt"})
    for name in ("config.json", "generation_config.json"):
        if (base / name).is_file():
            (out / name).write_bytes((base / name).read_bytes())
    copy_tokenizer(base, out)


def copy_tokenizer(base: Path, out: Path) -> None:
    """Byte for byte: training changes no token."""
    for path in base.iterdir():
        if TOKENIZER.fullmatch(path.name):
            (out / path.name).write_bytes(path.read_bytes())
