"""What cleaning did to a text, edit by edit: a span of the input, its class, what stands there now.

    >>> draft = Draft("30  mg http://a.fr")
    >>> draft.substitute("url", re.compile(r"http\\S+"), "")
    >>> draft.substitute("spaces", re.compile(r" +"), " ")
    >>> draft.text, draft.edits
    ('30 mg ', [Edit(start=2, end=4, kind='spaces', replacement=' '), \
Edit(start=7, end=18, kind='url', replacement='')])

Spans are always those of the text as it was read, however many steps lie between, so that
`apply(text, edits)` is the cleaned text and nothing was changed without an edit that says so.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

Kind = Literal[
    "spaces", "line_end", "unicode", "apostrophe", "punctuation", "entity", "mojibake", "character",
    "control", "url", "long_word", "too_short",
]  # fmt: skip
"""Where one span was edited twice, the class further right says more about what is lost."""
_WEIGHT = {kind: weight for weight, kind in enumerate(get_args(Kind))}


class Edit(NamedTuple):
    start: int
    end: int
    kind: Kind
    replacement: str


@dataclass(frozen=True)
class Cleaned:
    text: str
    edits: tuple[Edit, ...]
    """in the order of the text, without overlaps"""

    @property
    def counts(self) -> dict[str, int]:
        """how many spans of each class were removed or replaced"""
        return dict(Counter([edit.kind for edit in self.edits])) if self.edits else {}


class Draft:
    """A text on its way through several steps, with the edits so far as edits of the input."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.edits: list[Edit] = []

    def substitute(
        self, kind: Kind, pattern: re.Pattern[str], by: str | Callable[[re.Match[str]], str]
    ) -> None:
        self.edit(
            Edit(*found.span(), kind, by if isinstance(by, str) else by(found))
            for found in pattern.finditer(self.text)
        )

    def edit(self, edits: Iterable[Edit]) -> bool:
        """Edits of the text as it is now: did any of them change it?"""
        new = [e for e in edits if e.replacement != self.text[e.start : e.end]]
        if new:
            self.edits = compose(self.edits, new, self.text) if self.edits else new
            self.text = apply(self.text, new)
        return bool(new)


def apply(text: str, edits: Sequence[Edit]) -> str:
    parts: list[str] = []
    position = 0
    for edit in edits:
        parts += text[position : edit.start], edit.replacement
        position = edit.end
    return "".join([*parts, text[position:]])


def compose(first: Sequence[Edit], second: Sequence[Edit], between: str) -> list[Edit]:
    """One list of edits in place of two: `first` made `between`, `second` are edits of that.

    Edits that overlap become one, of the weightiest class among them.
    """
    result: list[Edit] = []
    shift = 0  # what to add to a position in `between` for the one in the input
    i = j = 0
    while i < len(first) or j < len(second):
        start = first[i].start - shift if i < len(first) else len(between) + 1
        if j == len(second) or (i < len(first) and _end(first[i], shift) <= second[j].start):
            result.append(first[i])
            shift += _growth(first[i])
            i += 1
            continue
        if second[j].end <= start:
            low, high, kind, replacement = second[j]
            result.append(Edit(low + shift, high + shift, kind, replacement))
            j += 1
            continue
        low = high = min(start, second[j].start)
        origin, first_before, before, touched = low + shift, i, j, True
        while touched:
            touched = False
            if i < len(first) and first[i].start - shift < max(high, low + 1):
                high = max(high, _end(first[i], shift))
                shift += _growth(first[i])
                i, touched = i + 1, True
            elif j < len(second) and second[j].start < max(high, low + 1):
                high = max(high, second[j].end)
                j, touched = j + 1, True
        inner = [Edit(a - low, b - low, kind, by) for a, b, kind, by in second[before:j]]
        replacement = apply(between[low:high], inner)
        kinds = [edit.kind for edit in (*first[first_before:i], *second[before:j])]
        result.append(Edit(origin, high + shift, max(kinds, key=_WEIGHT.__getitem__), replacement))
    return result


def _end(edit: Edit, shift: int) -> int:
    """Where the replacement ends in the text that the edit made."""
    return edit.start - shift + len(edit.replacement)


def _growth(edit: Edit) -> int:
    return edit.end - edit.start - len(edit.replacement)
