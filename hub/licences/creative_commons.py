"""Creative Commons licences in running words: links, abbreviations, names in three languages.

    >>> [found.id for found in creative_commons("cc by-nc-sa 3.0")]
    ['CC-BY-NC-SA-3.0']
    >>> [found.id for found in creative_commons("lizenz: creative commons namensnennung 4.0")]
    ['CC-BY-4.0']

Everything here reads the lower-case form that `recognise` makes.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from hub.licences.table import CC_VERSIONS, LICENCES


class Found(NamedTuple):
    id: str
    """"" where it names a licence that is not in the table"""
    start: int
    end: int


# A host that only contains the name is another host; a path that contains it proves nothing.
_URL = re.compile(
    r"(?<![\w-])(?<![\w-]/)(?:(?:www|i)\.)?(?:creativecommons\.org/(?:licen[cs]es?|l)|"
    r"licensebuttons\.net/l)/([a-z+-]{1,20})(?:/(\d\.\d))?(?![\w.-])"
)
_URL_LOOSE_END = re.compile(
    r"(?<![\w-])(?<![\w-]/)(?:(?:www|i)\.)?creativecommons\.org/licen[cs]es?/"
    r"([a-z+-]{1,20})(?:/(\d\.\d))?(?=\.?(?:$|[\s)]))"
)
_SHORT = re.compile(
    r"\bcc[\s:_-]{0,2}(by(?:[\s,/+&_-]{1,3}(?:nc|nd|sa))*)"
    r"(?:[\s,_-]{0,3}v?(\d(?:\.\d)?)(?:[-\s](?:igo|[a-z]{2}(?=$|[)\s.,;])))?)?(?![-\w]|\.\d)"
)
_ELEMENT_WORDS = {
    "BY": r"attribution|namensnennung|paternit[ée]|\bby\b",
    "NC": r"non[-\s]?commercial(?:e)?(?:[-\s]use)?|nicht[-\s]?kommerziell|\bnc\b|"
    r"pas d.(?:utilisation|usage) commerciale?|utilisation non[-\s]commerciale|"
    r"keine kommerzielle nutzung",
    "ND": r"no[-\s]?deriv(?:ative|s|atives|ate)?(?: works?)?|pas de modifications?|\bnd\b|"
    r"keine bearbeitung(?:en)?|sans modification",
    "SA": r"share[-\s]?alike|partage (?:dans les m[êe]mes conditions|[àa] l.identique)|\bsa\b|"
    r"weitergabe unter gleichen bedingungen",
}
_ANY_ELEMENT = "|".join(_ELEMENT_WORDS.values())
_NAME = re.compile(
    r"(?:(creative[\s-]commons|\bcc\b(?=[\s:,(-]{0,3}(?:attribution|namens|"
    r"patern)))(?:[\s-](?:licen[cs]e|lizenz|public licen[cs]e))?[\s:,(-]{0,3}|\b)"
    rf"((?:(?:{_ANY_ELEMENT})[\s,/–—-]{{0,3}}(?:(?:and|et|und)\s)?){{1,8}})"
    r"(?:\(?(?:licen[cs]e|lizenz|version|v)?[\s.,]{0,2}(\d\.\d))?"
    r"(\s(?:international|unported|generic|deed))?"
)
_START = re.compile(r"creative[\s-]commons|\bcc\b|attribution|namensnennung|paternit")
_OPEN_ACCESS = re.compile(r"open[-\s]access[^.]{0,120}\b(attribution licen[cs]e)")
_BROKEN_OFF = re.compile(
    r"[\s,/()-]{0,3}(?:no\b|not\b|non(?!e)|sans\b|pas\b|nicht|keine|share|partage)"
)
_WORDS = {element: re.compile(words) for element, words in _ELEMENT_WORDS.items()}


def creative_commons(words: str) -> Iterator[Found]:
    """Every Creative Commons licence that `words` names."""
    linked = "creativecommons.org" in words or "licensebuttons.net" in words
    for pattern in (_URL, _URL_LOOSE_END) if linked else ():
        for match in pattern.finditer(words):
            yield Found(_by_url(match[1], match[2]), *match.span())
    if "cc" in words:
        for match in _SHORT.finditer(words):
            parts = re.split(r"[\s,/+&_-]+", match[1].upper())
            yield Found(_id(set(parts), match[2]), *match.span())
    yield from _by_name(words)


def _by_name(words: str) -> Iterator[Found]:
    end = 0
    for start in _START.finditer(words):
        match = _NAME.match(words, start.start()) if start.start() >= end else None
        if match is None:
            continue
        end = match.end()
        elements = {element for element, word in _WORDS.items() if word.search(match[2])}
        # Without "Creative Commons" before it, "Attribution" is a word like any other.
        named = match[1] or (match[3] and match[4])
        if not named or "BY" not in elements:
            continue
        goes_on = match[0].endswith("-") and words[match.end() :][:1].isalpha()
        if goes_on or _BROKEN_OFF.match(words, match.end()):
            yield Found("", *match.span())
        else:
            yield Found(_id(elements, match[3]), *match.span())
    for match in _OPEN_ACCESS.finditer(words) if "attribution licen" in words else ():
        yield Found(_id({"BY"}, None), *match.span(1))


def _by_url(elements: str, version: str | None) -> str:
    if elements == "publicdomain":
        return "LicenseRef-public-domain"
    return _id(set(elements.upper().split("-")), version)


def _id(elements: set[str], version: str | None) -> str:
    if "BY" not in elements or not elements <= {"BY", "NC", "ND", "SA"}:
        return ""
    ordered = "-".join(part for part in ("BY", "NC", "ND", "SA") if part in elements)
    if version and len(version) == 1:
        version += ".0"
    if version in (None, "2.1"):  # 2.1 exists for some countries only
        id = f"LicenseRef-CC-{ordered}"
    else:
        id = f"CC-{ordered}-{version}" if version in CC_VERSIONS else ""
    return id if id in LICENCES else ""
