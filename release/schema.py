"""The fields of a release file. Library settings keep the library's own names."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from corpus.settings import CorpusSettings, CorpusSystem, SourceSettings
from evaluation.settings import EvaluationSettings
from hub.licences.compose import Position
from hub.licences.rights import RecordedDecision
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
    """A model to start from."""

    tiny: TinyModel


class Systems(_Settings):
    """Where stages run."""

    corpus: CorpusSystem = CorpusSystem()


class SpaceSettings(_Settings):
    """The Space that shows the results."""

    folder: str
    """of the app, relative to the release file"""


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
    corpora: dict[Name, CorpusSettings]
    training_position: Position = "use-follows"
    """what training does to the obligations of the texts; argued in docs/licences.md"""
    decisions: tuple[RecordedDecision, ...] = ()
    """what people decided about licences, by name; printed on the cards"""
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
    signing_key: Annotated[str, StringConstraints(pattern=r"^(sha256:[0-9a-f]{64})?$")] = ""
    """fingerprint of the public key that signs the release; empty for an unsigned one"""
    scales: dict[Name, dict[str, Any]] = {}
