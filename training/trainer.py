"""TRL's trainer, made exact, silent and offline. Importing this loads TRL.

What differs from `SFTTrainer`:
- a checkpoint counts only once it is whole (`checkpoints`), and gets no draft model card;
- a loss or weight that is not a number and a gradient that explodes stop the run, before anything
  is saved over a good checkpoint;
- the loss keeps its logits where they are few, and weights that FSDP shards are gathered by all
  processes together;
- a run that should be sharded and is not does not start;
- nobody is told: TRL reports each run to the Hub unless an environment variable says otherwise;
- progress is plain lines with the time left.
"""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainerCallback
from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_callback import PrinterCallback, TrainerState
from trl.trainer.sft_trainer import SFTTrainer

from training import system
from training.checkpoints import PREFIX, mark_whole
from training.settings import RunSettings, TrainingError
from training.weights import whole_state, write_state

SECONDS_BETWEEN_LINES = 5.0
MAX_LOGITS = 1 << 24
"""64 MiB in float32"""
IGNORED = -100
"""label of a position that is not predicted, such as the first of a document"""
EXPLODED = 1000.0
"""times the median of the gradient norms so far: no learning rate recovers from that"""
SETTLED = 10
"""steps before a gradient norm is compared with those before it"""

Keep = Callable[[Path, int], None]
"""what is done with a checkpoint and its step before it counts as whole"""


