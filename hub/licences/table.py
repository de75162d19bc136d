"""The licence table: for each licence and act, allowed, forbidden or unknown.

Ids are SPDX, or `LicenseRef-…` where SPDX has none. `hub` is the id that the Hub accepts in a card.

    >>> LICENCES["CC-BY-NC-4.0"].acts["commercial"]
    'forbidden'
    >>> LICENCES["CC-BY-ND-4.0"].acts["publish_adapted"]
    'forbidden'
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

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


def _row(
    id: str, hub: str, url: str, obligations: str = "", forbidden: str = "", unknown: str = ""
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
    return Licence(id, hub, acts, tuple(obligations.split()), url)


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


def _creative_commons() -> list[Licence]:
    """Every BY licence by its elements: https://creativecommons.org/share-your-work/cclicenses/

    A statement without a version ("CC BY") gets its own row: which text applies is not known, but
    the elements are, and they are what decides here.
    """
    rows = []
    for elements, on_hub in _CC_ON_HUB.items():
        parts = elements.split("-")
        obligations = "attribution" + (" share-alike" if "SA" in parts else "")
        forbidden = ["publish_adapted"] * ("ND" in parts) + ["commercial"] * ("NC" in parts)
        for version in CC_VERSIONS:
            rows.append(
                _row(
                    f"CC-{elements}-{version}",
                    f"cc-{elements}-{version}".lower() if version in on_hub else "other",
                    f"https://creativecommons.org/licenses/{elements.lower()}/{version}/",
                    obligations,
                    " ".join(forbidden),
                )
            )
        rows.append(
            _row(
                f"LicenseRef-CC-{elements}",
                "cc" if elements == "BY" else "other",
                f"https://creativecommons.org/licenses/{elements.lower()}/",
                obligations,
                " ".join(forbidden),
            )
        )
    return rows


_ROWS = [
    *_creative_commons(),
    _row("CC0-1.0", "cc0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    _row(
        "LicenseRef-public-domain", "other", "https://creativecommons.org/publicdomain/mark/1.0/"
    ),
    _row("etalab-2.0", "etalab-2.0", "https://spdx.org/licenses/etalab-2.0.html", "attribution"),
    _row("GFDL-1.3-or-later", "gfdl", "https://www.gnu.org/licenses/fdl-1.3.html",
         "attribution share-alike notice"),
    _row("LGPLLR", "lgpl-lr", "https://spdx.org/licenses/LGPLLR.html",
         "attribution share-alike notice"),
    _row("Apache-2.0", "apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0",
         "attribution notice"),
    _row("MIT", "mit", "https://spdx.org/licenses/MIT.html", "attribution notice"),
    # A database licence covers the collection, not its contents.
    _row("ODC-By-1.0", "odc-by", "https://opendatacommons.org/licenses/by/1-0/", "attribution",
         unknown="train publish_verbatim publish_adapted commercial"),
    _row("LicenseRef-on-request", "other", "https://spdx.org/licenses/",
         forbidden="publish_verbatim publish_adapted commercial"),
    _row("LicenseRef-research-only", "other", "https://spdx.org/licenses/", "attribution",
         forbidden="commercial"),
]  # fmt: skip

LICENCES: Mapping[str, Licence] = {row.id: row for row in _ROWS}


def restrictiveness(id: str) -> tuple[int, int, int, str]:
    """Sort key, least restrictive first: acts forbidden, acts unknown, obligations, then the id."""
    licence = LICENCES[id]
    permissions = list(licence.acts.values())
    return (
        permissions.count("forbidden"),
        permissions.count("unknown"),
        len(licence.obligations),
        id,
    )
