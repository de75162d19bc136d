"""Text that was decoded with the wrong table, found by a cheap test and repaired by ftfy.

    >>> [edit.replacement for edit in repairs("RÃ‰SUMÃ‰ : lâ€™Ã©tÃ©, â‰¥ 37 Â°C")]
    ['É', 'É', '’é', 'é, ≥', '']

ftfy on everything costs several times the reading and writing of a corpus, so it runs behind a
test. `benchmarks/cleaning.py` measures what the test misses.
"""

import re
from collections.abc import Iterator

from corpus.edits import Edit

# UTF-8 read as cp1252 or Latin-1: the byte that leads a Latin, Greek or punctuation character, then
# one that goes on. `Ã©` is é, `â‰¥` is ≥, `Î²` is β. A space may stand for the byte A0 of `Ã\xa0`.
LEADS = "ÂÃÄÅÎÏâïð"
GOES_ON = "".join(
    bytes([byte]).decode("cp1252", "ignore") + chr(byte) for byte in range(0x80, 0xC0)
)
_SPACED = "ÂÃ"
_MOJIBAKE = [
    (lead, re.compile(f"{lead}[{re.escape(GOES_ON)}{' ' * (lead in _SPACED)}]")) for lead in LEADS
]
"""one for each, since a search for what begins with a letter jumps from one to the next"""
MISREAD = {
    chr(byte): meant
    for byte in range(0x80, 0xA0)
    if (meant := bytes([byte]).decode("cp1252", "ignore")) and byte != 0x85
}
"""cp1252 read as Latin-1: the control characters that stand for its letters and quotes"""
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+")


def repairs(text: str) -> Iterator[Edit]:
    """Edits of the places that were repaired, and of no other.

    ftfy judges line by line; only lines that look broken are shown to it.
    """
    if not looks_broken(text):
        return
    position = 0
    for line in text.split("\n"):
        if looks_broken(line):
            for edit in _repairs_of(line):
                yield edit._replace(start=edit.start + position, end=edit.end + position)
        position += len(line) + 1


def _repairs_of(line: str) -> Iterator[Edit]:
    repaired = repair(line)
    if repaired == line:
        return
    # Wrong decoding makes of one character two or three that are not ASCII: words of ASCII stay,
    # and what changed lies between two of them.
    kept = _ASCII_WORD.findall(line)
    if kept != _ASCII_WORD.findall(repaired):
        yield _narrowed(line, 0, len(line), repaired)
        return
    position = 0
    gaps, new_gaps = _ASCII_WORD.split(line), _ASCII_WORD.split(repaired)
    for gap, new_gap, word in zip(gaps, new_gaps, [*kept, ""], strict=True):
        if gap != new_gap:
            yield _narrowed(line, position, position + len(gap), new_gap)
        position += len(gap) + len(word)


def looks_broken(text: str) -> bool:
    """The test before ftfy, which alone decides."""
    return any(lead in text and pattern.search(text) for lead, pattern in _MOJIBAKE)


def _narrowed(text: str, start: int, end: int, replacement: str) -> Edit:
    """Without what is the same at both ends."""
    while start < end and replacement and text[start] == replacement[0]:
        start, replacement = start + 1, replacement[1:]
    while start < end and replacement and text[end - 1] == replacement[-1]:
        end, replacement = end - 1, replacement[:-1]
    return Edit(start, end, "mojibake", replacement)


def repair(text: str) -> str:
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
    return str(ftfy.fix_text(text, config))
