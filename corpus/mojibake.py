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
_LEADS = "ÂÃÄÅÎÏâïð"
_GOES_ON = "".join(
    bytes([byte]).decode("cp1252", "ignore") + chr(byte) for byte in range(0x80, 0xC0)
)
_MOJIBAKE = re.compile(f"[{_LEADS}][{re.escape(_GOES_ON)}]|[ÂÃ] ")
MISREAD = {
    chr(byte): meant
    for byte in range(0x80, 0xA0)
    if (meant := bytes([byte]).decode("cp1252", "ignore")) and byte != 0x85
}
"""cp1252 read as Latin-1: the control characters that stand for its letters and quotes"""
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+")


def repairs(text: str) -> Iterator[Edit]:
    """Edits of the places that were repaired, and of no other."""
    if not looks_broken(text):
        return
    repaired = repair(text)
    if repaired == text:
        return
    # Wrong decoding makes of one character two or three that are not ASCII: words of ASCII stay,
    # and what changed lies between two of them.
    old, new = (list(_ASCII_WORD.finditer(side)) for side in (text, repaired))
    if [word[0] for word in old] != [word[0] for word in new]:
        yield _narrowed(text, 0, len(text), repaired)
        return
    ends = zip([0, *(w.end() for w in old)], [*(w.start() for w in old), len(text)], strict=True)
    new_ends = zip(
        [0, *(w.end() for w in new)], [*(w.start() for w in new), len(repaired)], strict=True
    )
    for (start, end), (new_start, new_end) in zip(ends, new_ends, strict=True):
        if text[start:end] != repaired[new_start:new_end]:
            yield _narrowed(text, start, end, repaired[new_start:new_end])


def looks_broken(text: str) -> bool:
    """The test before ftfy, which alone decides."""
    return any(lead in text for lead in _LEADS) and _MOJIBAKE.search(text) is not None


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
