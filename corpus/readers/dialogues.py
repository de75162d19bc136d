"""Transcribed dialogues: one turn a line, its code before it.

    d02050001 Vous avez mal au ventre. Depuis quand ?        (LabForSIMS2: d doctor, p patient)
    MTF0001 +++ bonjour. pourquoi venez-vous aux urgences ?  (its variants of single turns)

The letters of a code say who speaks; `speakers` gives them names (`{d: Médecin, p: Patient}`), and
letters without a name leave a dash. A line without a code goes on with the turn before it.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from corpus.document import SourceDocument
from corpus.readers.files import Unreadable, read_text
from corpus.settings import SourceSettings

_TURN = re.compile(r"([A-Za-z]{1,4})\d{3,}(?:\s+\+\+\+)?(?:\s+(.*))?", re.S)


def read_dialogues(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    try:
        lines = [line.strip() for line in read_text(path).split("\n")]
    except Unreadable as error:
        yield SourceDocument(path.stem, source, "", problem=str(error))
        return
    turns: list[str] = []
    for line in lines:
        match = _TURN.fullmatch(line)
        if match:
            words = (match[2] or "").strip()
            if words and not _TURN.fullmatch(words):  # a pair of codes is no speech
                turns.append(_speaker(match[1], settings) + words)
        elif line:
            turns[-1:] = [f"{turns[-1]} {line}" if turns else line]
    text = "\n".join(turns)
    yield SourceDocument(path.stem, source, text, problem="" if text else "no text")


def _speaker(letters: str, settings: SourceSettings) -> str:
    name = settings.speakers.get(letters)
    colon = " : " if settings.language.startswith("fr") else ": "
    return f"{name}{colon}" if name else "— "
