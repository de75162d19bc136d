"""What makes two documents the same, and on which side of the held-out split a document falls.

Both are functions of the text alone, so that every corpus of a release agrees on them, and copies
of one document never fall on two sides.
"""

import hashlib
import re
import unicodedata

_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """Case-folded words; punctuation and spacing do not count."""
    return _WORD.findall(unicodedata.normalize("NFC", text).casefold())


def fingerprint(text: str) -> str:
    """Equal for copies that differ in case, punctuation or spacing only."""
    folded = " ".join(words(text)) or text
    return hashlib.sha256(folded.encode()).hexdigest()


def is_held_out(fingerprint: str, share: float) -> bool:
    """Whether the document belongs to the `share` (0 to 1) that is kept for evaluation.

    The first 32 bits of the hash are uniform, so about `share` of the documents are held out.
    """
    return int(fingerprint[:8], 16) < share * 2**32
