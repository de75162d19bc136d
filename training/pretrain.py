"""Continual pre-training: a base model, a corpus, TRL's `SFTTrainer`; plain text, no chat template.

    outcome = pretrain(settings, base_folder, corpus, out, scratch, print)

Exact: the same recipe in another folder gives the same bytes, and so does a run that was killed
and run again (checkpoints live in `scratch`, which belongs to this one recipe). What makes it so:
seeds, a fixed number of threads, deterministic kernels, and resuming only from whole checkpoints.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.disk import write_json
from hub.manifest import Artefact, Number, Outcome
from hub.model_folder import TOKENIZER, BrokenModel, model_files, prove, quiet
from training import arguments, checkpoints
from training.settings import TrainingError, TrainingSettings
from training.tokens import Packing, check_packed, documents, tokenise

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from training.trainer import ExactTrainer

CURVE = "training_curve.json"


def pretrain(
    settings: TrainingSettings,
    base: Path,
    corpus: Artefact,
    out: Path,
    scratch: Path,
    progress: Callable[[str], None],
) -> Outcome:
    """Train `base` on `corpus` into `out`; under which licence it may go, the caller says."""
    check_base(base)
    with quiet(), reproducible(settings.threads):
        trainer, packing = prepare(settings, base, corpus, scratch)
        progress(
            f"{packing.num_documents:,} documents, {packing.num_tokens:,} tokens in "
            f"{packing.num_sequences:,} sequences ({packing.fill_percent:.1f}% full)"
        )
        tokens_per_second = run(trainer, scratch, progress)
        save(trainer, base, out)
        try:
            proof = prove(out)
        except BrokenModel as error:
            raise TrainingError(
                f"{error}: train again with a lower learning_rate or a longer warm-up"
            ) from error
    curve = learning_curve(trainer)
    write_json(out / CURVE, curve)
    numbers = {
        "steps": Number(value=trainer.state.global_step, unit="steps"),
        "documents": Number(value=packing.num_documents, unit="documents"),
        "corpus_tokens": Number(value=packing.num_tokens, unit="tokens"),
        "tokens_seen": Number(value=trainer.state.num_input_tokens_seen, unit="tokens"),
        "tokens_dropped": Number(value=0, unit="tokens"),  # else check_packed had raised
        "packing_fill": Number(value=round(packing.fill_percent, 2), unit="%"),
        "parameters": Number(value=proof.num_parameters, unit="parameters"),
    }
    if curve:
        numbers["final_train_loss"] = Number(value=final_loss(curve), unit="nats/token")
    if tokens_per_second is not None:
        numbers["tokens_per_second"] = Number(value=round(tokens_per_second), unit="tokens/s")
    return Outcome(payload=model_files(out), numbers=numbers)


def check_base(base: Path) -> None:
    """Raises TrainingError for a folder that is not a model in safe format."""
    if not (base / "config.json").is_file():
        raise TrainingError(f"{base} is not a model: it has no config.json")
    if not any(base.glob("*.safetensors")):
        raise TrainingError(
            f"{base} has no safetensors weights (pickled ones can run code and are not read): "
            "convert the model first"
        )


@contextmanager
def reproducible(threads: int) -> Iterator[None]:
    """Fixed threads and deterministic kernels inside, whatever was set outside."""
    import torch

    fill: Any = torch.utils.deterministic
    before = (
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        fill.fill_uninitialized_memory,
    )
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    # On by default for code that reads memory it never wrote; costs a sixth of a step on a CPU.
    fill.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.use_deterministic_algorithms(before[1])
        fill.fill_uninitialized_memory = before[2]


def load(base: Path) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
    """The base in float32, whatever it is stored in: AdamW's small steps vanish in bfloat16."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(base)
    if len(tokenizer) > model.config.vocab_size:
        raise TrainingError(
            f"the tokenizer in {base} knows {len(tokenizer)} tokens, but the model only "
            f"{model.config.vocab_size}: one of them belongs to another model"
        )
    return model, tokenizer


def prepare(
    settings: TrainingSettings, base: Path, corpus: Artefact, scratch: Path
) -> "tuple[ExactTrainer, Packing]":
    """Tokenise, pack, and prove that the trainer holds every token of the corpus."""
    from datasets import Dataset

    from training.trainer import ExactTrainer

    model, tokenizer = load(base)
    args = arguments.build(settings, scratch, model.config.max_position_embeddings)
    ids = tokenise(documents(corpus), tokenizer)
    trainer = ExactTrainer(
        model=model,
        args=args,
        train_dataset=Dataset.from_dict({"input_ids": ids, "labels": ids}),
        processing_class=tokenizer,
    )
    length = args.max_length or model.config.max_position_embeddings
    packing = check_packed(ids, trainer.train_dataset, length, model.config.vocab_size)
    return trainer, packing


def run(trainer: "ExactTrainer", scratch: Path, progress: Callable[[str], None]) -> float | None:
    """Train to the end, from the last whole checkpoint where there is one; tokens per second."""
    last = checkpoints.last_whole(scratch)
    if last and trainer.take_over_finished(last):
        return None
    trainer.report_to(progress)
    began_at = time.monotonic()
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    seconds = time.monotonic() - began_at
    num_tokens: int = trainer.num_tokens_of_this_process
    return num_tokens / seconds if num_tokens else None


def save(trainer: "ExactTrainer", base: Path, out: Path) -> None:
    """Weights in the base's own precision, its tokenizer byte for byte; nothing of this machine."""
    from transformers import AutoConfig

    out.mkdir(parents=True, exist_ok=True)
    model = trainer.accelerator.unwrap_model(trainer.model)
    config = AutoConfig.from_pretrained(base)
    model.to(config.dtype or model.dtype)
    model.config.use_cache = config.use_cache  # switched off while training
    model.save_pretrained(out)
    for path in base.iterdir():
        if TOKENIZER.fullmatch(path.name):
            (out / path.name).write_bytes(path.read_bytes())


def learning_curve(trainer: "ExactTrainer") -> list[dict[str, Any]]:
    """One entry per logged step, without times: two runs of one recipe have the same curve."""
    return [
        {
            "step": entry["step"],
            "loss": entry["loss"],
            "learning_rate": entry["learning_rate"],
            "tokens": entry["num_input_tokens_seen"],
        }
        for entry in trainer.state.log_history
        if "loss" in entry
    ]


def final_loss(curve: list[dict[str, Any]]) -> float:
    """Mean over the last tenth of the steps: a single step's loss is mostly chance."""
    losses: list[float] = [entry["loss"] for entry in curve[-max(1, len(curve) // 10) :]]
    return round(sum(losses) / len(losses), 4)
