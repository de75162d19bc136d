"""Cleaning that keeps meaning: not one dose, unit, comparator, range or accent changes.

    >>> clean("37,5\\u00a0°C  au  lever \\x07(≥ 30 µg/kg), voir https://exemple.fr/a").text
    '37,5\\xa0°C au lever (≥ 30 µg/kg), voir'

Done, each as a recorded edit: HTML entities decoded, mojibake repaired (where a test finds it),
NFC, line ends made one kind, URLs and control characters removed, runs of spaces folded. Not done:
any compatibility mapping (NFKC turns `µ` into `μ` and `²` into `2`), any folding of spaces between
digits (`5  100` is two numbers, `5 100` is one). Boilerplate is left to the readers: they know
which part of their form is navigation, and a phrase looks the same in a menu and in a leaflet.

Most of a corpus needs nothing: before each search comes a test that costs a few ns a character.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterator

from corpus.edits import Cleaned, Draft, Edit, Kind
from corpus.mojibake import MISREAD, repairs
from corpus.settings import CleaningName

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_COMPOSABLE = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+")
"""normalising these alone normalises the text: ASCII composes with nothing before it"""
_LINE_END = re.compile(r"\r\n?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff\u200b]")
# The look-behinds come after the literals, so that the search can jump from one to the next.
_URL_REST = r"[^\s<>\"«»]+[^\s<>\"«».,;:!?)\]]"
_HTTP = re.compile(rf"http(?<=\bhttp)s?://{_URL_REST}")
_WWW = re.compile(rf"www\.(?<=\bwww\.){_URL_REST}")
_LAYOUT = re.compile(r"[ \t]+\n(?:[ \t]*\n)*|\n[ \t]+\n(?:[ \t]*\n)*|\n\n(?:[ \t]*\n)+|[ \t]{2,}")
_SPACES = re.compile(r"  +")
"""all that there is to fold in most texts, and found several times faster"""


def clean(text: str, cleaning: CleaningName = "clinical") -> Cleaned:
    """The text as it may be trained on and published, with every change of it."""
    if cleaning == "flaubert":
        from corpus.flaubert import clean_as_flaubert

        return clean_as_flaubert(text)
    return _clean_clinical(text)


def _clean_clinical(text: str) -> Cleaned:
    draft = Draft(text)
    _settle(draft)
    while draft.edit(_layout(draft.text)):
        if draft.edit(repairs(draft.text)):  # a run of spaces may have hidden some
            _settle(draft)
    return Cleaned(draft.text, tuple(draft.edits))


def _settle(draft: Draft) -> None:
    """Repeated until nothing changes: what one removal brings together can be a URL again."""
    changed = True
    while changed:
        changed = False
        for needed, edits in _STEPS:
            if needed(draft.text):
                changed |= draft.edit(edits(draft.text))


def _entities(text: str) -> Iterator[Edit]:
    for found in _ENTITY.finditer(text):
        yield Edit(*found.span(), "entity", html.unescape(found[0]))


def _composed(text: str) -> Iterator[Edit]:
    for found in _COMPOSABLE.finditer(text):
        yield Edit(*found.span(), "unicode", unicodedata.normalize("NFC", found[0]))


def _controls(text: str) -> Iterator[Edit]:
    """Removed; but what cp1252 has in their place (`l\x92enfant`) is a letter that was misread."""
    for found in _CONTROL.finditer(text):
        meant = MISREAD.get(found[0], "")
        yield Edit(*found.span(), "mojibake" if meant else "control", meant)


def _all(kind: Kind, pattern: re.Pattern[str], by: str) -> Callable[[str], Iterator[Edit]]:
    def edits(text: str) -> Iterator[Edit]:
        for found in pattern.finditer(text):
            yield Edit(*found.span(), kind, by)

    return edits


_STEPS: tuple[tuple[Callable[[str], object], Callable[[str], Iterator[Edit]]], ...] = (
    (lambda text: "&" in text, _entities),
    (lambda text: not text.isascii(), repairs),
    (lambda text: not unicodedata.is_normalized("NFC", text), _composed),
    (lambda text: "\r" in text, _all("line_end", _LINE_END, "\n")),
    (_CONTROL.search, _controls),
    (lambda text: "http" in text, _all("url", _HTTP, "")),
    (lambda text: "www." in text, _all("url", _WWW, "")),
)


def _layout(text: str) -> Iterator[Edit]:
    """Runs of spaces, trailing spaces, more than one empty line, and what stands at the ends."""
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    if start:
        yield Edit(0, start, "spaces", "")
    lines = "\t" in text or " \n" in text or "\n\n\n" in text or "\n \n" in text
    if lines or "  " in text:
        for found in (_LAYOUT if lines else _SPACES).finditer(text, start, max(start, end)):
            yield Edit(*found.span(), "spaces", _folded(found))
    if start <= end < len(text):
        yield Edit(end, len(text), "spaces", "")


def _folded(found: re.Match[str]) -> str:
    """One space; two where a single one would make a digit group of two numbers."""
    breaks = found[0].count("\n")
    if breaks:
        return "\n" if breaks == 1 else "\n\n"
    before = found.string[found.start() - 1 : found.start()]
    after = found.string[found.end() : found.end() + 1]
    if before.isdigit() and after.isdigit():
        return found[0] if len(found[0]) == 2 else "  "
    return " "
