"""Files of a benchmark on this machine -> a `tasks` artefact.

    evaluation:
      tasks:
        medqa:   {lm_eval: medqa, group: medical, seeds: [0, 1, 2]}
        anatomy: {lm_eval: mmlu, subject: anatomy, group: medical}
        health:  {lm_eval: truthfulqa, subject: Health, template: biomistral, group: truth}

`definitions/NAME.yaml` is lm-eval's own YAML; under `metadata` it says which files it is about, in
which format, and their licence. `templates.yaml` has the words of papers that ask otherwise.
Examples are never asked about: they come from a file of their own, or from POOL questions that are
set apart (first by sha256 of the id, so that which ones they are does not depend on the file's
order).
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evaluation.settings import EvaluationError, TaskSettings
from evaluation.tasks.artefact import ITEMS, SHOTS, load_yaml, write_task
from evaluation.tasks.questions import Question, read_questions
from hub.disk import sha256_file
from hub.manifest import Input, Number, Outcome, canonical_sha256

DEFINITIONS = Path(__file__).parent / "definitions"
TEMPLATES = Path(__file__).with_name("templates.yaml")
POOL = 16
"""questions set apart as examples where a benchmark brings none"""


def names() -> list[str]:
    return sorted(path.stem for path in DEFINITIONS.glob("*.yaml"))


def definition_of(name: str) -> dict[str, Any]:
    return load_yaml(DEFINITIONS / f"{name}.yaml")


def template_of(settings: TaskSettings) -> dict[str, Any]:
    """What a paper's words change in a definition; nothing where it is asked in its own."""
    return dict(load_yaml(TEMPLATES)[settings.template]) if settings.template else {}


def files_of(settings: TaskSettings, data: Path) -> dict[str, Path]:
    """Split -> file, below `data`; raises EvaluationError for a file that is not there."""
    metadata = definition_of(settings.lm_eval)["metadata"]
    named = {**metadata["files"], **settings.files}
    of_subjects = "subjects" in metadata or any("{subject}" in path for path in named.values())
    if of_subjects and not settings.subject:
        raise EvaluationError(f"{settings.lm_eval} has several subjects: say `subject`")
    found = {split: data / path.format(subject=settings.subject) for split, path in named.items()}
    gone = [str(path) for path in found.values() if not path.is_file()]
    if gone:
        raise EvaluationError(f"{settings.lm_eval} needs {' and '.join(gone)}: not there")
    return found


def inputs(name: str, settings: TaskSettings, data: Path) -> tuple[Input, ...]:
    """What the task is made from: a changed file or definition makes another artefact."""
    files = files_of(settings, data)
    definition = sha256_file(DEFINITIONS / f"{settings.lm_eval}.yaml")
    found = [Input(role="definition", name=settings.lm_eval, digest=definition)]
    if settings.template:
        words = canonical_sha256(template_of(settings))
        found.append(Input(role="template", name=settings.template, digest=words))
    return (
        *found,
        *(
            Input(role="questions", name=f"{name}/{split}", digest=sha256_file(path))
            for split, path in files.items()
        ),
    )


def export(name: str, settings: TaskSettings, data: Path, out: Path) -> Outcome:
    """Write the questions of benchmark `settings.lm_eval` as task `name` into `out`."""
    definition = definition_of(settings.lm_eval)
    metadata = definition["metadata"]
    files = files_of(settings, data)
    shots = definition["num_fewshot"] if settings.shots is None else settings.shots
    definition |= template_of(settings)
    asked = read_questions(metadata["reader"], files["test"])
    if "subjects" in metadata:
        asked = [question for question in asked if question["subject"] == settings.subject]
    in_file = len(asked)
    pool: list[Question] = []
    if "shots" in files:
        pool = _unasked(read_questions(metadata["reader"], files["shots"]), asked)
    elif shots:
        ranked = _drawn(asked, POOL, "shots")
        pool = ranked
        apart = {question["id"] for question in pool}
        asked = [question for question in asked if question["id"] not in apart]
    check_number(name, settings, len(asked))
    if settings.questions is not None:
        asked = _drawn(asked, settings.questions, f"items {settings.seed}")
    if len(asked) < 2 or len(pool) < shots:
        raise EvaluationError(
            f"task {name!r} needs 2 questions and {shots} examples: {files['test'].name} leaves"
            f" {len(asked)} and {len(pool)}"
        )
    payload = write_task(
        out,
        named(name, definition, shots),
        # lm-eval looks at the first example of a split even where none is shown.
        {ITEMS: asked, SHOTS: pool or asked[:1]},
    )
    numbers = {
        "items": Number(value=len(asked), unit="questions"),
        "shots": Number(value=shots, unit="examples"),
        "in_file": Number(value=in_file, unit="questions"),
    }
    licence = (metadata["licence"],) if "licence" in metadata else ()
    return Outcome(payload, numbers, licence)


def check_number(name: str, settings: TaskSettings, found: int) -> None:
    """Raises EvaluationError where the task has not the number of questions that is stated."""
    if settings.n is not None and found != settings.n:
        raise EvaluationError(
            f"task {name!r} has {found} questions and {settings.n} are stated: its scores are not"
            " comparable with those of who states them"
        )


def named(name: str, definition: Mapping[str, Any], shots: int) -> dict[str, Any]:
    """The definition as the task of that name, without what only says where its files lie."""
    metadata = {k: v for k, v in definition["metadata"].items() if k in ("version", "licence")}
    return {**definition, "task": name, "num_fewshot": shots, "metadata": metadata}


def _drawn(questions: Sequence[Question], at_most: int, what: str) -> list[Question]:
    def rank(question: Question) -> str:
        return hashlib.sha256(f"{what}\x1f{question['id']}".encode()).hexdigest()

    return sorted(questions, key=rank)[:at_most]


def _unasked(pool: Sequence[Question], asked: Sequence[Question]) -> list[Question]:
    """Examples whose question is not also asked."""
    texts = {question["context"] for question in asked}
    return [question for question in pool if question["context"] not in texts]
