"""What a text may need of cleaning, told in one look at all its characters.

    >>> bool(marks("37,5 °C") & SPACES), bool(marks("37,5  °C") & SPACES)
    (False, True)

A table has a bit a mark for each character, and for a mark of two characters another one five bits
above: what the character may begin, and what it may end. Such a mark stands where a character
begins what the next one ends. A mark that is set is a reason to search for what it stands for,
which alone decides; one that is not set says that there is none.
"""

import unicodedata

import numpy as np
from numpy.typing import NDArray

from corpus.mojibake import GOES_ON, LEADS

RARE, CONTROL, BREAKS, COMPOSES = (1 << bit for bit in range(4))
"""`&`, tab or carriage return; a control character; a line end; what may not be NFC"""
SPACES, TRAILING, BROKEN, SLASHES, WWW = (1 << bit for bit in range(4, 9))
"""two spaces; a space before a line end; what a misread letter is made of; two slashes; `ww`"""
ALL = (1 << 9) - 1
_ALONE = RARE | CONTROL | BREAKS | COMPOSES
_PAIRS = SPACES | TRAILING | BROKEN | SLASHES | WWW
_ENDS = 5
"""bits from what begins to what ends"""

_NFC = (
    range(0x0300), range(0x0370, 0x0483), range(0x048A, 0x0530), range(0x1E00, 0x1F00),
    range(0x2002, 0x20D0), range(0x2100, 0x2300), range(0x4E00, 0xA000),
    range(0xE000, 0xF900),
)  # fmt: skip
"""blocks where nothing composes with the character before it"""


def _table() -> NDArray[np.uint16]:
    table = np.full(1 << 16, COMPOSES, np.uint16)
    for block in _NFC:
        table[block.start : block.stop] = 0
        for point in block if block.start < 0x4E00 else ():
            if not unicodedata.is_normalized("NFC", chr(point)):
                table[point] = COMPOSES
    for characters, begins, ends in (
        ("&\t\r", RARE, 0), ("\n", BREAKS, TRAILING), (" ", SPACES | TRAILING, SPACES | BROKEN),
        ("/", SLASHES, SLASHES), ("w", WWW, WWW), (LEADS, BROKEN, 0), (GOES_ON, 0, BROKEN),
    ):  # fmt: skip
        table[[ord(character) for character in characters]] |= begins | ends << _ENDS
    for point in (*range(32), *range(0x7F, 0xA0), 0x200B, 0xFEFF, 0xFFFE, 0xFFFF):
        if chr(point) not in "\t\n\r\x85":
            table[point] |= CONTROL
    return table


_TABLE = _table()
_KINDS = _TABLE.tolist()
_FEW = 80
"""characters, which one by one take no longer than a call of numpy"""


def marks(text: str) -> int:
    seen = beside = before = 0
    if len(text) <= _FEW:
        for point in map(ord, text):
            kinds = _KINDS[point] if point < len(_KINDS) else COMPOSES
            seen |= kinds
            beside |= before << _ENDS & kinds
            before = kinds
    else:
        seen, beside = _marks_of_many(text)
    return seen & _ALONE | beside >> _ENDS & _PAIRS


def _marks_of_many(text: str) -> tuple[int, int]:
    """What characters are alone, and what neighbours are together."""
    codes = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.uint16)
    found = _TABLE.take(codes, mode="clip")
    beside = found[:-1] << _ENDS
    beside &= found[1:]
    return int(np.bitwise_or.reduce(found)), int(np.bitwise_or.reduce(beside))
