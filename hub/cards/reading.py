"""Cards that other people wrote, read whatever state they are in.

    card = read(bytes)          header, body, and what is wrong with it, in sentences
    notes(card.body)            what a person wrote between the marked lines
    without_notes(bytes)        all the rest, to be compared

The marked lines are link definitions that no Markdown renderer shows:

    [//]: # (by hand: begin)
    Anything: it stays when the card is written again.
    [//]: # (by hand: end)

A card is text from a stranger. Nothing in it can raise: what cannot be read is left as text, with
a sentence in `problems`.
"""

import re
from typing import Any, NamedTuple

from hub.rehearsal import card as hub_card

BEGIN = "[//]: # (by hand: begin)"
END = "[//]: # (by hand: end)"

MAX_CHARACTERS = 10_000_000
"""what is beyond is not read: a card is for people"""

_OPENING = re.compile(r"\A\s*---[ \t]*(\r\n|\r|\n)")


class Notes(NamedTuple):
    """What people, and not manifests, say on a card. Markdown, both may be empty."""

    written: str = ""
    """brought by the release: outside of the marked lines"""
    kept: str = ""
    """written on the Hub, between the marked lines: it goes back there"""


NO_NOTES = Notes()


class Card(NamedTuple):
    header: dict[str, Any]
    """empty where there is none that can be read"""
    body: str
    """with plain line ends"""
    problems: list[str]


def read(data: bytes | str, kind: str = "model") -> Card:
    """`kind`: model, dataset or space, whose rules the header is held against. Never raises."""
    text, problems = _text(data)
    try:
        parts = hub_card.read(text)
        found = hub_card.problems(text, kind)
        problems += [*found.errors, *found.warnings]
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError,
            RecursionError) as error:  # fmt: skip
        # a header that defeats the check is the header's problem, and has to be told
        return Card({}, text, [*problems, f"the header cannot be read: {type(error).__name__}"])
    if not parts.data and parts.problem is None and _OPENING.match(text):
        problems.append("a header begins and does not end, or is empty")
    return Card(dict(parts.data), parts.body, problems)


def _text(data: bytes | str) -> tuple[str, list[str]]:
    problems = []
    if isinstance(data, bytes):
        text = data.decode("utf-8", errors="replace")
        if "\ufffd" in text and b"\xef\xbf\xbd" not in data:
            problems.append("it is not UTF-8: what could not be read is shown as �")
    else:
        text = data
    if text.startswith("\ufeff"):
        text = text.removeprefix("\ufeff")
        problems.append("it begins with a byte order mark")
    if len(text) > MAX_CHARACTERS:
        text = text[:MAX_CHARACTERS]
        problems.append(f"it is longer than {MAX_CHARACTERS:,} characters: the rest is not read")
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
        problems.append("it has NUL characters")
    return text.replace("\r\n", "\n").replace("\r", "\n"), problems


def notes(text: str) -> list[str]:
    """What stands between the marked lines, each part as it is; an open end reaches to the end."""
    found: list[list[str]] = []
    inside = False
    for line in text.split("\n"):
        mark = line.strip()
        if mark == BEGIN:
            inside = True
            found.append([])
        elif mark == END:
            inside = False
        elif inside:
            found[-1].append(line)
    return [part for part in ("\n".join(lines).strip("\n") for lines in found) if part.strip()]


def without_notes(data: bytes | str) -> str:
    """The whole text but for what stands between the marked lines, with plain line ends."""
    text, _ = _text(data)
    kept: list[str] = []
    inside = False
    for line in text.split("\n"):
        inside = inside and line.strip() != END
        if not inside:
            kept.append(line)
        inside = inside or line.strip() == BEGIN
    return "\n".join(kept)


def block(kept: str = "") -> str:
    """The marked lines with `kept` between them; an empty block invites a first note."""
    inside = kept.strip("\n")
    return f"{BEGIN}\n\n{inside}\n\n{END}" if inside else f"{BEGIN}\n\n{END}"
