"""Cleaning that keeps meaning: not one dose, unit, comparator, range or accent changes.

    >>> clean("37,5\\u00a0°C  au  lever \\x07(≥ 30 µg/kg), voir https://exemple.fr/a").text
    '37,5\\xa0°C au lever (≥ 30 µg/kg), voir'

Done, each as a recorded edit: HTML entities decoded, mojibake repaired (where a test finds it),
NFC, line ends made one kind, URLs and control characters removed, runs of spaces folded. Not done:
any compatibility mapping (NFKC turns `µ` into `μ` and `²` into `2`), any folding of spaces between
digits (`5  100` is two numbers, `5 100` is one). Boilerplate is left to the readers: they know
which part of their form is navigation, and a phrase looks the same in a menu and in a leaflet.

Most of a corpus needs nothing, and what needs something needs it in a few places: one look at all
characters (`corpus.marks`) tells which searches are for nothing, and after an edit only the words
around it are looked at again.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterator

from corpus.edits import Cleaned, Draft, Edit
from corpus.marks import (
    ALL,
    BREAKS,
    BROKEN,
    COMPOSES,
    CONTROL,
    RARE,
    SLASHES,
    SPACES,
    TRAILING,
    WWW,
    marks,
)  # fmt: skip
from corpus.mojibake import LEADS, MISREAD, repairs
from corpus.settings import CleaningName

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_COMPOSABLE = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+")
"""normalising these alone normalises the text: ASCII composes with nothing before it"""
_LINE_END = re.compile(r"\r\n?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff\u200b]")
_URL_REST = r"[^\s<>\"«»]+[^\s<>\"«».,;:!?)\]]"
_HTTP = re.compile(rf"\bhttps?://{_URL_REST}")
_WWW = re.compile(rf"\bwww\.{_URL_REST}")
_LAYOUT = re.compile(
    r"[ \t\n](?=[ \t\n])(?:(?<=\n)(?:[ \t]+\n|\n[ \t]*\n)(?:[ \t]*\n)*"
    r"|(?<!\n)(?:[ \t]*\n(?:[ \t]*\n)*|[ \t]+))"
)
"""trailing spaces and runs of empty lines, else a run of spaces"""


def clean(text: str, cleaning: CleaningName = "clinical") -> Cleaned:
    """The text as it may be trained on and published, with every change of it."""
    if cleaning == "flaubert":
        from corpus.flaubert import clean_as_flaubert

        return clean_as_flaubert(text)
    return _clean_clinical(text)


def _clean_clinical(text: str) -> Cleaned:
    draft = Draft(text)
    seen = marks(text)
    while True:
        near = _settle(draft, seen)
        runs = list(_layout(draft, seen, near))
        # A run of spaces may have hidden what is seen as misread now.
        uncovered = (seen | near) & BROKEN or any(
            draft.text[run.start - 1] in LEADS for run in runs
        )
        if not (draft.edit(runs) and uncovered and draft.edit(repairs(draft.text))):
            return Cleaned(draft.text, tuple(draft.edits))
        seen = ALL


def _settle(draft: Draft, seen: int) -> int:
    """Repeated until nothing changes: what one removal brings together can be a URL again.

    `seen` are the marks of the text; returned are those of the places that were edited.
    """
    near, found = 0, seen
    while True:
        changed = all_again = False
        for mark, edits in _STEPS:
            if found & mark and draft.edit(edits(draft.text)):
                changed, found = True, ALL
                # What ftfy leaves depends on the whole line, which a later step may change.
                all_again |= edits is repairs
        if not changed:
            return near
        touched = draft.text if all_again else _touched(draft)
        found = marks(touched)
        near |= found
        if not any(found & mark and any(edits(touched)) for mark, edits in _STEPS):
            return near


_CHARACTERS_AN_EDIT = 1_000
"""looking around one edit takes as long as looking at so much text"""


def _touched(draft: Draft) -> str:
    """The words that edits touched: another round could find something only in these."""
    return "|".join(draft.text[low:high] for low, high in _around_edits(draft))


def _around_edits(draft: Draft) -> list[tuple[int, int]]:
    """Spans of the text, in order and apart: no step looks beyond a space or a line end, but for
    the misread letter before one."""
    text, shift = draft.text, 0
    if len(draft.edits) * _CHARACTERS_AN_EDIT > len(text):
        return [(0, len(text))]
    spans: list[tuple[int, int]] = []
    for edit in draft.edits:
        start = edit.start + shift
        end = start + len(edit.replacement)
        shift += len(edit.replacement) - (edit.end - edit.start)
        low = max(text.rfind(" ", 0, start), 0)
        low = max(text.rfind("\n", low, start), low)
        high = _place(text, " ", end, len(text))
        high = _place(text, "\n", end, high)
        # Two more on either side: line ends that meet.
        low, high = max(low - 2, 0), min(high + 3, len(text))
        if spans and low <= spans[-1][1]:
            low, _ = spans.pop()
        spans.append((low, high))
    return spans


def _place(text: str, character: str, start: int, end: int) -> int:
    place = text.find(character, start, end)
    return end if place < 0 else place


def _entities(text: str) -> Iterator[Edit]:
    for found in _ENTITY.finditer(text):
        yield Edit(*found.span(), "entity", html.unescape(found[0]))


def _composed(text: str) -> Iterator[Edit]:
    if not unicodedata.is_normalized("NFC", text):
        for found in _COMPOSABLE.finditer(text):
            if not unicodedata.is_normalized("NFC", found[0]):
                yield Edit(*found.span(), "unicode", unicodedata.normalize("NFC", found[0]))


def _controls(text: str) -> Iterator[Edit]:
    """Removed; but what cp1252 has in their place (`l\x92enfant`) is a letter that was misread."""
    for found in _CONTROL.finditer(text):
        meant = MISREAD.get(found[0], "")
        yield Edit(*found.span(), "mojibake" if meant else "control", meant)


def _line_ends(text: str) -> Iterator[Edit]:
    for found in _LINE_END.finditer(text):
        yield Edit(*found.span(), "line_end", "\n")


def _addresses(opening: str, pattern: re.Pattern[str]) -> Callable[[str], Iterator[Edit]]:
    """Looked for from one `opening` to the next, which is twice as fast as by the pattern."""

    def edits(text: str) -> Iterator[Edit]:
        place = text.find(opening)
        while place >= 0:
            found = pattern.match(text, place)
            if found:
                yield Edit(*found.span(), "url", "")
            place = text.find(opening, found.end() if found else place + 1)

    return edits


_STEPS: tuple[tuple[int, Callable[[str], Iterator[Edit]]], ...] = (
    (RARE, _entities),
    (BROKEN, repairs),
    (COMPOSES, _composed),
    (RARE, _line_ends),
    (CONTROL, _controls),
    (SLASHES, _addresses("http", _HTTP)),
    (WWW, _addresses("www.", _WWW)),
)
"""(mark without which there is nothing to do, edits)"""


def _layout(draft: Draft, seen: int, near: int) -> Iterator[Edit]:
    """Runs of spaces, trailing spaces, more than one empty line, and what stands at the ends."""
    text = draft.text
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    if start:
        yield Edit(0, start, "spaces", "")
    either = seen | near
    lines = (
        either & TRAILING
        or (either & RARE and "\t" in text)
        or (either & BREAKS and "\n\n\n" in text)
    )
    for low, high in _runs(draft, start, end, seen, near, bool(lines)):
        breaks = text.count("\n", low, high) if lines else 0
        if breaks:
            yield Edit(low, high, "spaces", "\n" if breaks == 1 else "\n\n")
        elif text[low - 1].isdigit() and text[high].isdigit():
            # A single space would make a digit group of two numbers.
            yield Edit(low, high, "spaces", text[low:high] if high - low == 2 else "  ")
        else:
            yield Edit(low, high, "spaces", " ")
    if start <= end < len(text):
        yield Edit(end, len(text), "spaces", "")


def _runs(
    draft: Draft, start: int, end: int, seen: int, near: int, lines: bool
) -> Iterator[tuple[int, int]]:
    """Spans of white space to fold, between `start` and `end`."""
    if lines:
        found = _LAYOUT.finditer(draft.text, start, max(start, end))
        return (run.span() for run in found)
    if seen & SPACES:
        return _doubled(draft.text, start, end)
    around = _around_edits(draft) if near & SPACES else []
    return (
        run for low, high in around for run in _doubled(draft.text, max(low, start), min(high, end))
    )


def _doubled(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Runs of spaces: all that there is to fold in most texts, and found several times faster."""
    low = text.find("  ", start, end)
    while low >= 0:
        high = low + 2
        while text[high] == " ":
            high += 1
        yield low, high
        low = text.find("  ", high, end)
