"""Moses: parallel text as one file a language, line by line (`EMEA.en-fr.en`, `EMEA.en-fr.fr`).

The side of the settings' `language` is read as lines of sentences; a glob may catch both. A side
that is shorter than its partner was cut short, which one file alone would not show: this is said
in a document set aside, and the lines that are there are kept.
"""

from collections.abc import Iterator
from pathlib import Path

from corpus.document import SourceDocument
from corpus.readers.files import Unreadable, read_raw_lines
from corpus.readers.language import language_code
from corpus.readers.sentences import read_sentences
from corpus.settings import SourceSettings


def read_moses(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    bare, language = _side(path)
    if language_code(language) != language_code(settings.language):
        return
    yield from read_sentences(source, settings, path)
    partners = [p for p in sorted(path.parent.glob("*")) if p != path and _side(p)[0] == bare]
    partners = [partner for partner in partners if len(_side(partner)[1]) == len(language)]
    try:
        mine = _count(path)
        for partner in partners:
            if (theirs := _count(partner)) != mine:
                problem = f"{mine} lines, its partner {partner.name} {theirs}: one is cut short"
                yield SourceDocument(f"{path.name}:pair", source, "", problem=problem)
        if not partners:
            yield SourceDocument(
                f"{path.name}:pair", source, "", problem="no file of the other side"
            )
    except Unreadable as error:
        yield SourceDocument(f"{path.name}:pair", source, "", problem=str(error))


def _side(path: Path) -> tuple[str, str]:
    """The name without its language, and the language: its last ending that is no packing."""
    name = path.name
    for packing in (".gz", ".bz2", ".zst"):
        name = name.removesuffix(packing)
    bare, _, language = name.rpartition(".")
    return bare, language


def _count(path: Path) -> int:
    return sum(1 for _ in read_raw_lines(path))
