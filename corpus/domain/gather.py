"""The documents that a classifier learns from, each with its label: known sources, and a sample
that was drawn and labelled."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.build import source_files
from corpus.domain.label import Labelled, label
from corpus.domain.linear import Example
from corpus.domain.sample import Drawn, draw
from corpus.domain.settings import FilterSettings, Sample
from corpus.languages import spoken
from corpus.readers.language import language_code
from corpus.readers.registry import read
from corpus.settings import SourceSettings
from hub.failure import BadInput


@dataclass(frozen=True)
class Weighted:
    """An example and how many documents of the corpus it stands for."""

    example: Example
    weight: float


def known_documents(
    settings: FilterSettings, sources: Mapping[str, SourceSettings], data: Path
) -> list[Weighted]:
    if settings.known is None:
        return []
    asked = set(map(language_code, settings.languages))
    found: list[Weighted] = []
    for side, names in ((True, settings.known.positive), (False, settings.known.negative)):
        for name in names:
            others, mine = 0, len(found)
            for path in source_files(sources[name], data):
                for document in read(name, sources[name], path):
                    if not document.text.strip() or document.problem:
                        continue
                    said = document.language or sources[name].language
                    language = spoken(document.text, said)
                    if language in asked:
                        example = Example(document.text, side, language, name)
                        found.append(Weighted(example, 1.0))
                    else:
                        others += 1
            if others and len(found) == mine:
                raise BadInput(
                    f"none of the {others} documents of {name} is in "
                    f"{', '.join(settings.languages)}: say its language, or leave it out"
                )
    return found


def drawn_documents(
    settings: FilterSettings, sample: Sample, sources: Mapping[str, SourceSettings], data: Path
) -> list[Drawn]:
    """The same ones every time; raises BadInput where none is in a language asked for."""
    asked = set(map(language_code, settings.languages))
    files = [(name, path) for name in sample.sources for path in source_files(sources[name], data)]
    text = {sources[name].fields.get("text", "text") for name in sample.sources}
    if len(text) > 1:
        raise BadInput("the sampled sources name their text differently: sample one at a time")
    found = []
    for one in draw(files, sample.documents, sample.by, sample.seed, text.pop()):
        said = one.document.language or sources[one.document.source].language
        document = one.document._replace(language=spoken(one.document.text, said))
        if document.language in asked:
            found.append(one._replace(document=document))
    if not found:
        raise BadInput(f"no sampled document is in {', '.join(settings.languages)}")
    return found


def labelled_documents(
    settings: FilterSettings,
    sources: Mapping[str, SourceSettings],
    data: Path,
    cache: Path,
    progress: Callable[[str], None],
) -> tuple[list[Weighted], Labelled | None]:
    """Documents without a label (prose, refused, no answer) teach nothing."""
    if settings.sample is None or settings.labeller is None:
        return [], None
    judged = drawn_documents(settings, settings.sample, sources, data)
    labelled = label([one.document for one in judged], settings.labeller, data, cache, progress)
    found = [
        Weighted(
            Example(one.document.text, answer.label, one.document.language, one.document.source),
            one.weight,
        )
        for one, answer in zip(judged, labelled.answers, strict=True)
        if answer.label is not None
    ]
    if not found:
        said = ", ".join(f"{outcome} {count}" for outcome, count in labelled.outcomes.items())
        raise BadInput(f"the labeller gave no label at all ({said}): check its prompt and model")
    return found, labelled


def weights_of(examples: Sequence[Weighted]) -> NDArray[np.float64]:
    return np.array([one.weight for one in examples])