class ExactTrainer(SFTTrainer):
    """SFTTrainer whose checkpoints are whole and whose numbers are numbers."""

    def __init__(
        self, *args: Any, settings: RunSettings, keep: Keep | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.settings, self.keep = settings, keep
        self.gradient_norms: list[float] = []
        self.remove_callback(PrinterCallback)
        self.add_callback(Guard(settings))
        sft_config: Any = self.args
        self.plain_loss = sft_config.loss_type == "nll" and sft_config.label_smoothing_factor == 0

    @property
    def num_tokens_since_start(self) -> int:
        """Tokens that all processes together trained on since the last start or resume."""
        return self.state.num_input_tokens_seen - self._initial_num_input_tokens_seen

    @property
    def num_weights(self) -> int:
        """Of the whole model, wherever its parts are."""
        model: Any = self.model
        return sum(getattr(p, "ds_numel", None) or p.numel() for p in model.parameters())

    def report_to(self, progress: Callable[[str], None]) -> None:
        self.add_callback(ProgressLines(progress))

    def take_over_finished(self, checkpoint: Path) -> bool:
        """Where `checkpoint` is the last step, load it: asked to resume there, TRL adds a step."""
        state = TrainerState.load_from_json(str(checkpoint / TRAINER_STATE_NAME))
        if state.global_step < state.max_steps:
            return False
        self._load_from_checkpoint(str(checkpoint))
        self.state = state
        return True

    def create_accelerator_and_postprocess(self) -> None:
        super().create_accelerator_and_postprocess()
        system.shard_on_cpu(self)

    def _send_telemetry(self) -> None:
        """Who trains what is nobody's business."""

    def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        step: Callable[..., torch.Tensor] = super().training_step
        loss = step(*args, **kwargs)
        if not bool(torch.isfinite(loss)):
            raise TrainingError(
                f"the loss at step {self.state.global_step + 1} is not a number: use a lower "
                "learning_rate, a longer warm-up or a smaller max_grad_norm"
            )
        return loss

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """The same loss as TRL's, from logits that are kept.

        TRL computes the logits in tiles, and a second time going backward, to save memory that
        matters with 150,000 words on a GPU; with a small vocabulary it is a quarter of the step.
        """
        config: Any = self.accelerator.unwrap_model(model).config
        num_logits = inputs["input_ids"].numel() * config.vocab_size
        if return_outputs or num_logits > MAX_LOGITS or not self.plain_loss:
            tiled: Callable[..., Any] = super().compute_loss
            return tiled(model, inputs, return_outputs, num_items_in_batch)
        labels = inputs["labels"][:, 1:].reshape(-1)
        rest = {name: value for name, value in inputs.items() if name != "labels"}
        logits = model(**rest, use_cache=False).logits[:, :-1].float()
        total = torch.nn.functional.cross_entropy(
            logits.reshape(labels.numel(), -1), labels, ignore_index=IGNORED, reduction="sum"
        )
        num_tokens = (labels != IGNORED).sum() if num_items_in_batch is None else num_items_in_batch
        loss: torch.Tensor = total / torch.as_tensor(num_tokens).clamp(min=1)
        # `num_tokens` is of all processes then, and gradients are averaged over them.
        across = self.args.average_tokens_across_devices and num_items_in_batch is not None
        return loss * self.accelerator.num_processes if across else loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """A gradient that explodes stops the run here, before the step is saved."""
        norm = logs.get("grad_norm")
        if norm is not None:
            step, before = self.state.global_step, sorted(self.gradient_norms)
            typical = before[len(before) // 2] if len(before) >= SETTLED else math.inf
            if not math.isfinite(norm) or norm > EXPLODED * typical:
                raise TrainingError(
                    f"the gradients exploded at step {step} (norm {norm:.3g}): use a lower "
                    "learning_rate or a longer warm-up; the last checkpoint is from before"
                )
            self.gradient_norms.append(norm)
        super().log(logs, start_time)

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Weights sharded by FSDP are gathered here, one by one, by all processes together.

        transformers' own way has the first process alone ask the others for its model's tensors.
        """
        if not self.is_fsdp_enabled:
            super().save_model(output_dir, _internal_call)
            return
        state = whole_state(self.model)
        if self.accelerator.is_main_process:
            write_state(state, Path(output_dir or str(self.args.output_dir)))
        self.accelerator.wait_for_everyone()

    def _save_checkpoint(self, model: torch.nn.Module, trial: Any) -> None:
        step = self.state.global_step
        for name, weight in model.named_parameters():
            held = getattr(weight, "ds_tensor", weight)
            if not bool(
                torch.isfinite(held.to_local() if hasattr(held, "to_local") else held).all()
            ):
                raise TrainingError(
                    f"{name} is not finite after step {step}: use a lower learning_rate, a longer "
                    "warm-up or a smaller max_grad_norm"
                )
        Trainer._save_checkpoint(self, model, trial)  # past SFTTrainer's, which writes a card first
        self.accelerator.wait_for_everyone()
        if self.accelerator.is_main_process:
            checkpoint = Path(str(self.args.output_dir)) / f"{PREFIX}{step}"
            if self.keep:
                self.keep(checkpoint, step)
            mark_whole(checkpoint, self.accelerator.num_processes)
        self.accelerator.wait_for_everyone()


class Guard(TrainerCallback):
    """Nothing is trained unsharded by mistake; what shall be kept is saved at its step."""

    def __init__(self, settings: RunSettings) -> None:
        self.settings = settings

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        system.check_sharded(self.settings, kwargs["model"])

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step in getattr(self.settings, "checkpoints", ()):
            control.should_save = True


class ProgressLines(TrainerCallback):
    """A line every few seconds: step, loss, tokens per second, time left."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self.progress = progress
        self.began_at = self.said_at = 0.0
        self.first_step = self.first_tokens = 0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.began_at = self.said_at = time.monotonic()
        self.first_step = state.global_step
        self.first_tokens = state.num_input_tokens_seen
        if self.first_step:
            self.progress(f"resuming after step {self.first_step} of {state.max_steps}")

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        logs: dict[str, float] = kwargs["logs"]
        now = time.monotonic()
        last = state.global_step >= state.max_steps
        if "loss" not in logs or (not last and now - self.said_at < SECONDS_BETWEEN_LINES):
            return
        self.said_at = now
        seconds = max(now - self.began_at, 1e-9)
        steps = state.global_step - self.first_step
        tokens_per_second = (state.num_input_tokens_seen - self.first_tokens) / seconds
        left = math.ceil(seconds / steps * (state.max_steps - state.global_step))
        self.progress(
            f"step {state.global_step}/{state.max_steps}, loss {logs['loss']:.3f}, "
            f"{tokens_per_second:,.0f} tokens/s, {left // 60}:{left % 60:02} left"
        )
