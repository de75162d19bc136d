"""What makes two documents the same, and in which split a document falls.

Both are functions of the text alone, so that every corpus of a release agrees on them, and copies
of one document never fall into two splits.
"""

import hashlib
import unicodedata
from typing import Literal, NamedTuple

Split = Literal["train", "validation", "held_out"]


class Shares(NamedTuple):
    """Parts of all documents (0 to 1) that no model is trained on."""

    held_out: float
    """for the final figures"""
    validation: float
    """for choosing"""


def words(text: str) -> list[str]:
    """Case-folded words, `\\w+` of the NFC form; punctuation and spacing do not count.

    A text has few different characters: replacing those that belong to no word costs less than a
    search for words.
    """
    folded = unicodedata.normalize("NFC", text).casefold()
    for character in set(folded):
        if not (character.isalnum() or character in "_ "):
            folded = folded.replace(character, " ")
    return folded.split()


def fingerprint(text: str) -> str:
    """Equal for copies that differ in case, punctuation or spacing only."""
    return fingerprint_of(words(text), text)


def fingerprint_of(found: list[str], text: str) -> str:
    """`fingerprint` where the words of `text` were found already."""
    folded = " ".join(found) or " ".join(text.split())
    return hashlib.sha256(folded.encode()).hexdigest()


def split_of(fingerprint: str, shares: Shares) -> Split:
    """Which split the document belongs to: the first 32 bits of its hash are uniform."""
    position = int(fingerprint[:8], 16) / 2**32
    if position < shares.held_out:
        return "held_out"
    return "validation" if position < shares.held_out + shares.validation else "train"
