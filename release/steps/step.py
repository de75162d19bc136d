"""What a step is: one artefact, how it is made and what decides it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from hub.manifest import Artefact, Input, Kind, Outcome

Stage = Literal["corpus", "training", "merging", "evaluation"]
STAGES: tuple[Stage, ...] = ("corpus", "training", "merging", "evaluation")

Progress = Callable[[str], None]

EXCLUDED = "-excluded"
"""suffix of the sibling that is never published"""


@dataclass(frozen=True)
class Place:
    """Where a step works."""

    out: Path
    excluded: Path
    """folder of the sibling that is never published; `out` where there is none"""
    scratch: Path
    """survives a kill, removed when the artefact is whole"""
    cache: Path
    """of the work folder: what several steps or settings share; may be deleted at any time"""
    progress: Progress


Build = Callable[[Mapping[str, Artefact], Place], dict[str, Outcome]]
"""Makes the artefacts; the key "" is the step's own, others are suffixes of siblings."""


@dataclass(frozen=True)
class Step:
    name: str
    stage: Stage
    kind: Kind
    settings: dict[str, Any]
    """the part of the release file that decides the result"""
    needs: tuple[tuple[str, str], ...]
    """(role, name) of the artefacts it is made from"""
    sources: tuple[Input, ...]
    """what it reads from outside"""
    version: int
    build: Build
    siblings: tuple[tuple[str, Kind], ...] = ()
    """(suffix, kind) of what is made along with it"""


def licensed(outcome: Outcome, licence: tuple[str, ...]) -> Outcome:
    """The outcome of a stage, which knows nothing of licences, with what composes."""
    return Outcome(outcome.payload, outcome.numbers, licence)
