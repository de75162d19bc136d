"""Cleaning that keeps meaning: not one dose, unit, comparator, range or accent changes.

    >>> clean("37,5\\u00a0°C  au  lever \\x07(≥ 30 µg/kg), voir https://exemple.fr/a").text
    '37,5\\xa0°C au lever (≥ 30 µg/kg), voir'

Done: mojibake repaired (where a test finds it), NFC, URLs and control characters removed, runs of
spaces folded. Not done: any compatibility mapping (NFKC turns `µ` into `μ` and `²` into `2`), any
folding of spaces between digits (`5  100` is two numbers, `5 100` is one).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

_MOJIBAKE = re.compile(r"Ã[\x80-\xbf©¨ª«´®¯§¢¹»¼]|Â[\xa0°«»µ±]|â‚¬|â€|Å“|ï»¿")
_URL = re.compile(
    r"\bhttps?://[^\s<>\"«»]+[^\s<>\"«».,;:!?)\]]|\bwww\.[^\s<>\"«»]+[^\s<>\"«».,;:!?)\]]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff\u200b]")
# The first space stands before the look-around: only then does `re` search for one quickly.
_SPACES = re.compile(r"[ \t](?:(?<!\d[ \t])[ \t]+|[ \t]+(?!\d)|[ \t]{2,})")
_EDGES = re.compile(r"[ \t]+$", re.M)
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Cleaned:
    text: str
    edits: dict[str, int]
    """how many spans of each class were removed or repaired"""


def clean(text: str) -> Cleaned:
    """The text as it may be trained on and published, with what was done to it counted.

    Repeated until nothing changes: what one removal brings together can be mojibake or a URL again.
    """
    edits: Counter[str] = Counter()
    before = None
    while text != before:
        before = text
        text = _once(text, edits)
    return Cleaned(text, {name: count for name, count in edits.items() if count})


def _once(text: str, edits: Counter[str]) -> str:
    if _MOJIBAKE.search(text):
        repaired = _repair(text)
        edits["mojibake"] += int(repaired != text)
        text = repaired
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    for name, pattern, by in _REMOVED:
        text, count = pattern.subn(by, text)
        edits[name] += count
    return _BLANK_LINES.sub("\n\n", _EDGES.sub("", text)).strip()


def _fold(match: re.Match[str]) -> str:
    """One space; two where a single one would make a digit group of two numbers."""
    before = match.string[match.start() - 1 : match.start()]
    after = match.string[match.end() : match.end() + 1]
    return "  " if before.isdigit() and after.isdigit() else " "


_REMOVED: tuple[tuple[str, re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    ("control", _CONTROL, ""),
    ("url", _URL, ""),
    ("spaces", _SPACES, _fold),
)


def _repair(text: str) -> str:
    import ftfy

    config = ftfy.TextFixerConfig(
        unescape_html=False,
        remove_terminal_escapes=False,
        fix_latin_ligatures=False,
        fix_character_width=False,
        uncurl_quotes=False,
        fix_line_breaks=False,
        remove_control_chars=False,
        normalization=None,
        restore_byte_a0=True,
        replace_lossy_sequences=False,
    )
    return ftfy.fix_text(text, config)
