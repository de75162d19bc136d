"""The fields of a release file. Library settings keep the library's own names."""

from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from corpus.domain.settings import FilterSettings
from corpus.settings import CorpusSettings, CorpusSystem, SourceSettings
from evaluation.settings import EvaluationSettings
from hub.licences.compose import Position
from hub.licences.rights import RecordedDecision, Withdrawal
from merging.settings import MergingSettings, QuantisedSettings
from training.settings import FineTuningSettings, TinyModel, TrainingSettings

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=60)]
"""Lower case, digits, hyphens: it becomes a folder and part of a repo name."""

Namespace = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*$", max_length=60)
]
Version = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$")]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelSettings(_Settings):
    """A model to start from: on the Hub, in a folder, or the built-in one.

    base:  {hub: org/model, revision: main}
    ours:  {folder: models/ours, licence: Apache-2.0}
    blank: {tiny: {corpus: general, licence: CC0-1.0}}
    """

    hub: Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")] | None = None
    """its id; what is taken of it is pinned in the lock"""
    revision: str | None = None
    """of `hub`: branch, tag or commit; main unless told"""
    folder: str | None = None
    """below `data`, with config.json, tokenizer and safetensors weights"""
    tiny: TinyModel | None = None
    licence: str = ""
    """of `folder`; of `hub`, what its card is expected to say: needed where the card says none"""
    expected: dict[str, int | float | bool | str] = {}
    """of `hub`: fields of its config.json, to foresee a run before it could be read; where the file
    says otherwise, that is a problem"""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [name for name in ("hub", "folder", "tiny") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("a model to start from is one of hub, folder, tiny")
        if (self.revision or self.expected) and not self.hub:
            raise ValueError("revision and expected are of a model on the Hub (hub)")
        if self.tiny and self.licence:
            raise ValueError("the built-in model states its licence in tiny.licence")
        if self.folder is not None:
            if not self.licence:
                raise ValueError("a model in a folder needs its licence")
            if ".." in PurePosixPath(self.folder).parts or self.folder.startswith("/"):
                raise ValueError("folder is a folder below data")
        return self

    @property
    def at(self) -> str:
        """ID@REVISION of a model on the Hub, as the lock names it."""
        return f"{self.hub}@{self.revision or 'main'}"


class Systems(_Settings):
    """Where stages run."""

    corpus: CorpusSystem = CorpusSystem()


class SpaceSettings(_Settings):
    """The Space that shows the results."""

    folder: str
    """of the app, relative to the release file"""


class BenchmarkSettings(_Settings):
    """Where the score of a task belongs: a benchmark, whose dataset has an `eval.yaml`."""

    dataset: Annotated[str, StringConstraints(pattern=r"^[^/\s]+/[^/\s]+$")]
    """its id"""
    config: str = "default"
    split: str = "test"
    settings: dict[str, int | float | str | bool] = {}
    """how it was asked, such as {num_fewshot: 5}"""


class GateSettings(_Settings):
    """Who may read a corpus: those who agree, or those whom a person lets in."""

    agreement: str
    """what readers agree to; on the card"""
    approval: Literal["auto", "manual"] = "manual"
    """auto: whoever agrees is let in; manual: a person decides"""
    fields: dict[str, Literal["text", "checkbox", "country", "date_picker"]] = {}
    """what readers are asked, by its label"""


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
    systems: Systems = Systems()
    """where stages run; never changes a result"""
    sources: dict[Name, SourceSettings]
    filters: dict[Name, FilterSettings] = {}
    """classifiers that find the documents of a domain"""
    corpora: dict[Name, CorpusSettings]
    training_position: Position = "use-follows"
    """what training does to the obligations of the texts; argued in docs/licences.md"""
    decisions: tuple[RecordedDecision, ...] = ()
    """what people decided about licences, by name; printed on the cards"""
    withdrawn: tuple[Withdrawal, ...] = ()
    """documents that were taken out; those recorded by `imprimatur withdraw` are added"""
    previous: str = ""
    """the version before, for the changelog: a work folder, or NAMESPACE/RELEASE@TAG"""
    notes: str = ""
    """folder of NAME.md, relative to the release file: what people write on the card of NAME"""
    models: dict[Name, ModelSettings] = {}
    training: dict[Name, TrainingSettings] = {}
    finetuning: dict[Name, FineTuningSettings] = {}
    merging: dict[Name, MergingSettings] = {}
    quantised: dict[Name, QuantisedSettings] = {}
    evaluation: EvaluationSettings | None = None
    space: SpaceSettings | None = None
    gates: dict[Name, GateSettings] = {}
    """by corpus: its use agreement; the others are open"""
    superseded: dict[str, Name] = {}
    """earlier artefact, or the id of any repo of ours -> what takes its place (`new_version`)"""
    benchmarks: dict[Name, BenchmarkSettings] = {}
    """by held-out task: where its scores are shown (`.eval_results`)"""
    signing_key: Annotated[str, StringConstraints(pattern=r"^(sha256:[0-9a-f]{64})?$")] = ""
    """fingerprint of the public key that signs the release; empty for an unsigned one"""
    scales: dict[Name, dict[str, Any]] = {}

    def repo(self, name: str) -> str:
        """Id of the repo in which artefact `name` is published."""
        return f"{self.namespace}/{self.release}-{name}"

    @property
    def published_corpora(self) -> list[str]:
        """What is kept for evaluation stays unpublished, or it would not stay unseen; and so does
        what may be trained on only."""
        return [n for n, one in self.corpora.items() if one.split == "train" and one.publish]
