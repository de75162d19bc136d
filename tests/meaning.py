"""What a clinician reads in a text: quantities, comparators, ranges, chemical and accented words.

Written without a look at the cleaner and sharing no code with it, so that the two cannot be wrong
together. `facts` reads a text; `canonical` is the form in which two texts may be compared: HTML
entities decoded, mojibake repaired, NFC. `lost` compares what went into a cleaner with what came
out of it and allows for the declared spans only if they are what nobody reads as meaning: addresses
of the web, control characters, white space. Whatever else was removed is a loss.
"""

import html
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple, Protocol

import ftfy
from ftfy.badness import is_bad


class Span(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def replacement(self) -> str: ...


class Facts(NamedTuple):
    """Each in the order of the text."""

    quantities: list[str]
    """numbers with the sign or comparator before and the unit after them; ranges hang together"""
    comparators: list[str]
    chemicals: list[str]
    """words with digits, Greek letters, raised or lowered figures: `1,2-dichloroéthane`, `CD4+`"""
    accented: list[str]


_GAP = "[ \t\u00a0\u202f\u2009]"
_DIGITS = r"\d+(?:[ \u00a0\u202f\u2009]\d{3}(?!\d))*(?:[.,]\d+)*"
"""one number; two spaces or a tab between digits part two numbers"""
_NUMBER = rf"[⁺⁻+±−-]?{_DIGITS}[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]*"
_QUANTITY = re.compile(
    rf"(?:[<>≤≥=≈~≃∼]{_GAP}*)*{_NUMBER}(?:{_GAP}*[-–—/x×:±]{_GAP}*{_NUMBER})*"
    rf"(?:{_GAP}*[%‰°µμΩA-Za-zÀ-ÿ][%‰°µμΩA-Za-zÀ-ÿ²³⁻¹/.]*)?"
)
_COMPARATOR = re.compile(r"[<>≤≥=≠≈~≃∼±×÷→←↑↓]+")
_FIGURE, _LETTER = re.compile(r"[0-9₀-₉⁰-⁹α-ωΑ-Ω]"), re.compile(r"[^\W\d_]")
_ACCENTED = re.compile(r"\w*(?:[^\W\d_A-Za-z]|[ŒœÆæß])\w*")
_GAPS = re.compile(rf"{_GAP}+")

_ADDRESS = re.compile(r"\s*(?:https?://|www\.)[^\s<>\"«»]+\s*", re.I)


def facts(text: str) -> Facts:
    return Facts(
        [_GAPS.sub(" ", found) for found in _QUANTITY.findall(text)],
        _COMPARATOR.findall(text),
        [word for word in text.split() if _FIGURE.search(word) and _LETTER.search(word)],
        _ACCENTED.findall(text),
    )


def canonical(text: str) -> str:
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii() and is_bad(text):
        text = ftfy.fix_encoding(text)
    text = text.translate(_CONTROLS)
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


_CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0x7F, 0x200B, 0xFEFF))
"""nobody reads them, and they are in nobody's word"""


def lost(before: str, after: str, declared: Iterable[Span]) -> list[str]:
    """What the text after lacks of the one before, or has more; empty: the meaning is the same."""
    kept = _without(before, declared)
    was, now = canonical(kept), canonical(after)
    if was == now:
        return []
    return [
        f"{name}: {_difference(first, second)}"
        for name, first, second in zip(Facts._fields, facts(was), facts(now), strict=True)
        if first != second
    ]


def _without(text: str, declared: Iterable[Span]) -> str:
    """The text with the declared spans replaced that mean nothing; the others stay."""
    parts: list[str] = []
    position = 0
    for span in declared:
        removed = canonical(text[span.start : span.end])
        if not span.replacement.strip() and _means_nothing(removed):
            parts += text[position : span.start], _filler(removed, span.replacement)
            position = span.end
    return "".join([*parts, text[position:]])


def _means_nothing(removed: str) -> bool:
    return not removed.strip() or _ADDRESS.fullmatch(removed) is not None


def _filler(removed: str, replacement: str) -> str:
    """White space is not taken at its word: that would let `5  100` become `5 100`."""
    return replacement if removed.strip() else removed


def _difference(first: list[str], second: list[str]) -> str:
    place = next(
        (n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b),
        min(len(first), len(second)),
    )
    return f"{first[place : place + 2]} became {second[place : place + 2]}"
