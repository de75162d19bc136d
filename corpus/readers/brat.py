"""BRAT: a text file with its annotations (`.ann`) beside it.

Only the text is taken, and taken as it is: QUAERO's EMEA documents are cut into `_1` … `_5` and
pre-tokenised (`l ’ enfant`), and joining or untokenising them would be a guess. `.ann`, editor
backups (`.ann~`) and `.conf` files that a wide glob catches are passed over; a text without
annotations is no BRAT document (a licence note, a README) and is set aside.
"""

from collections.abc import Iterator
from pathlib import Path

from corpus.document import SourceDocument
from corpus.readers.files import Unreadable, read_text
from corpus.settings import SourceSettings


def read_brat(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    if path.suffix != ".txt":
        return
    text = problem = ""
    if not path.with_suffix(".ann").is_file():
        problem = f"no annotations beside it ({path.stem}.ann)"
    else:
        try:
            text = read_text(path)
        except Unreadable as error:
            problem = str(error)
    if not text.strip():
        text, problem = "", problem or "no text"
    yield SourceDocument(path.stem, source, text, problem=problem)
