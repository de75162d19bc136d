"""TMX translation memories: one language of the pairs, read as a stream (they reach gigabytes).

There are no documents in a TMX, only units in the order of the texts they came from: twenty units
make a document, as in `sentences`. The language is that of the settings; regions are ignored, and
units that lack it are passed over. Inline codes of the file format (`<bpt>`, `<ph>` …) are not
text, what stands between them is.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from corpus.document import SourceDocument
from corpus.readers.files import Unreadable
from corpus.readers.language import language_code
from corpus.readers.markup import XML_LANG, Vocabulary, flat, stream
from corpus.readers.sentences import SENTENCES
from corpus.settings import SourceSettings

_TMX = Vocabulary(blocks=frozenset(), dropped=frozenset({"bpt", "ept", "it", "ph", "ut"}))


def read_tmx(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    """What stands before the place where a file breaks is kept."""
    problems: list[str] = []
    segments = _segments(path, language_code(settings.language), problems)
    number = 0
    while block := list(islice(segments, SENTENCES)):
        number += 1
        text = "\n".join(block)
        yield SourceDocument(f"{path.stem}:{number}", source, text, settings.language)
    if not number and not problems:
        problems.append(f"no translation unit in {settings.language}")
    for problem in problems:
        yield SourceDocument(f"{path.stem}:{number + 1}", source, "", problem=problem)


def _segments(path: Path, language: str, problems: list[str]) -> Iterator[str]:
    """One line a unit; where parsing ends early, `problems` says why."""
    try:
        for unit in stream(path, "tu"):
            for variant in unit.iterfind("{*}tuv"):
                said = variant.get(XML_LANG) or variant.get("lang") or ""  # `lang`: TMX 1.1
                segment = variant.find("{*}seg")
                if language_code(said) == language and segment is not None:
                    text = flat(segment, _TMX)
                    if text:
                        yield text
    except Unreadable as error:
        problems.append(str(error))
