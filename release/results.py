"""Results of lm-eval, in and out: its files become a table for `stats`, ours become its folders.

import_files([Path("results_….json"), …], Path("table.csv"), "acc", "en")
export_layout(recipe, workdir, "adapted", Path("out"), 1234)
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from evaluation.lm_eval_files import FileScore, read_scores
from evaluation.settings import EvaluationError
from evaluation.tables import CONDITIONS
from hub.disk import write_atomically
from hub.failure import BadInput
from release.recipe import Recipe
from release.run import artefact_folder, step_key
from release.steps import steps
from release.steps.evaluation import RESULTS

if TYPE_CHECKING:
    from hub.manifest import Artefact

COLUMNS = ("model", "variant", "language", "task", "n", "score", "stderr", *CONDITIONS)


class Imported(NamedTuple):
    rows: int
    models: int
    tasks: int
    left_out: list[str]
    """a sentence for each figure that no table of shares can hold"""


def import_files(paths: Sequence[Path], out: Path, metric: str, language: str) -> Imported:
    """Files, or folders of them -> one tidy table. Raises BadInput naming every foreign file."""
    scores: list[FileScore] = []
    problems = []
    for file in _files(paths):
        try:
            scores += read_scores(file)
        except EvaluationError as error:
            problems.append(str(error))
    if problems:
        raise BadInput("\n".join(problems))
    rows: dict[tuple[str, ...], tuple[str, ...]] = {}
    left_out = []
    for one in scores:
        if one.metric != metric:
            continue
        if one.n is None:
            left_out.append(f"{one.model}, {one.task}: the file does not say how many questions")
            continue
        row = _row(one, language)
        cell = (*row[:4], row[7])
        if rows.setdefault(cell, row) != row:
            raise BadInput(
                f"two files say different things of {one.model}, {one.task}, {one.metric}: import"
                " one of them"
            )
    if not rows:
        known = ", ".join(sorted({one.metric for one in scores}))
        raise BadInput(f"no figure of the metric {metric} with its n: the files have {known}")
    _write(out, rows.values())
    return Imported(
        len(rows), len({row[:2] for row in rows}), len({row[3] for row in rows}), left_out
    )


def _files(paths: Iterable[Path]) -> list[Path]:
    found = []
    for path in paths:
        inside = sorted(path.rglob("*.json")) if path.is_dir() else [path]
        if not inside:
            raise BadInput(f"{path} has no JSON files")
        found += inside
    return found


def _row(score: FileScore, language: str) -> tuple[str, ...]:
    """The template is known by its hash, or by the version of the task where that is all there is.

    A model that was asked with several numbers of examples is as many variants.
    """
    shots = "" if score.shots is None else str(score.shots)
    digest = hashlib.sha256(score.template.encode()).hexdigest()[:16] if score.template else ""
    template = " ".join(filter(None, (digest, f"version {score.version}" * bool(score.version))))
    stderr = "" if score.stderr is None else repr(score.stderr)
    filtered = "" if score.filter == "none" else f",{score.filter}"
    return (
        score.model, f"{shots}-shot" if shots else "", language, score.task, str(score.n),
        repr(score.value), stderr, score.metric + filtered, shots, template,
    )  # fmt: skip


def _write(out: Path, rows: Iterable[Sequence[str]]) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(out, stream.getvalue().encode())


def export_layout(recipe: Recipe, workdir: Path, model: str, out: Path, seed: int) -> Path:
    """The results of `model` in this work folder, as lm-eval's folders; asks no model."""
    from evaluation.lm_eval_layout import export
    from evaluation.results import read_answers

    evaluation = recipe.release.evaluation
    have = _made(recipe, workdir)
    if evaluation is None or model not in evaluation.models:
        known = ", ".join(evaluation.models) if evaluation else "none"
        raise BadInput(f"{model} is no evaluated model of this release ({known})")
    if model + RESULTS not in have:
        raise BadInput(f"{workdir} has no results of {model}: `imprimatur run` makes them")
    answers = read_answers(have[model + RESULTS].folder / "samples.parquet")
    asked = {answer.task for answer in answers}
    tasks = {name: have[name] for name in evaluation.tasks if name in asked}
    return export(model, answers, tasks, out, seed)


def _made(recipe: Recipe, workdir: Path) -> "Mapping[str, Artefact]":
    """What is up to date."""
    from hub.manifest import read_artefact

    have: dict[str, Artefact] = {}
    for step in steps(recipe):
        if any(name not in have for _, name in step.needs):
            continue
        artefact = read_artefact(artefact_folder(workdir, step, step_key(step, have)))
        if artefact is not None:
            have[step.name] = artefact
    return have
