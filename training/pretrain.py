"""Continual pre-training: a base model, a corpus, TRL's `SFTTrainer`; plain text, no chat template.

    outcome = pretrain(settings, Run(base_folder, corpus, out, scratch), print)

Exact on one process: the same recipe in another folder gives the same bytes, and so does a run that
was killed and run again (checkpoints live in `scratch`, which belongs to this one recipe). What
makes it so: seeds, a fixed number of threads, deterministic kernels, and resuming only from whole
checkpoints. Several processes are started by `launch`, and each of them comes through `train`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.disk import write_json
from hub.manifest import Artefact, Number, Outcome
from hub.model_folder import BrokenModel, model_files, prove, quiet
from training import accounting, arguments, checkpoints, system
from training.mixture import Mixture, mix
from training.settings import RunSettings, TrainingError, TrainingSettings
from training.tokens import tokenised
from training.weights import export, load, peft_config, save

if TYPE_CHECKING:
    from training.trainer import ExactTrainer

CURVE = "training_curve.json"
KEPT = "kept"
"""folder in scratch of the checkpoints that become artefacts"""

Progress = Callable[[str], None]
Numbers = dict[str, Number]


@dataclass(frozen=True)
class Run:
    """Where a run reads and writes."""

    base: Path
    corpus: Artefact
    out: Path
    scratch: Path
    """survives a kill; belongs to this one recipe"""
    tokens: Path | None = None
    """cache of tokenised corpora, shared by runs; inside `scratch` where it is not given"""
    replay: Artefact | None = None


def pretrain(settings: TrainingSettings, run: Run, progress: Progress) -> Outcome:
    """Train into `run.out`; under which licence it may go, the caller says."""
    check_base(run.base)
    if settings.processes > 1:
        from training.launch import launch

        numbers = launch(settings, run, progress)
    else:
        numbers = train(settings, run, progress)
    return Outcome(payload=model_files(run.out), numbers=numbers | proven(run.out))


def train(settings: TrainingSettings, run: Run, progress: Progress) -> Numbers:
    """What each process does; the first one saves. The model in `run.out` is yet to be proven."""
    system.join(settings)
    with quiet(), reproducible(settings):
        trainer, mixture = prepare(settings, run)
        progress(mixture.describe())
        with accounting.measured(settings.country) as used:
            steps_of_this_process = go(trainer, run.scratch, progress)
        save(trainer, run.base, run.out)
    curve = learning_curve(trainer)
    if trainer.accelerator.is_main_process:
        write_json(run.out / CURVE, curve)
    numbers = {
        "steps": Number(value=trainer.state.global_step, unit="steps"),
        "tokens_seen": Number(value=trainer.state.num_input_tokens_seen, unit="tokens"),
        **mixture.numbers(),
    }
    if curve:
        numbers["final_train_loss"] = Number(value=final_loss(curve), unit="nats/token")
    if steps_of_this_process:
        numbers |= accounting.numbers(used, trainer)
    return numbers


def proven(out: Path) -> Numbers:
    """Read back from disk, loaded, heard to speak."""
    try:
        with quiet():
            proof = prove(out)
    except BrokenModel as error:
        raise TrainingError(
            f"{error}: train again with a lower learning_rate or a longer warm-up"
        ) from error
    return {"parameters": Number(value=proof.num_parameters, unit="parameters")}


def kept_checkpoints(settings: TrainingSettings, run: Run) -> dict[int, Outcome]:
    """The checkpoints to be evaluated, proven, by step; their folders are in `run.scratch`."""
    found = {}
    for step in settings.checkpoints:
        folder = kept_folder(run.scratch, step)
        if not (folder / checkpoints.WHOLE).is_file():
            raise TrainingError(f"there is no checkpoint of step {step}: the run ended before it")
        tokens = checkpoints.read_whole(folder)["tokens"]
        numbers = {
            "steps": Number(value=step, unit="steps"),
            "tokens_seen": Number(value=tokens, unit="tokens"),
            **proven(folder),
        }
        found[step] = Outcome(payload=model_files(folder), numbers=numbers)
    return found


def kept_folder(scratch: Path, step: int) -> Path:
    return scratch / KEPT / f"step-{step}"


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
def reproducible(settings: RunSettings) -> Iterator[None]:
    """Fixed threads and deterministic kernels inside, whatever was set outside.

    On a GPU the kernels stay free to choose: determinism there costs speed and attention kernels.
    """
    import torch

    fill: Any = torch.utils.deterministic
    before = (
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        fill.fill_uninitialized_memory,
    )
    torch.set_num_threads(settings.threads)
    torch.use_deterministic_algorithms(system.on_cpu(settings))
    # On by default for code that reads memory it never wrote; costs a sixth of a step on a CPU.
    fill.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.use_deterministic_algorithms(before[1])
        fill.fill_uninitialized_memory = before[2]


def prepare(settings: TrainingSettings, run: Run) -> "tuple[ExactTrainer, Mixture]":
    """Tokenise, pack, and prove that the trainer holds every token of the corpus."""
    from accelerate import PartialState
    from transformers import AutoConfig

    from training.trainer import ExactTrainer

    config = AutoConfig.from_pretrained(run.base)
    apart = settings.packing == "best-fit"
    args = arguments.build(
        settings,
        run.scratch,
        config.max_position_embeddings,
        # TRL is told how sequences are made because its collator has to know; it makes none.
        packing=apart,
        packing_strategy="bfd_split" if apart else "wrapped",
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
    )
    model, tokenizer = load(settings, run.base)
    cache = run.tokens or run.scratch / "tokens"
    with PartialState().main_process_first():
        store = tokenised(run.corpus, tokenizer, cache)
        replay = tokenised(run.replay, tokenizer, cache) if run.replay else None
    length = args.max_length or config.max_position_embeddings
    mixture = mix(settings, store, replay, length, args.seed)

    def keep(checkpoint: Path, step: int) -> None:
        if step in settings.checkpoints:
            export(checkpoint, run.base, kept_folder(run.scratch, step))
            tokens = trainer.state.num_input_tokens_seen
            checkpoints.mark_kept(kept_folder(run.scratch, step), step, tokens)

    trainer = ExactTrainer(
        settings=settings,
        keep=keep,
        model=model,
        args=args,
        train_dataset=mixture.dataset(),
        processing_class=tokenizer,
        peft_config=peft_config(settings),
    )
    return trainer, mixture


def go(trainer: "ExactTrainer", scratch: Path, progress: Progress) -> int:
    """Train to the end, from the last whole checkpoint where there is one; steps done just now."""
    processes = trainer.accelerator.num_processes
    with trainer.accelerator.main_process_first():
        last = checkpoints.last_whole(scratch, processes)
    if last and trainer.take_over_finished(last):
        return 0
    before = trainer.state.global_step
    if trainer.accelerator.is_main_process:
        trainer.report_to(progress)
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    return trainer.state.global_step - before


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
