"""Supervised fine-tuning: questions and answers in, a model that answers out; the answers alone are
learnt.

    outcome = finetune(settings, base_folder, examples, out, scratch, print)

`examples` are JSON lines with `prompt` and `completion`: two texts, or two lists of chat messages
that the chat template lays out. An example longer than a sequence is an error, because TRL would
cut it without a word, and with it the end of the answer.
BioMistral's settings: `lora: {r: 16, lora_alpha: 16, lora_dropout: 0.05, quantise: 8-bit}`,
learning rate 2e-5 with cosine decay, 64 examples a step, 3 epochs.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.disk import write_json
from hub.manifest import Number, Outcome
from hub.model_folder import model_files, quiet
from training import accounting, arguments, system
from training.encoding import end_of_text
from training.pretrain import (
    CURVE,
    Progress,
    check_base,
    final_loss,
    go,
    learning_curve,
    proven,
    reproducible,
)
from training.settings import SHARDED, FineTuningSettings, TrainingError
from training.weights import load, peft_config, save

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Example = dict[str, Any]


def finetune(
    settings: FineTuningSettings,
    base: Path,
    examples: Sequence[Path],
    out: Path,
    scratch: Path,
    progress: Progress,
) -> Outcome:
    """Train `base` on `examples` into `out`, the adapters merged; one process."""
    from datasets import Dataset
    from transformers import AutoConfig

    from training.trainer import ExactTrainer

    check_base(base)
    if settings.system in SHARDED:
        raise TrainingError("fine-tuning runs on one process: use system cpu or single-gpu")
    system.join(settings)
    found = [example for path in examples for example in read(path)]
    with quiet(), reproducible(settings):
        config = AutoConfig.from_pretrained(base)
        args = arguments.build(
            settings, scratch, config.max_position_embeddings, completion_only_loss=True
        )
        model, tokenizer = load(settings, base)
        end_of_text(tokenizer)
        if settings.chat_template:
            tokenizer.chat_template = settings.chat_template
        num_tokens = check_lengths(found, tokenizer, args.max_length or 0)
        trainer = ExactTrainer(
            settings=settings,
            model=model,
            args=args,
            train_dataset=Dataset.from_list(found),
            processing_class=tokenizer,
            peft_config=peft_config(settings),
        )
        progress(f"{len(found):,} examples, {num_tokens:,} tokens")
        with accounting.measured(settings.country) as used:
            done = go(trainer, scratch, progress)
        save(trainer, base, out)
    if settings.chat_template:
        (out / "chat_template.jinja").write_text(settings.chat_template, encoding="utf-8")
    curve = learning_curve(trainer)
    write_json(out / CURVE, curve)
    numbers = {
        "steps": Number(value=trainer.state.global_step, unit="steps"),
        "examples": Number(value=len(found), unit="examples"),
        "example_tokens": Number(value=num_tokens, unit="tokens"),
    }
    if curve:
        numbers["final_train_loss"] = Number(value=final_loss(curve), unit="nats/token")
    if done:
        numbers |= accounting.numbers(used, trainer)
    return Outcome(payload=model_files(out), numbers=numbers | proven(out))


def read(path: Path) -> list[Example]:
    """Raises TrainingError naming the line that is not an example; empty lines are passed over."""
    found = []
    # Not `splitlines`: within a text, U+2028 and its like are characters as any other.
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            example = json.loads(line)
            pair = {"prompt": example["prompt"], "completion": example["completion"]}
        except (ValueError, KeyError, TypeError):
            pair = {}
        if (
            not pair
            or type(pair["prompt"]) is not type(pair["completion"])
            or not all(isinstance(side, str | list) and side for side in pair.values())
        ):
            raise TrainingError(
                f"line {number} of {path.name} is not an example: it needs `prompt` and "
                "`completion`, both texts or both lists of chat messages"
            )
        found.append(pair)
    if not found:
        raise TrainingError(f"{path.name} has no example")
    return found


def check_lengths(
    examples: list[Example], tokenizer: "PreTrainedTokenizerBase", max_length: int
) -> int:
    """Number of tokens; raises TrainingError for the first example that would be cut."""
    total = 0
    any_tokenizer: Any = tokenizer
    for number, example in enumerate(examples, start=1):
        whole = example["prompt"] + example["completion"]
        if isinstance(whole, str):
            length = len(any_tokenizer(whole)["input_ids"]) + 1
        elif tokenizer.chat_template is None:
            raise TrainingError(
                "the examples are chat messages and the base has no chat template: set "
                "chat_template"
            )
        else:
            length = len(any_tokenizer.apply_chat_template(whole, return_dict=True)["input_ids"])
        if length > max_length:
            raise TrainingError(
                f"example {number} has {length} tokens and max_length is {max_length}: its answer "
                "would be cut; shorten it or use a longer max_length"
            )
        total += length
    return total
