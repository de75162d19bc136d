"""Words in the wild -> a licence id of the table, or None.

Only what is read with certainty is recognised, because a wrong permissive answer is the one mistake
this project must not make: any restriction found beside a licence's name beats the name.

    >>> recognise("CC BY-NC-SA 4.0")
    'CC-BY-NC-SA-4.0'
    >>> recognise("http://creativecommons.org/licenses/by/3.0/fr/legalcode")
    'CC-BY-3.0'
    >>> recognise("free for academic use") is None
    True
"""

import re

from hub.licences.table import CC_VERSIONS, LICENCES

_MAX_CHARS = 20_000
"""No licence statement is longer; a longer one is not read, hence unknown."""

_CC_URL = re.compile(
    r"creativecommons\.org/licen[cs]es/(by(?:-(?:nc|nd|sa))*)(?:/(\d\.\d))?(?![-\w.])", re.I
)
_CC_ZERO = re.compile(r"creativecommons\.org/publicdomain/zero/1\.0", re.I)
_PUBLIC_DOMAIN_MARK = re.compile(r"creativecommons\.org/publicdomain/mark/1\.0", re.I)
_CC_SHORT = re.compile(
    r"\bcc[-\s]?(by(?:[-\s](?:nc|nd|sa))*)(?:[-\s]?(\d\.\d))?(?![-\w])",
    re.I,
)
_CC_NAME = re.compile(
    r"creative commons (attribution[-\w\s]*?)\s*(\d\.\d)?\s*(?:[\w.]*\s)?licen", re.I
)
_RESTRICTION = re.compile(
    r"non[-\s]?commercial|no[-\s]?deriv|pas d.utilisation commerciale|sans modification|"
    r"nicht[-\s]?kommerziell|keine bearbeitung|share[-\s]?alike|research (?:use |purposes )?only|"
    r"all rights reserved|tous droits réservés|alle rechte vorbehalten",
    re.I,
)

_ALIASES = {
    "cc0": "CC0-1.0",
    "cc0 1.0": "CC0-1.0",
    "etalab 2.0": "etalab-2.0",
    "licence ouverte 2.0": "etalab-2.0",
    "licence ouverte / open licence 2.0": "etalab-2.0",
    "apache 2.0": "Apache-2.0",
    "gfdl": "GFDL-1.3-or-later",
    "lgpl-lr": "LGPLLR",
    "odc-by": "ODC-By-1.0",
    "public domain": "LicenseRef-public-domain",
    "on request": "LicenseRef-on-request",
} | {id.lower(): id for id in LICENCES}


def recognise(statement: str) -> str | None:
    """The licence that `statement` names, or None where that is not certain."""
    if not statement or len(statement) > _MAX_CHARS:
        return None
    words = " ".join(statement.split())
    exact = _ALIASES.get(words.lower().removesuffix("/").strip())
    if exact:
        return exact
    found = _creative_commons_in(words)
    if len(found) != 1:
        return None
    (licence,) = found
    return None if _restricted_beyond(words, licence) else licence


def _creative_commons_in(words: str) -> set[str]:
    """Every distinct Creative Commons licence in `words`; a versioned one replaces its name."""
    found = {_id(match[1], match[2]) for match in _CC_URL.finditer(words)}
    if _CC_ZERO.search(words):
        found.add("CC0-1.0")
    if _PUBLIC_DOMAIN_MARK.search(words):
        found.add("LicenseRef-public-domain")
    if not found:
        found = {_id(match[1], match[2]) for match in _CC_SHORT.finditer(words)}
    for match in _CC_NAME.finditer(words):
        elements = _elements_by_name(match[1])
        if not any(_elements(id) == elements for id in found):
            found.add(_id("-".join(elements), match[2]))
    found.discard("")
    return found


def _id(elements: str, version: str | None) -> str:
    ordered = "-".join(
        part for part in ("BY", "NC", "ND", "SA") if part in re.split(r"[-\s]", elements.upper())
    )
    id = f"CC-{ordered}-{version}" if version in CC_VERSIONS else f"LicenseRef-CC-{ordered}"
    return id if id in LICENCES else ""


def _elements(id: str) -> list[str]:
    return [part for part in id.split("-") if part in {"BY", "NC", "ND", "SA"}]


def _elements_by_name(name: str) -> list[str]:
    flat = re.sub(r"[-\s]", "", name.lower())
    wanted = {"attribution": "BY", "noncommercial": "NC", "noderiv": "ND", "sharealike": "SA"}
    return [element for word, element in wanted.items() if word in flat]


def _restricted_beyond(words: str, licence: str) -> bool:
    """Whether the words restrict more than the licence named: "CC BY, non-commercial use only"."""
    granted = set(_elements(licence))
    for match in _RESTRICTION.finditer(words):
        text = re.sub(r"[-\s]", "", match[0].lower())
        element = (
            "NC" if "commerc" in text or "kommerziell" in text
            else "SA" if "alike" in text
            else "ND" if any(w in text for w in ("deriv", "modification", "bearbeitung"))
            else None
        )  # fmt: skip
        if element not in granted:
            return True
    return False
