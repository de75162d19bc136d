"""What training costs: TRL against a bare PyTorch loop on the same batches; on a GPU its MFU.

    python -m benchmarks.training --quick     on a CPU, a small model and few steps
    python -m benchmarks.training             on a CPU, medians of three
    python -m benchmarks.training             on a GPU: 0.6, 1.7, 4 and 8 B with random weights

On a CPU: CPU-seconds of TRL's trainer as it comes, of ours, and of the bare loop in float32, in
bfloat16 autocast, and with the loss in chunks. On a GPU: model FLOP utilisation (6 FLOPs a weight
and token, no credit for recomputation, against the dense bfloat16 peak; float32 AdamW) and the peak
memory against what `training.estimate` says. One JSON object a line.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LENGTH, VOCABULARY, ROWS = 512, 4096, 64
GOAL_CHUNKED, GOAL_MFU, GOAL_MEMORY = 0.68, 45.0, 0.10
CHUNK = 256
SHAPES = {
    "0.6B": (1024, 28, 16, 8, 3072, True), "1.7B": (2048, 28, 16, 8, 6144, True),
    "4B": (2560, 36, 32, 8, 9728, True), "8B": (4096, 36, 32, 8, 12288, False),
}  # fmt: skip
"""Qwen3: width, layers, heads, key-value heads, MLP width, tied embeddings"""


def cpu_seconds() -> float:
    return sum(os.times()[:2])


def small_model() -> Any:
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(0)
    shape = Qwen3Config(
        hidden_size=192, num_hidden_layers=4, num_attention_heads=6, num_key_value_heads=3,
        head_dim=32, intermediate_size=512, vocab_size=VOCABULARY, max_position_embeddings=LENGTH,
        tie_word_embeddings=True, eos_token_id=0, pad_token_id=1, bos_token_id=None,
    )  # fmt: skip
    return Qwen3ForCausalLM(shape)


def rows() -> Any:
    import torch

    return torch.randint(2, VOCABULARY, (ROWS, LENGTH), generator=torch.Generator().manual_seed(0))


def bare(steps: int, bf16: bool, chunked: bool) -> float:
    """Forward, loss, backward, clipping, AdamW and nothing else."""
    import torch
    from torch.nn.functional import cross_entropy

    model = small_model().train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    batches = rows()

    def loss_of(ids: Any) -> Any:
        hidden = model.model(ids, use_cache=False).last_hidden_state[0, :-1]
        labels = ids[0, 1:]
        if not chunked:
            return cross_entropy(model.lm_head(hidden).float(), labels)
        total = torch.zeros(())
        for part, wanted in zip(hidden.split(CHUNK), labels.split(CHUNK), strict=True):
            total = total + torch.utils.checkpoint.checkpoint(
                lambda h, y: cross_entropy(model.lm_head(h).float(), y, reduction="sum"),
                part, wanted, use_reentrant=False,
            )  # fmt: skip
        return total / len(labels)

    def step(number: int) -> None:
        ids = batches[number % ROWS][None]
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = loss_of(ids)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()

    step(0)
    before = cpu_seconds()
    for number in range(steps):
        step(number)
    return cpu_seconds() - before


def trained(steps: int, kind: str, folder: Path, bf16: bool = False) -> float:
    """TRL on the same rows; start and end not counted. What the kit changes, one by one:

    TRL           as it comes
    packed        documents kept apart by position ids, so that no attention mask is built
    logits kept   the kit's loss, from logits that are kept, without entropy and accuracy
    ours          both, and what stops a run that goes wrong
    """
    import torch
    from datasets import Dataset
    from transformers import TrainerCallback
    from transformers.trainer_callback import PrinterCallback
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    from training.settings import TinyModel, TrainingSettings
    from training.tiny import train_tokenizer
    from training.trainer import ExactTrainer

    class KeptLogits(SFTTrainer):
        plain_loss = True
        compute_loss = ExactTrainer.compute_loss

    class Clock(TrainerCallback):
        began = ended = 0.0

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step == 1:
                self.began = cpu_seconds()
            self.ended = cpu_seconds()

    tiny = TinyModel(corpus="", licence="", vocab_size=258)
    tokenizer = train_tokenizer(tiny, ["a b c"])
    ids = rows().tolist()
    apart = {"packing": True, "packing_strategy": "bfd_split"}
    packing = apart if kind in ("packed", "ours") else {}
    args = SFTConfig(
        output_dir=str(folder), use_cpu=True, bf16=bf16, activation_checkpointing=False,
        max_length=LENGTH, per_device_train_batch_size=1, max_steps=steps + 1, logging_steps=1,
        learning_rate=1e-3, save_strategy="no", report_to="none", disable_tqdm=True,
        dataloader_pin_memory=False, **packing,
    )  # fmt: skip
    dataset = Dataset.from_dict({"input_ids": ids, "labels": ids})
    common = {
        "model": small_model(), "args": args, "train_dataset": dataset,
        "processing_class": tokenizer,
    }  # fmt: skip
    settings = TrainingSettings(base="", corpus="")
    trainer: Any
    if kind == "ours":
        trainer = ExactTrainer(settings=settings, **common)
    elif kind == "logits kept":
        trainer = KeptLogits(**common)
    else:
        trainer = SFTTrainer(**common)
    trainer.remove_callback(PrinterCallback)
    clock = Clock()
    trainer.add_callback(clock)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    trainer.train()
    return clock.ended - clock.began


def report(
    figure: str, value: float, unit: str, against: str, goal: float | None, holds: bool | None
) -> None:
    line = {
        "figure": figure, "value": round(value, 3), "unit": unit, "against": against,
        "goal": goal, "holds": holds,
    }  # fmt: skip
    print(json.dumps(line, ensure_ascii=False), flush=True)


def on_cpu(quick: bool) -> None:
    import torch

    torch.set_num_threads(1)  # waiting for another thread would count as work
    steps, rounds = (5, 1) if quick else (30, 3)
    with tempfile.TemporaryDirectory() as folder:
        runs: dict[str, Callable[[], float]] = {
            "bare loop, float32": lambda: bare(steps, False, False),
            "bare loop, bfloat16 autocast": lambda: bare(steps, True, False),
            "bare loop, bfloat16, loss in chunks": lambda: bare(steps, True, True),
            "TRL as it comes": lambda: trained(steps, "TRL", Path(folder)),
            "TRL, packed": lambda: trained(steps, "packed", Path(folder)),
            "TRL, logits kept": lambda: trained(steps, "logits kept", Path(folder)),
            "ours": lambda: trained(steps, "ours", Path(folder)),
            "ours, bfloat16 autocast": lambda: trained(steps, "ours", Path(folder), bf16=True),
        }
        taken: dict[str, list[float]] = {name: [] for name in runs}
        for number in range(rounds):
            for name, run in runs.items():
                taken[name].append(run() / steps)
                print(f"round {number + 1}, {name}: {taken[name][-1]:.3f} s", file=sys.stderr)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    floor = medians["bare loop, float32"]
    against = f"bare float32 loop, {floor:.3f} CPU-seconds a step of {LENGTH} tokens"
    for name, seconds in medians.items():
        goal = GOAL_CHUNKED if name == "bare loop, bfloat16, loss in chunks" else None
        ratio = seconds / floor
        report(name, ratio, "times", against, goal, None if goal is None else ratio <= goal)


def on_gpu(quick: bool) -> None:
    for name in ["0.6B"] if quick else SHAPES:
        try:
            one_size(name, steps=4 if quick else 12)
        except Exception as error:  # one size that does not fit must not hide the others
            print(f"{name}: {error}", file=sys.stderr)


def one_size(name: str, steps: int) -> None:
    """Real training steps of a randomly initialised Qwen3 through the kit's trainer."""
    import gc

    import torch
    from datasets import Dataset
    from transformers import Qwen3Config, Qwen3ForCausalLM

    from training import arguments
    from training.estimate import Shape, memory_bytes
    from training.hardware import peak_flops
    from training.settings import TinyModel, TrainingSettings
    from training.system import attention
    from training.tiny import train_tokenizer
    from training.trainer import ExactTrainer

    width, layers, heads, keys, mlp, tied = SHAPES[name]
    length, rows_at_once = 2048, 8
    config = Qwen3Config(
        hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
        num_key_value_heads=keys, head_dim=128, intermediate_size=mlp, vocab_size=151_936,
        max_position_embeddings=length, tie_word_embeddings=tied, eos_token_id=0, pad_token_id=1,
        attn_implementation=attention(),
    )  # fmt: skip
    settings = TrainingSettings(
        base="", corpus="", system="single-gpu",
        sft_config={
            "max_steps": steps, "per_device_train_batch_size": rows_at_once,
            "gradient_accumulation_steps": 4, "save_strategy": "no", "learning_rate": 1e-5,
            # At 8 B float32 moments do not fit one GPU; bitsandbytes keeps them in 8 bits.
            "optim": "adamw_8bit" if name == "8B" else "adamw_torch_fused",
        },
    )  # fmt: skip
    ids = torch.randint(2, 151_000, (512, length)).tolist()
    with tempfile.TemporaryDirectory() as folder, torch.device("cuda"):
        model = Qwen3ForCausalLM(config)
        args = arguments.build(
            settings, Path(folder), length, packing=True, packing_strategy="bfd_split"
        )
        trainer: Any = ExactTrainer(
            settings=settings, model=model, args=args,
            train_dataset=Dataset.from_dict({"input_ids": ids, "labels": ids}),
            processing_class=train_tokenizer(
                TinyModel(corpus="", licence="", vocab_size=258), ["a b c"]
            ),
        )  # fmt: skip
        torch.cuda.reset_peak_memory_stats()
        began = time.monotonic()
        trainer.train()
        seconds = time.monotonic() - began
    peak = torch.cuda.max_memory_allocated()
    weights = sum(p.numel() for p in model.parameters())
    rate = trainer.num_tokens_since_start / seconds
    top = peak_flops()
    against = f"{torch.cuda.get_device_name(0)}, {args.optim}, {rate:,.0f} tokens/s"
    if top:
        mfu = 100 * 6 * weights * rate / top
        goal = GOAL_MFU if name == "8B" else None
        report(f"{name}: MFU", mfu, "%", against, goal, None if goal is None else mfu >= goal)
    shape = Shape.of(config.to_dict())
    foretold = memory_bytes(shape, settings, rows_at_once * length)
    off = abs(foretold - peak) / peak
    against = f"{peak / 2**30:.1f} GiB measured, {foretold / 2**30:.1f} foretold"
    report(f"{name}: memory off by", off, "of the peak", against, GOAL_MEMORY, off <= GOAL_MEMORY)
    del trainer, model
    gc.collect()
    torch.cuda.empty_cache()


def main() -> None:
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="within 50 s on two cores")
    quick = parser.parse_args().quick
    if torch.cuda.is_available():
        on_gpu(quick)
    else:
        on_cpu(quick)


if __name__ == "__main__":
    main()
