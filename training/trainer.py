"""TRL's trainer, made exact, silent and offline. Importing this loads TRL: only `pretrain` does.

Four things differ from `SFTTrainer`:
- a checkpoint counts only once it is whole (`checkpoints`), and gets no draft model card;
- a loss or weight that is not a number stops the run, before it is saved over a good checkpoint;
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

from training.checkpoints import PREFIX, mark_whole
from training.settings import TrainingError

SECONDS_BETWEEN_LINES = 5.0
MAX_LOGITS = 1 << 24
"""64 MiB in float32"""
IGNORED = -100
"""label of a position that is not predicted, such as the first of a document"""


class ExactTrainer(SFTTrainer):
    """SFTTrainer whose checkpoints are whole and whose numbers are numbers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.remove_callback(PrinterCallback)
        sft_config: Any = self.args
        self.plain_loss = sft_config.loss_type == "nll" and sft_config.label_smoothing_factor == 0

    @property
    def num_tokens_of_this_process(self) -> int:
        """Tokens trained on since the last start or resume."""
        return self.state.num_input_tokens_seen - self._initial_num_input_tokens_seen

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
        config: Any = model.config
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
        return total / torch.as_tensor(num_tokens).clamp(min=1)

    def _save_checkpoint(self, model: torch.nn.Module, trial: Any) -> None:
        step = self.state.global_step
        for name, weight in model.named_parameters():
            if not bool(torch.isfinite(weight).all()):
                raise TrainingError(
                    f"{name} is not finite after step {step}: use a lower learning_rate, a longer "
                    "warm-up or a smaller max_grad_norm"
                )
        Trainer._save_checkpoint(self, model, trial)  # past SFTTrainer's, which writes a card first
        mark_whole(Path(str(self.args.output_dir)) / f"{PREFIX}{step}")


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
