"""What a text may need of cleaning, told in one look at all its characters.

    >>> bool(marks("37,5 °C") & SPACES), bool(marks("37,5  °C") & SPACES)
    (False, True)

Each character has its kinds in a table, one bit each; a pair of neighbours that matters is one
kind beside another. A bit that is set is a reason to search for what it stands for, which alone
decides; one that is not set says that there is none.
"""

import unicodedata

import numpy as np
from numpy.typing import NDArray

from corpus.mojibake import GOES_ON, LEADS

RARE, CONTROL, SPACES, TRAILING, BREAKS, BROKEN, COMPOSES = (1 << bit for bit in range(7))
"""`&`, tab or carriage return; a control character; two spaces; a space before a line end; a line
end; what a misread letter begins with; what may not be NFC"""
SLASHES = 1 << 7
"""two of them"""
ANY = 1 << 8
"""always set"""
ALL = (1 << 9) - 1

# Kinds of one character. A pair is a kind and the one of twice its value after it.
_RARE, _SPACE, _LINE_END, _LEAD, _GOES_ON, _CONTROL, _COMPOSES, _SLASH = (
    1 << bit for bit in range(8)
)
_NFC = (
    range(0x0300), range(0x0370, 0x0483), range(0x048A, 0x0530), range(0x1E00, 0x1F00),
    range(0x2002, 0x20D0), range(0x2100, 0x2300), range(0x4E00, 0xA000),
    range(0xE000, 0xF900),
)  # fmt: skip
"""blocks where nothing composes with the character before it"""


def _table() -> NDArray[np.uint8]:
    kinds = np.full(1 << 16, _COMPOSES, np.uint8)
    for block in _NFC:
        kinds[block.start : block.stop] = 0
        for point in block if block.start < 0x4E00 else ():
            if not unicodedata.is_normalized("NFC", chr(point)):
                kinds[point] = _COMPOSES
    for characters, kind in (
        ("&\t\r", _RARE), (" ", _SPACE | _GOES_ON), ("\n", _LINE_END), ("/", _SLASH),
        (LEADS, _LEAD), (GOES_ON, _GOES_ON),
    ):  # fmt: skip
        kinds[[ord(character) for character in characters]] |= kind
    for point in (*range(32), *range(0x7F, 0xA0), 0x200B, 0xFEFF, 0xFFFE, 0xFFFF):
        if chr(point) not in "\t\n\r\x85":
            kinds[point] |= _CONTROL
    return kinds


_KINDS = _table()


def marks(text: str) -> int:
    codes = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.uint16)
    kinds = _KINDS.take(codes, mode="clip")
    seen = int(np.bitwise_or.reduce(kinds))
    first, second = kinds[:-1], kinds[1:]
    pairs = ((first << 1) & (_LINE_END | _GOES_ON) | (first & (_SPACE | _SLASH))) & second
    beside = int(np.bitwise_or.reduce(pairs))
    return (
        ANY
        | RARE * bool(seen & _RARE)
        | CONTROL * bool(seen & _CONTROL)
        | SPACES * bool(beside & _SPACE)
        | SLASHES * bool(beside & _SLASH)
        | TRAILING * bool(beside & _LINE_END)
        | BREAKS * bool(seen & _LINE_END)
        | BROKEN * bool(beside & _GOES_ON)
        | COMPOSES * bool(seen & _COMPOSES)
    )
