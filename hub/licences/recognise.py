"""Words in the wild -> a licence id of the table, an expression of such ids, or None.

Only what is read with certainty is recognised, because a wrong permissive answer is the one mistake
this project must not make: any restriction found beside a licence's name beats the name.

    >>> recognise("CC BY-NC-SA 4.0")
    'CC-BY-NC-SA-4.0'
    >>> recognise("http://creativecommons.org/licenses/by/3.0/fr/legalcode")
    'CC-BY-3.0'
    >>> recognise("MIT OR Apache-2.0")
    'Apache-2.0 OR MIT'
    >>> recognise("free for academic use") is None
    True
"""

import re
import unicodedata
from functools import lru_cache

from hub.licences.creative_commons import Found, creative_commons
from hub.licences.expression import all_of, normalised
from hub.licences.restrictions import contained_in, is_denied, restrictions
from hub.licences.table import LICENCES, aliases, patterns, restrictiveness

_MAX_CHARS = 20_000
"""No licence statement is longer; a longer one is not read, hence unknown."""

_ALIASES = aliases()
_PATTERNS = patterns()
_LOOK_ALIKES = str.maketrans(
    dict.fromkeys("‐‑‒–—−﹣－", "-")
    | dict.fromkeys("’‘ʼ´`", "'")
    | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", "")
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")
_EXPRESSION = re.compile(r"[\w.+() /-]{3,400}")
_BETWEEN = re.compile(r"\s*(?:[,;&+]|/|\b(?:and|und|et|or|oder|ou)\b)\s*")
_SHORTHAND = re.compile(r"(?:cc[ -])?(?:by[ -])?((?:nc|nd|sa)(?:[ -](?:nc|nd|sa))*)(?: (\d\.\d))?")
_DATA_ONLY = re.compile(r"[^.]{0,120}\bappl(?:y|ies) to (?:the |all )?(?:meta)?data\b")


def recognise(statement: str) -> str | None:
    """The licence that `statement` names, or None where that is not certain."""
    if not statement or len(statement) > _MAX_CHARS:
        return None
    return _recognise(statement)


def restricts(statement: str) -> bool:
    """Whether `statement` takes rights back, be a licence recognised in it or not."""
    if not statement or len(statement) > _MAX_CHARS:
        return False
    return bool(restrictions(_plain(statement)) - {"SA"})


@lru_cache(maxsize=8_192)
def _recognise(statement: str) -> str | None:
    if _CONTROL.search(statement):
        return None
    words = _plain(statement)
    return _exact(words) or _expression(statement, words) or _in_prose(words)


def _plain(statement: str) -> str:
    """Lower case, one kind of dash and quote, single spaces."""
    if not statement.isascii():
        statement = unicodedata.normalize("NFKC", statement.translate(_LOOK_ALIKES))
    return " ".join(statement.lower().split())


def _exact(words: str) -> str | None:
    bare = words.strip(" .;,\"'()").removesuffix("/")
    return (
        _ALIASES.get(words)
        or _ALIASES.get(bare)
        or _ALIASES.get(bare.replace("_", " "))
        or _ALIASES.get(bare.replace(" ", "-"))
    )


def _expression(statement: str, words: str) -> str | None:
    """Several licences joined, and nothing else said."""
    if not _EXPRESSION.fullmatch(words) and "," not in words and ";" not in words:
        return None
    upper = f" {statement} "
    if " OR " in upper or " AND " in upper or " WITH " in upper or "(" in statement:
        found = normalised(statement, lambda name: _named(name.lower()))
        if found:
            return found
    if len(words) > 200:
        return None
    pieces = [piece for piece in _BETWEEN.split(words) if piece]
    if len(pieces) < 2:
        return None
    ids = [_named(piece) for piece in pieces]
    named = [id for id in ids if id]
    if len(named) != len(pieces):
        return None
    between = set(_BETWEEN.findall(words))
    # "A, B" and "A/B" may mean either: that all of them bind is the safe reading.
    if {one.strip() for one in between} <= {"or", "oder", "ou"}:
        return " OR ".join(sorted(set(named)))
    return all_of(named)


def _named(piece: str) -> str | None:
    """One licence, alone."""
    found = _exact(piece)
    if found:
        return found
    if shorthand := _SHORTHAND.fullmatch(piece):  # "NC-SA 3.0" is said for CC BY-NC-SA 3.0
        piece = f"cc by-{shorthand[1]} {shorthand[2] or ''}".strip()
    whole = [one for one in creative_commons(piece) if (one.start, one.end) == (0, len(piece))]
    return whole[0].id or None if len(whole) == 1 else None


def _in_prose(words: str) -> str | None:
    found = [*creative_commons(words), *_by_patterns(words)]
    if not found or any(not one.id for one in found):
        return None
    if any(is_denied(words, one.start, one.end) for one in found):
        return None
    licence = _single(_without_data_waiver(words, found))
    if licence is None:
        return None
    return licence if restrictions(words) <= contained_in(licence) else None


def _by_patterns(words: str) -> list[Found]:
    return [
        Found(id, *match.span())
        for literal, pattern, id in _PATTERNS
        if literal in words
        for match in pattern.finditer(words)
    ]


def _without_data_waiver(words: str, found: list[Found]) -> set[str]:
    """Publishers waive rights in the data beside the article's licence: that is not the text's."""
    ids = {one.id for one in found}
    others = ids - {"CC0-1.0", "LicenseRef-public-domain"}
    if others:
        return others
    if any(_DATA_ONLY.match(words, one.end) for one in found):
        return set()
    return ids


def _single(ids: set[str]) -> str | None:
    """One licence, also where it is named with and without its version."""
    if ids == {"CC0-1.0", "LicenseRef-public-domain"}:
        return "CC0-1.0"
    if len(ids) == 1:
        return next(iter(ids))
    families = {_family(id) for id in ids}
    if len(families) != 1:
        return None
    (family,) = families
    versioned = [id for id in ids if not id.startswith("LicenseRef-")]
    if len(versioned) == 1:
        return versioned[0]
    unversioned = f"LicenseRef-{family}"
    return unversioned if unversioned in LICENCES else max(ids, key=restrictiveness)


def _family(id: str) -> str:
    """What versions of one licence share."""
    return re.sub(r"-\d[\d.]*(?:-or-later|-only)?$", "", id.removeprefix("LicenseRef-"))
