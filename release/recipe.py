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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from ruamel.yaml.comments import CommentedMap

from corpus.settings import CorpusSettings, SourceSettings
from evaluation.settings import EvaluationSettings
from hub.failure import BadInput
from hub.licences.compose import Position
from hub.licences.recognise import recognise
from hub.licences.rights import RecordedDecision
from merging.settings import MergingSettings, parents_of
from release import yaml
from training.settings import TinyModel, TrainingSettings

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=60)]
"""Lower case, digits, hyphens: it becomes a folder and part of a repo name."""

Namespace = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*$", max_length=60)
]
Version = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$")]

SECTIONS = ("sources", "corpora", "models", "training", "merging", "evaluation.tasks")
"""Where the keys are names that the file defines."""


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelSettings(_Settings):
    """A model to start from."""

    tiny: TinyModel


class SpaceSettings(_Settings):
    """The Space that shows the results."""

    folder: str
    """of the app, relative to the release file"""


class Release(_Settings):
    release: Name
    version: Version
    namespace: Namespace
    """Hub user or organisation"""
    description: str
    """one or two sentences for the cards"""
    data: str = "."
    """folder of the local sources, relative to the release file"""
    held_out: float = Field(default=0.0, ge=0.0, lt=1.0)
    """share of the documents that is kept for the final evaluation"""
    validation: float = Field(default=0.0, ge=0.0, lt=1.0)
    """share of the documents that is kept for choosing between models"""
    workers: int = Field(default=1, ge=1)
    """processes of the corpus stage; never changes a result"""
    sources: dict[Name, SourceSettings]
    corpora: dict[Name, CorpusSettings]
    training_position: Position = "use-follows"
    """what training does to the obligations of the texts; argued in docs/licences.md"""
    decisions: tuple[RecordedDecision, ...] = ()
    """what people decided about licences, by name; printed on the cards"""
    models: dict[Name, ModelSettings] = {}
    training: dict[Name, TrainingSettings] = {}
    merging: dict[Name, MergingSettings] = {}
    evaluation: EvaluationSettings | None = None
    space: SpaceSettings | None = None
    signing_key: Annotated[str, StringConstraints(pattern=r"^(sha256:[0-9a-f]{64})?$")] = ""
    """fingerprint of the public key that signs the release; empty for an unsigned one"""
    scales: dict[Name, dict[str, Any]] = {}


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
    try:
        release = Release.model_validate(yaml.plain(tree))
    except ValidationError as error:
        raise RecipeError([_problem(path, tree, entry) for entry in error.errors()]) from None
    problems = [
        Problem(str(path), yaml.line_of(tree, where), f"{'.'.join(map(str, where))}: {message}")
        for where, message in _inconsistencies(release)
    ]
    if problems:
        raise RecipeError(problems)
    return Recipe(path, release, path.parent / release.data)


def _override(tree: CommentedMap, path: Path, scale: str | None, sets: Sequence[str]) -> None:
    problems = []
    scales = tree.get("scales") or {}
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
        "sources": SourceSettings, "corpora": CorpusSettings, "training": TrainingSettings,
        "merging": MergingSettings, "evaluation": EvaluationSettings, "models": TinyModel,
        "space": SpaceSettings,
    }  # fmt: skip
    model = Release if len(location) == 1 else models.get(str(location[0]), Release)
    return list(model.model_fields)


Complaint = tuple[tuple[str | int, ...], str]


def _inconsistencies(release: Release) -> Iterator[Complaint]:
    """What no single field shows: undefined names, unknown licences, a name given twice."""
    tasks = release.evaluation.tasks if release.evaluation else {}
    models = {**release.models, **release.training, **release.merging}
    yield from _names_given_twice(release, tasks)
    for name, source in release.sources.items():
        if source.terms and recognise(source.terms.licence) is None:
            where: tuple[str, ...] = ("sources", name, "terms", "licence")
            yield (
                where,
                f"unknown licence “{source.terms.licence}”: use an SPDX id, or leave the terms out",
            )
    for name, corpus in release.corpora.items():
        yield from _undefined(("corpora", name, "sources"), corpus.sources, release.sources)
        yield from _undefined(("corpora", name, "decontaminate"), corpus.decontaminate, tasks)
    for number, decision in enumerate(release.decisions):
        at: tuple[str | int, ...] = ("decisions", number)
        yield from _undefined((*at, "sources"), decision.sources, release.sources)
        if decision.licence and recognise(decision.licence) is None:
            yield (*at, "licence"), f"unknown licence “{decision.licence}”: use an SPDX id"
    for name, model in release.models.items():
        where = ("models", name, "tiny")
        yield from _undefined((*where, "corpus"), [model.tiny.corpus], release.corpora)
        if recognise(model.tiny.licence) is None:
            yield (*where, "licence"), f"unknown licence “{model.tiny.licence}”"
    for name, training in release.training.items():
        yield from _undefined(("training", name, "base"), [training.base], models)
        yield from _undefined(("training", name, "corpus"), [training.corpus], release.corpora)
    for name, merging in release.merging.items():
        yield from _undefined(("merging", name, "mergekit"), parents_of(merging), models)
    if release.evaluation:
        yield from _undefined(("evaluation", "models"), release.evaluation.models, models)
        yield from _unfounded_claims(release, release.evaluation)
        groups = {task.group: None for task in tasks.values()}
        for name, family in release.evaluation.significance.families.items():
            where = ("evaluation", "significance", "families", name)
            yield from _undefined((*where, "groups"), family.groups, groups)
            evaluated = dict.fromkeys(release.evaluation.models)
            yield from _undefined((*where, "models"), family.models, evaluated)
    for name, task in tasks.items():
        where = ("evaluation", "tasks", name, "corpus")
        yield from _undefined(where, [task.corpus], release.corpora)
        if task.corpus in release.corpora and release.corpora[task.corpus].split == "train":
            yield (
                where,
                f"{task.corpus} is for training: a task needs a corpus of another split",
            )


def _unfounded_claims(release: Release, settings: EvaluationSettings) -> Iterator[Complaint]:
    """A claim is about models that are evaluated, and about a group of the final tasks."""
    final = {
        (task.group, task.measure)
        for task in settings.tasks.values()
        if task.corpus in release.corpora and release.corpora[task.corpus].split == "held_out"
    }
    for number, claim in enumerate(settings.claims):
        where = ("evaluation", "claims", number)
        evaluated = dict.fromkeys(settings.models)
        yield from _undefined(where, [claim.model, *claim.others], evaluated)
        if (claim.group, claim.measure) not in final:
            measure = claim.measure.replace("_", " ")
            yield where, f"no held-out task of group {claim.group} measures {measure}"


def _undefined(
    where: tuple[str | int, ...], names: Sequence[str], defined: dict[str, Any]
) -> Iterator[Complaint]:
    for name in names:
        if name not in defined:
            yield where, f"nothing is named {name}{yaml.suggestion(name, defined)}"


def _names_given_twice(release: Release, tasks: dict[str, Any]) -> Iterator[Complaint]:
    """Artefacts share one namespace: each is a folder of the work folder and a repo."""
    seen: dict[str, str] = {}
    sections: dict[str, dict[str, Any]] = {
        "corpora": release.corpora, "models": release.models, "training": release.training,
        "merging": release.merging, "evaluation.tasks": tasks,
    }  # fmt: skip
    for section, names in sections.items():
        for name in names:
            if name in seen:
                yield (*section.split("."), name), f"{name} is already defined in {seen[name]}"
            seen[name] = section
