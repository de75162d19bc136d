"""The release file: one YAML that fully states a release.

    release: demo
    version: 0.1.0
    corpora:
      medical: {sources: [articles], use: commercial}
    training:
      adapted: {base: base, corpus: medical, sft_config: {max_steps: 60}}
    scales:
      mini: {training.adapted.sft_config.max_steps: 5}

Order of precedence: file, then `--scale`, then `--set a.b=c`. Artefacts have names; a stage refers
to another's artefact by name, and an undefined name is a problem with its line. All problems are
listed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml.comments import CommentedMap

from corpus.domain.settings import FilterSettings
from corpus.settings import CorpusSettings, SourceSettings
from evaluation.settings import EvaluationSettings
from hub.failure import BadInput
from merging.settings import MergingSettings, QuantisedSettings
from release import lock, withdrawals, yaml
from release.checks import inconsistencies
from release.lock import Lock
from release.schema import ModelSettings, Release, SpaceSettings
from training.settings import FineTuningSettings, TinyModel, TrainingSettings

SECTIONS = (
    "sources", "filters", "corpora", "models", "training", "finetuning", "merging", "quantised",
    "evaluation.tasks",
)  # fmt: skip
"""Where the keys are names that the file defines."""


@dataclass(frozen=True)
class Problem:
    """One sentence about one place."""

    where: str
    line: int | None
    message: str

    def __str__(self) -> str:
        line = f":{self.line}" if self.line else ""
        return f"{self.where}{line}: {self.message}"


class RecipeError(BadInput):
    """Everything that is wrong with a release file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = list(problems)


@dataclass(frozen=True)
class Recipe:
    """A release file, resolved."""

    path: Path
    release: Release
    data: Path
    """the folder of the local sources"""
    lock: Lock = field(default_factory=Lock)
    """what it takes from the Hub, as far as it was pinned"""


def load(path: Path, scale: str | None = None, sets: Sequence[str] = ()) -> Recipe:
    """Read, override, validate; raises RecipeError with every problem found."""
    try:
        tree = yaml.read_file(path)
    except yaml.YamlProblem as error:
        raise RecipeError([Problem(str(path), error.line, str(error))]) from None
    if not isinstance(tree, CommentedMap):
        raise RecipeError([Problem(str(path), None, "is not a release file: no fields in it")])
    tree.setdefault("data", ".")
    _override(tree, path, scale, sets)
    _withdraw(tree, path)
    try:
        release = Release.model_validate(yaml.plain(tree))
    except ValidationError as error:
        raise RecipeError([_problem(path, tree, entry) for entry in error.errors()]) from None
    problems = [
        Problem(str(path), yaml.line_of(tree, where), f"{'.'.join(map(str, where))}: {message}")
        for where, message in inconsistencies(release)
    ]
    if problems:
        raise RecipeError(problems)
    try:
        pins = lock.read(path)
    except BadInput as error:
        raise RecipeError([Problem(str(lock.beside(path)), None, str(error))]) from None
    return Recipe(path, release, path.parent / release.data, pins)


def _withdraw(tree: CommentedMap, path: Path) -> None:
    """What `imprimatur withdraw` recorded beside the file counts as if it stood in it."""
    given = tree.get("withdrawn") or []
    if not isinstance(given, list):
        return  # a problem that validation words
    try:
        recorded = withdrawals.read(path)
    except BadInput as error:
        raise RecipeError([Problem(str(withdrawals.beside(path)), None, str(error))]) from None
    if recorded:
        named = {entry.document for entry in recorded}
        kept = [e for e in given if not isinstance(e, dict) or e.get("document") not in named]
        tree["withdrawn"] = [*kept, *(entry.model_dump() for entry in recorded)]


def _override(tree: CommentedMap, path: Path, scale: str | None, sets: Sequence[str]) -> None:
    problems = []
    scales = tree.get("scales") or {}
    if not isinstance(scales, dict) or not isinstance(scales.get(scale, {}), dict):
        return  # a problem that validation words
    if scale is not None and scale not in scales:
        known = ", ".join(scales) or "none"
        raise RecipeError([Problem(str(path), None, f"no scale {scale} (there are: {known})")])
    pairs = [(f"scales.{scale}", key, value) for key, value in scales.get(scale, {}).items()]
    for text in sets:
        dotted, equals, value = text.partition("=")
        try:
            parsed = yaml.read(value)
        except yaml.YamlProblem as error:
            problems.append(Problem(f"--set {text}", None, str(error)))
            continue
        if not equals or not dotted:
            problems.append(Problem(f"--set {text}", None, "must look like a.b=value"))
        # A path given on the command line is relative to where the command is given.
        pairs.append(("--set", dotted, str(Path(value).absolute()) if dotted == "data" else parsed))
    for origin, dotted, value in pairs:
        message = _assign(tree, dotted, value)
        if message:
            problems.append(Problem(f"{origin} {dotted}", None, message))
    if problems:
        raise RecipeError(problems)


def _assign(tree: CommentedMap, dotted: str, value: Any) -> str | None:
    """Put `value` at the dotted path; the sentence of what is wrong, if anything is."""
    *parents, last = str(dotted).split(".")
    node = tree
    for depth, part in enumerate(parents):
        section = ".".join(parents[:depth])
        if part not in node or node[part] is None:
            if section in SECTIONS:
                return f"there is no {part} in {section}{yaml.suggestion(part, node)}"
            node[part] = CommentedMap()
        node = node[part]
        if not isinstance(node, CommentedMap):
            return f"{'.'.join(parents[: depth + 1])} has no fields"
    node[last] = value
    return None


def _problem(path: Path, tree: Any, entry: Any) -> Problem:
    location = entry["loc"]
    dotted = ".".join(map(str, location))
    if entry["type"] == "extra_forbidden":
        message = f"unknown field{yaml.suggestion(str(location[-1]), _known_fields(location))}"
    elif entry["type"] == "missing":
        message = "is missing"
    else:
        message = entry["msg"][0].lower() + entry["msg"][1:]
    return Problem(str(path), yaml.line_of(tree, location), f"{dotted}: {message}")


def _known_fields(location: tuple[str | int, ...]) -> list[str]:
    """Field names that would have been right where the unknown one stands."""
    models: dict[str, type[BaseModel]] = {
        "sources": SourceSettings, "filters": FilterSettings, "corpora": CorpusSettings,
        "training": TrainingSettings, "finetuning": FineTuningSettings,
        "merging": MergingSettings, "quantised": QuantisedSettings,
        "evaluation": EvaluationSettings, "space": SpaceSettings,
        "models": TinyModel if "tiny" in location else ModelSettings,
    }  # fmt: skip
    model = Release if len(location) == 1 else models.get(str(location[0]), Release)
    return list(model.model_fields)
