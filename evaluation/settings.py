"""The `evaluation` part of a release file.

    evaluation:
      models: [base, adapted, adapted-slerp]
      tasks:
        medical-text:   {corpus: medical-heldout, measure: bits_per_byte, group: medical}
        general-text:   {corpus: general-heldout, measure: bits_per_byte, group: general}
        medical-cloze:  {corpus: medical-heldout, measure: accuracy, group: medical}
        medqa:          {lm_eval: medqa, group: medical, shots: 3, seeds: [0, 1, 2]}
        medqa-fr:       {translation: {of: medqa, language: fr, ...}, group: medical-fr}

A group is what the summary pools over; a task belongs to one group.
"""

from itertools import combinations
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from evaluation.judge.settings import JudgeSettings
from evaluation.system import EvaluationSystem
from evaluation.translation.settings import TranslationSettings
from hub.failure import BadInput

Measure = Literal["bits_per_byte", "accuracy"]
Correction = Literal["holm", "benjamini-hochberg", "bh", "none"]
"""of p-values over a family of tests; bh is short for benjamini-hochberg"""
Rule = Literal["best-group-score", "pareto", "most-improvements"]
"""by which a checkpoint is chosen: see `evaluation.selection`"""
Name = Annotated[str, Field(min_length=1)]


class EvaluationError(BadInput):
    """Input that cannot be evaluated; the message is one sentence for the user."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TaskSettings(_Frozen):
    """One task: about a held-out corpus, a task definition of ours or of lm-eval by its name, or
    another task in another language."""

    corpus: str = ""
    """name of a held-out corpus artefact"""
    lm_eval: str = ""
    """name of a definition: `evaluation/tasks/definitions`, else lm-eval's own library"""
    translation: TranslationSettings | None = None
    """of another task, by a language model"""
    measure: Measure = "accuracy"
    group: Name
    """for example medical or general"""
    options: int = Field(default=4, ge=2, le=26)
    """of a corpus's questions: answers to choose from; chance is 1/options"""
    questions: int | None = Field(default=None, ge=2)
    """at most this many: of a corpus 60 unless told, a document gives at most one; of a definition
    on files drawn by `seed`; of lm-eval's own tasks the first ones"""
    seed: int = 0
    """of the draw of questions"""
    shots: int | None = Field(default=None, ge=0, le=64)
    """examples shown before a question; the definition's own number unless told"""
    seeds: Annotated[tuple[int, ...], Field(min_length=1)] = (1234,)
    """of the draws of examples: every question is asked once with each; lm-eval's is 1234"""
    subject: str = ""
    """of a definition that has several"""
    template: Literal["biomistral", "biomistral-truthful"] | None = None
    """of a definition on files: asked in a paper's words, `evaluation/tasks/templates.yaml`"""
    files: dict[Literal["test", "shots"], str] = {}
    """other files than the definition names, below `data`"""
    revision: str = ""
    """of lm-eval's own tasks: the commit of their dataset on the Hub"""
    n: int | None = Field(default=None, ge=2)
    """of a definition: how many questions it has to have, to be comparable with who states it"""
    split: Literal["held_out", "validation"] = "held_out"
    """of a definition: for the final figures, or for choosing between models"""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if sum(map(bool, (self.corpus, self.lm_eval, self.translation))) != 1:
            raise ValueError("a task names a `corpus`, an `lm_eval` task or a `translation`, one")
        if not self.corpus and self.measure != "accuracy":
            raise ValueError("an lm_eval task is measured by its own metric, as accuracy")
        of_definitions = (
            "shots", "seeds", "subject", "template", "files", "revision", "n", "split",
        )  # fmt: skip
        fields = type(self).model_fields
        odd = [name for name in of_definitions if getattr(self, name) != fields[name].get_default()]
        if self.corpus and odd:
            said = ", ".join(odd)
            raise ValueError(f"{said}: of lm_eval tasks only, a corpus is asked about as it is")
        if self.translation and (said := ", ".join({*odd, *self._drawn()} - {"seeds", "split"})):
            raise ValueError(f"{said}: a translation has the questions and shots of its task")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("a seed is given twice")
        return self

    def _drawn(self) -> set[str]:
        fields = type(self).model_fields
        named = ("options", "questions", "seed")
        return {name for name in named if getattr(self, name) != fields[name].get_default()}


class Claim(_Frozen):
    """A sentence that the release makes about its results, and has to bear out.

    - {claim: better, model: adapted, than: base, group: medical, measure: bits_per_byte}
    - {claim: not worse, model: adapted, than: base, group: general, measure: bits_per_byte,
       margin: 0.02}
    - {claim: best of, model: adapted, among: [base, adapted, adapted-slerp], group: medical,
       measure: accuracy}
    """

    claim: Literal["better", "not worse", "best of"]
    model: Name
    than: Name | None = None
    """better, not worse: the other model"""
    among: tuple[Name, ...] = ()
    """best of: the named set"""
    group: Name
    measure: Measure
    margin: float | None = Field(default=None, gt=0)
    """not worse: how much worse would still not matter, in the unit of the measure"""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.claim == "best of":
            if not set(self.among) - {self.model}:
                raise ValueError("best of needs `among`: the models that it is the best of")
            if self.than is not None:
                raise ValueError("best of names its set with `among`, not `than`")
        elif self.than is None or self.among:
            raise ValueError(f"{self.claim} needs `than`: the one other model")
        elif self.than == self.model:
            raise ValueError(f"{self.model} cannot be {self.claim} than itself")
        if (self.claim == "not worse") != (self.margin is not None):
            raise ValueError(
                "not worse needs a `margin`, and only that: that no difference was found does not"
                " show that there is none"
            )
        return self

    @property
    def others(self) -> tuple[str, ...]:
        if self.than is not None:
            return (self.than,)
        return tuple(name for name in dict.fromkeys(self.among) if name != self.model)


