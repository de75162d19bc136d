"""The checkpoints of a training run, evaluated one after the other, and the choice among them.

    checkpoints.json    the curve: a row a checkpoint, its base first and the end of the run last

Answers are kept as those of a sweep are, so that a killed evaluation goes on where it was.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from evaluation.settings import CheckpointSettings, EvaluationSettings
from hub.disk import write_json
from hub.manifest import Artefact, Number, Outcome
from training.settings import TrainingSettings

if TYPE_CHECKING:
    from evaluation.selection import Score
    from release.steps.step import Place

CHECKPOINT = "-step-{}"
"""what an artefact's name has after that of its run"""
POINTS = "checkpoints.json"
ANSWERS = "answers"


@dataclass(frozen=True)
class Point:
    """One checkpoint: `dataclasses.asdict` gives it as it is written."""

    run: str
    checkpoint: str
    """name of the artefact; the base model's comes first"""
    step: int
    tokens: int
    """seen since the run began"""
    measure: str
    scores: dict[str, float]
    """by group, weighted by questions"""
    chosen: bool
    rule: str
    basis: str
    """selected on validation, or selected on test"""


def compare(
    name: str,
    training: TrainingSettings,
    rule: CheckpointSettings,
    asked: EvaluationSettings,
    have: Mapping[str, Artefact],
    place: "Place",
) -> Outcome:
    """Evaluate the base, the kept checkpoints and the end of run `name` on the tasks of `asked`.

    Where a checkpoint is the model, the end is looked at only if it is a checkpoint too.
    """
    from evaluation.results import SAMPLES, SCORES
    from evaluation.selection import by_group, select

    models = [training.base, *(name + CHECKPOINT.format(step) for step in training.checkpoints)]
    if training.step is None:
        models.append(name)
    found: dict[str, dict[str, Score]] = {}
    payload = []
    for number, (model, scores) in enumerate(_scored(models, asked, have, place)):
        part = f"{ANSWERS}/{number:02d}"
        shutil.copytree(place.scratch / f"{number:02d}", place.out / part)
        payload += [f"{part}/{SAMPLES}", f"{part}/{SCORES}"]
        found[model] = scores
    base = found[training.base]
    candidates = {model: scores for model, scores in found.items() if model != training.base}
    chosen = select(candidates, rule.rule, base)
    sign = _sign(rule.measure)
    rows = [
        Point(
            name, model, *(_seen(have[model]) if model != training.base else (0, 0)), rule.measure,
            {group: sign * value for group, value in by_group(scores).items()},
            model in chosen.names, rule.rule, chosen.basis,
        )
        for model, scores in found.items()
    ]  # fmt: skip
    write_json(place.out / POINTS, [asdict(row) for row in rows])
    place.progress(f"by {rule.rule}: {', '.join(chosen.names)} ({chosen.basis})")
    numbers = {"checkpoints": Number(value=len(candidates), unit="checkpoints")}
    return Outcome((POINTS, *payload), numbers)


def _scored(
    models: list[str], asked: EvaluationSettings, have: Mapping[str, Artefact], place: "Place"
) -> "Iterator[tuple[str, dict[str, Score]]]":
    from evaluation.harness import evaluate
    from evaluation.results import SCORES
    from evaluation.selection import Score

    tasks = {task: have[task] for task in asked.tasks}
    for number, model in enumerate(models):
        out = place.scratch / f"{number:02d}"
        if not (out / SCORES).is_file():  # written last
            evaluate(asked, model, have[model].folder, tasks, out, place.progress)
        entries: list[dict[str, Any]] = json.loads((out / SCORES).read_bytes())
        yield (
            model,
            {
                entry["task"]: Score(
                    entry["group"], _sign(entry["metric"]) * entry["value"], entry["n"]
                )
                for entry in entries
            },
        )


def _sign(measure: str) -> int:
    """Selection wants more to be better; of bits per byte, less is."""
    return 1 if measure == "accuracy" else -1


def _seen(artefact: Artefact) -> tuple[int, int]:
    numbers = artefact.manifest.numbers
    return int(numbers["steps"].value), int(numbers["tokens_seen"].value)


def points(compared: Artefact) -> list[dict[str, Any]]:
    """The rows of `checkpoints.json`."""
    rows: list[dict[str, Any]] = json.loads((compared.folder / POINTS).read_bytes())
    return rows
