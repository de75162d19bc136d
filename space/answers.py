"""What is behind a difference: the questions, and how two models answered each.

    samples/MODEL.parquet   task, group, measure, item, text_sha256, correct,
                            log_likelihood, num_bytes; may have chosen, answer,
                            option_log_likelihoods

Ids and outcomes; the words only where `questions.parquet` holds them. Only questions that both
models were asked, with the same words, are set side by side; nothing is averaged here.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from questions import Question
from tables import Unreadable, read_arrays, tame

SAMPLES = {
    **dict.fromkeys(("task", "group", "measure", "item", "text_sha256"), pa.string()),
    "log_likelihood": pa.float64(),
    "num_bytes": pa.int64(),
    "correct": pa.bool_(),
}
OPTIONAL = {"chosen": pa.int64(), "option_log_likelihoods": pa.list_(pa.float64())}
MAX_SHOWN = 200

Key = tuple[str, str, str]
Outcome = bool | float
Questions = Mapping[tuple[str, str], Question]


@dataclass(frozen=True)
class Answer:
    outcome: Outcome
    """right or wrong; else the bits per byte of this one text"""
    chosen: int | None
    """the number of the option"""
    log_likelihoods: tuple[float, ...]
    """of each option, in nats"""


@dataclass(frozen=True)
class Pair:
    task: str
    item: str
    before: Answer
    after: Answer
    question: Question | None

    @property
    def change(self) -> float:
        return float(self.after.outcome) - float(self.before.outcome)


def compare(
    before: Path, after: Path, group: str, metric: str, questions: Questions
) -> dict[str, Any]:
    """The items of a group whose outcome changed, the largest changes first."""
    found, not_shared = pairs(before, after, group, metric, questions)
    changed = [pair for pair in found if pair.change]
    changed.sort(key=lambda pair: (-abs(pair.change), pair.task, pair.item))
    return {
        "asked": len(found),
        "not_shared": not_shared,
        "gained": sum(pair.change > 0 for pair in found),
        "lost": sum(pair.change < 0 for pair in found),
        "changed": [
            {
                "task": tame(pair.task), "item": tame(pair.item), "before": pair.before.outcome,
                "after": pair.after.outcome, "text": pair.question.text if pair.question else "",
                "licence": pair.question.licence if pair.question else "",
            }
            for pair in changed[:MAX_SHOWN]
        ],
        "left_out": max(0, len(changed) - MAX_SHOWN),
    }  # fmt: skip


def pairs(
    before: Path, after: Path, group: str, metric: str, questions: Questions
) -> tuple[list[Pair], int]:
    """What both were asked in the same words, in the order of the first, and how much was not."""
    old, new = dict(_answers(before, group, metric)), dict(_answers(after, group, metric))
    if not old or not new:
        raise Unreadable(f"no answers are published for {tame(group)}, {tame(metric)}")
    shared = [
        Pair(key[0], key[1], old[key], new[key], questions.get((key[0], key[1])))
        for key in old
        if key in new
    ]
    return shared, len(old.keys() ^ new.keys())


def _answers(path: Path, group: str, metric: str) -> Iterator[tuple[Key, Answer]]:
    arrays = read_arrays(path, SAMPLES, OPTIONAL)
    rows = {name: array.to_pylist() for name, array in arrays.items()}
    for i, measure in enumerate(rows["measure"]):
        if measure != metric or rows["group"][i] != group:
            continue
        outcome = _outcome(rows["correct"][i], rows["log_likelihood"][i], rows["num_bytes"][i])
        if outcome is not None:
            key = (str(rows["task"][i]), str(rows["item"][i]), str(rows["text_sha256"][i]))
            likely = tuple(x for x in rows["option_log_likelihoods"][i] or () if x is not None)
            yield key, Answer(outcome, rows["chosen"][i], likely)


def _outcome(
    correct: bool | None, log_likelihood: float | None, num_bytes: int | None
) -> Outcome | None:
    if correct is not None:
        return correct
    if log_likelihood is None or not num_bytes or not math.isfinite(log_likelihood):
        return None
    return float(f"{-log_likelihood / math.log(2) / num_bytes:.6g}")