class Family(_Frozen):
    """Differences that are judged together: of these groups and of these models, empty for any."""

    groups: tuple[Name, ...] = ()
    models: tuple[Name, ...] = ()
    """what changed: `adapted` in base → adapted"""

    def holds(self, group: str, model: str) -> bool:
        return group in (self.groups or (group,)) and model in (self.models or (model,))

    def meets(self, other: "Family") -> bool:
        def common(one: tuple[str, ...], two: tuple[str, ...]) -> bool:
            return not one or not two or bool(set(one) & set(two))

        return common(self.groups, other.groups) and common(self.models, other.models)


class Significance(_Frozen):
    """When a printed difference counts as one.

        significance: {correction: holm, families: {gain: {groups: [medical]}}}

    Without families the table of all differences is one. Differences that no family takes are
    one together.
    """

    correction: Correction = "holm"
    families: dict[Name, Family] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _apart(self) -> Self:
        for (one, first), (two, second) in combinations(self.families.items(), 2):
            if first.meets(second):
                raise ValueError(f"{one} and {two} share differences: each is judged once")
        return self

    def family(self, group: str, model: str) -> str:
        """The name of a difference's family; empty for what is left."""
        return next((n for n, each in self.families.items() if each.holds(group, model)), "")


class CheckpointSettings(_Frozen):
    """How the checkpoints of a training run are compared: `{adapted: {rule: pareto}}`.

    The rules are those of `evaluation.selection`.
    """

    rule: Rule = "best-group-score"
    measure: Measure = "bits_per_byte"
    """of the tasks that count"""


class EvaluationSettings(_Frozen):
    models: list[Name] = []
    """none: nothing is asked; the tasks are there for corpora to be searched for them"""
    papers: list[str] = []
    """whose groups of tasks are added to `tasks`: `evaluation/tasks/papers.yaml`"""
    revisions: dict[str, str] = {}
    """of the papers' tasks: lm-eval task -> commit of its dataset on the Hub"""
    tasks: Annotated[dict[Name, TaskSettings], Field(min_length=1)]
    system: EvaluationSystem = EvaluationSystem()
    """where models are asked"""
    confidence: float = Field(default=0.95, gt=0, lt=1)
    """of every interval, two-sided"""
    resamples: int = Field(default=2000, ge=100)
    """bootstrap resamples; the tails of a 95% interval then rest on 50 of 2,000 each"""
    seed: int = Field(default=0, ge=0)
    ensembles: dict[Name, Annotated[tuple[Name, ...], Field(min_length=2)]] = {}
    """models of `models` whose answers are added up, as a baseline for merges; accuracy tasks"""
    checkpoints: dict[Name, CheckpointSettings] = {}
    """by training run: its checkpoints are evaluated, and one chosen, or a front of them"""
    significance: Significance = Significance()
    publish_questions: tuple[Name, ...] = ()
    """tasks whose questions are published with the answers, where their licences allow it"""
    judge: JudgeSettings | None = None
    """open answers, judged by a model and by people"""
    claims: tuple[Claim, ...] = ()
    """what the cards say about the results; a release whose claims do not hold is refused"""

    @model_validator(mode="before")
    @classmethod
    def _with_papers(cls, said: Any) -> Any:
        if not isinstance(said, dict) or not said.get("papers"):
            return said
        from evaluation.tasks.papers import expanded

        tasks = expanded(said["papers"], said.get("revisions") or {})
        return said | {"tasks": tasks | (said.get("tasks") or {})}

    @model_validator(mode="after")
    def _translations_of_tasks(self) -> Self:
        from evaluation.tasks.benchmarks import names

        for name, task in self.tasks.items():
            if task.translation is None:
                continue
            source = self.tasks.get(task.translation.of)
            if source is None or source.lm_eval not in names():
                raise ValueError(
                    f"{name}: {task.translation.of} is no task on files (those of"
                    f" {', '.join(names())}), which alone can be translated"
                )
            if source.split != task.split:
                raise ValueError(f"{name}: {task.translation.of} is of the split {source.split}")
        return self

    @model_validator(mode="after")
    def _questions_to_show(self) -> Self:
        for name in self.publish_questions:
            if name not in self.tasks:
                raise ValueError(f"publish_questions: there is no task {name}")
            if self.tasks[name].measure == "bits_per_byte":
                raise ValueError(f"publish_questions: {name} asks nothing, it reads whole texts")
        return self

    @property
    def translations(self) -> dict[str, TranslationSettings]:
        """Translated tasks that are published."""
        found = {name: task.translation for name, task in self.tasks.items()}
        return {name: one for name, one in found.items() if one and one.publish}

    @property
    def answering(self) -> list[str]:
        """Everything that has results: the models, then the ensembles of them."""
        return [*self.models, *self.ensembles]
