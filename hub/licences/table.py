"""The licence table: for each licence and act, allowed, forbidden or unknown.

Ids are SPDX, or `LicenseRef-…` where SPDX has none. `hub` is the id that the Hub accepts in a card.
The rows lie in `table.toml`; only the Creative Commons family is made here, by its elements.

    >>> LICENCES["CC-BY-NC-4.0"].acts["commercial"]
    'forbidden'
    >>> LICENCES["CC-BY-ND-4.0"].acts["publish_adapted"]
    'forbidden'
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Act = Literal["train", "publish_verbatim", "publish_adapted", "commercial"]
Permission = Literal["allowed", "forbidden", "unknown"]

ACTS: tuple[Act, ...] = ("train", "publish_verbatim", "publish_adapted", "commercial")


@dataclass(frozen=True)
class Licence:
    id: str
    hub: str
    """the Hub's own id; `other` where it has none"""
    acts: Mapping[Act, Permission]
    obligations: tuple[str, ...]
    url: str
    note: str = ""
    """one sentence for the ledger, where the acts alone would puzzle"""


def _row(
    id: str,
    hub: str,
    url: str,
    obligations: str = "",
    forbidden: str = "",
    unknown: str = "",
    note: str = "",
) -> Licence:
    """A licence that allows every act but those named."""
    for act in (forbidden + " " + unknown).split():
        if act not in ACTS:
            raise ValueError(f"{id}: {act} is not an act")
    acts: dict[Act, Permission] = {
        act: "forbidden" if act in forbidden.split()
        else "unknown" if act in unknown.split()
        else "allowed"
        for act in ACTS
    }  # fmt: skip
    return Licence(id, hub, acts, tuple(obligations.split()), url, note)


# Which versions the Hub has an id for; the others are published as `other` with a link.
_CC_ON_HUB = {
    "BY": ("2.0", "2.5", "3.0", "4.0"),
    "BY-SA": ("3.0", "4.0"),
    "BY-NC": ("2.0", "3.0", "4.0"),
    "BY-NC-SA": ("2.0", "3.0", "4.0"),
    "BY-ND": ("4.0",),
    "BY-NC-ND": ("3.0", "4.0"),
}
CC_VERSIONS = ("1.0", "2.0", "2.5", "3.0", "4.0")


def _creative_commons() -> Iterator[Licence]:
    """Every BY licence by its elements: https://creativecommons.org/share-your-work/cclicenses/

    A statement without a version ("CC BY") gets its own row: which text applies is not known, but
    the elements are, and they are what decides here.
    """
    for elements, on_hub in _CC_ON_HUB.items():
        parts = elements.split("-")
        obligations = "attribution" + (" share-alike" if "SA" in parts else "")
        forbidden = " ".join(
            ["publish_adapted"] * ("ND" in parts) + ["commercial"] * ("NC" in parts)
        )
        home = f"https://creativecommons.org/licenses/{elements.lower()}/"
        for version in CC_VERSIONS:
            hub = f"cc-{elements}-{version}".lower() if version in on_hub else "other"
            yield _row(f"CC-{elements}-{version}", hub, f"{home}{version}/", obligations, forbidden)
        yield _row(
            f"LicenseRef-CC-{elements}",
            "cc" if elements == "BY" else "other",
            home,
            obligations,
            forbidden,
        )


_DATA: dict[str, dict[str, dict[str, Any]]] = tomllib.loads(
    Path(__file__).with_name("table.toml").read_text("utf-8")
)


def _entries() -> Iterator[tuple[str, dict[str, Any]]]:
    for section in _DATA.values():
        yield from section.items()


def _table() -> Iterator[Licence]:
    yield from _creative_commons()
    for id, entry in _entries():
        fields = {key: entry[key] for key in entry if key not in ("aliases", "found", "hub")}
        yield _row(id, entry.get("hub", "other"), **fields)


LICENCES: Mapping[str, Licence] = {row.id: row for row in _table()}


def text_of(id: str) -> str | None:
    """The licence's own text, as in SPDX's licence list 3.28; None where that has none."""
    path = Path(__file__).with_name("texts") / f"{id}.txt"
    return path.read_text("utf-8") if path.is_file() else None


def aliases() -> dict[str, str]:
    """Exact words, in lower case, and the id they mean; the Hub's ids among them."""
    found = {row.hub: row.id for row in LICENCES.values() if row.hub not in ("other", "cc")}
    for id, entry in _entries():
        found |= dict.fromkeys(entry.get("aliases", ()), id)
    found |= {"cc": "LicenseRef-CC", "other": "LicenseRef-other"}
    return found | {id.lower(): id for id in LICENCES}


def patterns() -> list[tuple[str, re.Pattern[str], str]]:
    """(a literal that must be there, pattern, id) of licences that prose names."""
    return [
        (literal, re.compile(pattern), id)
        for id, entry in _entries()
        for literal, pattern in entry.get("found", ())
    ]


def restrictiveness(id: str) -> tuple[int, int, int, str]:
    """Sort key, least restrictive first: acts forbidden, acts unknown, obligations, then the id."""
    from hub.licences.expression import licence_of

    licence = licence_of(id)
    permissions = list(licence.acts.values())
    return (
        permissions.count("forbidden"),
        permissions.count("unknown"),
        len(licence.obligations),
        id,
    )
