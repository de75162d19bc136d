"""The `fetch` part of a source: which service is asked, and for what."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

_CONTACT = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+|https?://\S+")


class _Fetch(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    contact: str
    """whom the service may write to: an e-mail address or a page; it goes into the user agent"""
    seconds_between: float = Field(default=1.0, ge=0.0, le=3600.0)
    """the least time between two requests"""
    limit: int | None = Field(default=None, ge=1)
    """records at most; none: all that the service finds"""

    @field_validator("contact")
    @classmethod
    def _reaches_somebody(cls, contact: str) -> str:
        if not _CONTACT.fullmatch(contact.removeprefix("mailto:")) or not contact.isascii():
            raise ValueError("contact must be an e-mail address or the address of a page")
        return contact


class FetchHal(_Fetch):
    """Records of HAL that a query finds, as its search API gives them."""

    service: Literal["hal"]
    endpoint: str = "https://api.archives-ouvertes.fr/search/"
    query: str
    """in the syntax of Solr: `domain_t:sdv`"""
    filters: tuple[str, ...] = ()
    """each a `fq` of Solr: `language_s:fr`"""
    full_text: bool = False
    """also the deposited file of every record that has one: `files/ID.pdf`"""


class FetchMediaWiki(_Fetch):
    """The pages of categories and of their direct subcategories."""

    service: Literal["mediawiki"]
    endpoint: str
    """the wiki's api.php"""
    categories: tuple[str, ...] = Field(min_length=1)
    """with the namespace: `Catégorie:Médecine`"""
    depth: Literal[0, 1] = 1


class FetchPmc(_Fetch):
    """Articles of PMC's open-access subset, as JATS."""

    service: Literal["pmc"]
    endpoint: str = "https://pmc-oa-opendata.s3.amazonaws.com"
    file_list: str = ""
    """a file list (CSV) below `data`, or below the endpoint where it begins with it; none: the
    service's own listing"""
    licences: tuple[str, ...] = ("CC0", "CC BY", "CC BY-SA", "CC BY-ND")
    """licence codes of the list to take; which of them a corpus may hold is judged later"""
    commit_every: int = Field(default=100, ge=1, le=10_000)
    """articles between two notes of how far it got"""


class FetchHub(_Fetch):
    """Files of a dataset on the Hub at one commit."""

    service: Literal["hub"]
    endpoint: str | None = None
    repo: str
    revision: str = "main"
    """a commit; a branch or tag is resolved once, and the commit is what is downloaded and noted"""
    files: tuple[str, ...] = ("*.parquet",)
    """patterns of the files to take; `*` passes folders too, as with the Hub's client"""


FetchSettings = Annotated[
    FetchHal | FetchMediaWiki | FetchPmc | FetchHub, Field(discriminator="service")
]
