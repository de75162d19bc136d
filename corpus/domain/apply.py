"""The classifier as a step of the corpus pipeline: every document gets its score.

Documents are scored in batches; the score and whether the document is taken go into its metadata,
for the ledger. A document in a language that the classifier never learned is not judged: its score
would look like any other. The step keeps counts of scores, by which drift is told afterwards.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from corpus.domain.artefact import Classifier
from corpus.domain.drift import counted
from corpus.languages import identify
from corpus.readers.language import language_code

BATCH = 1_024


class DomainFilter(PipelineStep):  # type: ignore[misc]  # datatrove ships no types
    """Writes `domain_score` (0 to 1, None: not judged) and `domain_refusal` (why not taken)."""

    type = "filter"
    name = "domain"

    def __init__(self, classifier: Path, counts: Path) -> None:
        """`classifier`: folder of the artefact; `counts`: folder for the counts of scores, one file
        a task.
        """
        super().__init__()
        self.folder = classifier
        self.counts = counts
        self.classifier: Classifier | None = None

    def run(
        self, data: Iterator[Document], rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        # Loaded in the worker: a model is not sent from process to process.
        classifier = self.classifier = self.classifier or Classifier.load(self.folder)
        bins = np.zeros(len(classifier.drift.shares), np.int64)
        asked = 0
        batch: list[Document] = []
        for document in data:
            batch.append(document)
            if len(batch) == BATCH:
                asked += self._judge(batch, classifier, bins)
                yield from batch
                batch = []
        asked += self._judge(batch, classifier, bins)
        yield from batch
        self.counts.mkdir(parents=True, exist_ok=True)
        counts = {"bins": bins.tolist(), "asked_expensive": asked}
        temporary = self.counts / f".{rank:05d}.tmp"
        temporary.write_text(json.dumps(counts), "utf-8")
        temporary.replace(self.counts / f"{rank:05d}.json")

    def _judge(self, batch: list[Document], classifier: Classifier, bins: Any) -> int:
        judged = []
        for document in batch:
            refusal = _refusal(document, classifier.languages)
            document.metadata["domain_score"] = None
            document.metadata["domain_refusal"] = refusal
            if not refusal:
                judged.append(document)
        if not judged:
            return 0
        verdicts = classifier.judge([document.text for document in judged])
        bins += counted(classifier.drift, verdicts.cheap)
        for document, score, taken in zip(
            judged, verdicts.scores.tolist(), verdicts.taken.tolist(), strict=True
        ):
            document.metadata["domain_score"] = round(score, 6)
            if not taken:
                document.metadata["domain_refusal"] = f"not {classifier.domain}: score {score:.3f}"
        return int(verdicts.asked.sum())


def _refusal(document: Document, languages: tuple[str, ...]) -> str:
    if not any(map(str.isalnum, document.text)):
        return "no words to judge"
    origin = document.metadata.get("document")
    said = origin.language if origin is not None else document.metadata.get("language", "")
    language = language_code(said or "") or identify(document.text).language
    if language and language not in languages:
        return f"in {language}: the classifier learned {', '.join(languages)} only"
    return ""
