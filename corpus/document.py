"""One document on its way through the corpus stage, with every statement made about its licence."""

from dataclasses import asdict, dataclass
from typing import Any

from hub.licences.evidence import Evidence


@dataclass(frozen=True)
class SourceDocument:
    """A document as its source has it; `problem` set: it could not be read, and why."""

    id: str
    source: str
    text: str
    language: str = ""
    attribution: str = ""
    evidence: tuple[Evidence, ...] = ()
    problem: str = ""
    partition: str = ""
    """of a task dataset: train, validation or test"""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
