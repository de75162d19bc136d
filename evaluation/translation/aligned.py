"""Is what came back the same question? Asked without knowing either language.

    >>> source = {"question": "How much of it a day?", "option_A": "5 mg", "option_B": "0.5 mg"}
    >>> why_not(source, source | {"question": "Combien par jour ?", "option_A": "0,5 mg"})
    'the numbers of option_A'

Text by text there have to be the same keys, some text, and the same numbers, whatever separates
their digits. No option may have become another one, or its letter be said twice.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

Texts = Mapping[str, str]
"""question, passage, option_A, option_B, ... -> text"""

OPTION = "option_"
UNTRANSLATED_WORDS = 4
"""a text of so many words that is the same in both languages was not translated"""

_GROUPED = re.compile(r"(?<=\d)[.,'’ \u00a0\u2009\u202f](?=\d{3}(?!\d))")
_LETTER = re.compile(r"\s*[A-J]\s*[.):]\s")


def why_not(source: Texts, found: Any) -> str:
    """Why a translation cannot be used; empty where it can."""
    if not isinstance(found, dict) or found.keys() != source.keys():
        return "other fields"
    if not all(isinstance(text, str) and text.strip() for text in found.values()):
        return "an empty text"
    for name, text in source.items():
        if numbers(text) != numbers(found[name]):
            return f"the numbers of {name}"
        if _LETTER.match(found[name]) and not _LETTER.match(text):
            return f"a letter before {name}"
    options = [name for name in source if name.startswith(OPTION)]
    before, after = ([_plain(texts[name]) for name in options] for texts in (source, found))
    for number, text in enumerate(after):
        if text != before[number] and text in before:
            return "options in another order"
    if len(set(after)) < len(set(before)):
        return "two options became one"
    long = [name for name in source if not name.startswith(OPTION)]
    if any(
        _plain(found[name]) == _plain(source[name])
        and len(source[name].split()) > UNTRANSLATED_WORDS
        for name in long
    ):
        return "not translated"
    return ""


def numbers(text: str) -> list[str]:
    """Runs of digits, sorted: 1,000 and 1 000 are one number, 0.5 and 0,5 the same two runs."""
    joined = _GROUPED.sub("", text)
    return sorted(
        "".join(str(unicodedata.digit(digit)) for digit in run)
        for run in re.findall(r"\d+", joined)
    )


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
