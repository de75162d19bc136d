"""What the card of a model, a merge or a quantised copy is filled from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.cards.reading import NO_NOTES, Notes
from hub.licences.compose import Position
from hub.manifest import Manifest

Score = Mapping[str, Any]
"""A row of summary.json: model, group, metric, value, ci_low, ci_high."""


@dataclass(frozen=True)
class ModelCard:
    repo: str
    tag: str
    name: str
    """of the artefact"""
    title: str
    description: str
    manifest: Manifest
    languages: Sequence[str]
    base_models: Sequence[str]
    """Hub ids"""
    relation: str | None
    """finetune, merge or quantized; None for a model made from nothing"""
    datasets: Sequence[str]
    """Hub ids of the corpora it was trained on"""
    results_repo: str
    scores: Sequence[Score]
    """of all models of the release, so that they can be compared"""
    confidence: float
    """of their intervals, 0 to 1"""
    links: dict[str, str]
    prompt: str
    """for the snippet: how a text of the kind it learnt begins"""
    position: Position = "use-follows"
    """on what training does to obligations"""
    front: Sequence[Mapping[str, Any]] = ()
    """of a merge that was swept: the rows of front.json"""
    front_picture: str = ""
    """file of their figure beside the card"""
    checkpoints: Sequence[Mapping[str, Any]] = ()
    """of a run whose checkpoints were compared: the rows of checkpoints.json"""
    checkpoints_picture: str = ""
    mergekit: Mapping[str, Any] = field(default_factory=dict)
    """of a merge: the configuration it was made by, after a sweep with what that chose"""
    changes: Sequence[tuple[str, str, str, str, str]] = ()
    """(what, from, to, difference with interval, verdict), of this model against others"""
    claims: Sequence[str] = ()
    """sentences about this model that were tested and hold"""
    trained_on: Mapping[str, Manifest] = field(default_factory=dict)
    """by name: the corpora that went into it, through all its ancestors"""
    pictures: Sequence[tuple[str, str]] = ()
    """(alternative text, file) of the figures beside the card"""
    notes: Notes = NO_NOTES
    learnt: Sequence[tuple[str, str, str, str]] = ()
    """(document, versions of this model, who, why) of documents that were withdrawn since"""
