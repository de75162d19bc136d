"""What is found out about the texts of a unit for later decisions: signatures, test questions.

Each is a file of its own, named by what decides it, so that another set of tasks finds the
signatures made already and the other way round. Words are hashed once for both.
"""

from pathlib import Path
from typing import IO, Any

import numpy as np

from corpus.decontaminate import Hits, Questions
from corpus.dedup.grams import batches, hash_words
from corpus.dedup.minhash import Profile, Signatures, batch_signatures, no_signatures
from corpus.units import Unit, texts_of


def examine(
    unit: Unit,
    signatures: tuple[str, Profile] | None,
    questions: tuple[str, Questions] | None,
) -> None:
    """Write what is missing; each is given with the name of the folder it goes to."""
    if signatures and unit.beside(signatures[0]).exists():
        signatures = None
    if questions and unit.beside(questions[0]).exists():
        questions = None
    if not signatures and not questions:
        return
    parts = [no_signatures(signatures[1])] if signatures else []
    hits: list[Hits] = []
    for numbers, texts in batches(enumerate(texts_of(unit))):
        found = hash_words(texts)
        if signatures:
            parts.append(batch_signatures(numbers, found, signatures[1]))
        if questions:
            hits.append(questions[1].hits(numbers, found))
    if signatures:
        with _finished(unit.beside(signatures[0])) as stream:
            Signatures.join(parts).save(stream)
    if questions:
        with _finished(unit.beside(questions[0])) as stream:
            np.savez(stream, **Hits.join(hits)._asdict())


class _finished:
    """A file under a temporary name, renamed when all of it is written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_name(path.name + ".tmp")

    def __enter__(self) -> IO[Any]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._stream = self._temporary.open("wb")
        return self._stream

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self._stream.close()
        if kind is None:
            self._temporary.replace(self._path)
