"""On what right a source is used, and what people decided about its documents.

A licence is one basis among several. An exception for text and data mining, a contract or a
permission may allow to *train* on a text; none of them lets its cleaned form be published.

    sources:
      articles:
        rights_basis: {basis: tdm-exception, article: "Art. 3 Directive (EU) 2019/790"}
    decisions:
      - {rule: conflict, sources: [leaflets], who: "A. Name", why: "the state's own terms govern"}
"""

from collections.abc import Iterable, Sequence
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Use = Literal["commercial", "research"]
USES: tuple[Use, ...] = ("commercial", "research")
Basis = Literal["licence", "tdm-exception", "contract", "permission"]
Rule = Literal["conflict", "unread"]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RightsBasis(_Settings):
    basis: Basis = "licence"
    article: str = ""
    """of an exception: which; of a contract or permission: with whom and when"""
    use: Use = "research"
    """the widest use it covers: Art. 3 of Directive 2019/790 covers scientific research by research
    organisations, its Art. 4 any use that the rights holder did not reserve"""
    reserved: str = ""
    """where and how the source reserves text and data mining, for instance "tdmrep.json:
    tdm-reservation 1" or "robots.txt: no crawling for training"; an exception then allows nothing
    """

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if self.basis != "licence" and not self.article.strip():
            raise ValueError(f"basis {self.basis} needs article: which provision, or whose words")
        return self

    @property
    def words(self) -> str:
        return " ".join(f"{self.basis} {self.article}".split())

    def allows_training(self, use: Use) -> bool:
        return self.basis != "licence" and (use == "research" or self.use == "commercial")


LICENCE_ONLY = RightsBasis()


class RecordedDecision(_Settings):
    """What a person decided, by name and with a reason: printed on the card. It settles a conflict
    or says what unread words mean; what a licence forbids stays forbidden."""

    rule: Rule
    """conflict: the statement of better rank stands; unread: its words mean `licence`"""
    who: str = Field(min_length=1)
    why: str = Field(min_length=1)
    sources: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    """ids"""
    licence: str = ""
    """unread: the licence that the words mean"""

    @model_validator(mode="after")
    def _is_about_something(self) -> Self:
        if not self.sources and not self.documents:
            raise ValueError("a decision needs sources or documents that it is about")
        if (self.rule == "unread") != bool(self.licence):
            raise ValueError("licence belongs to a decision about unread words, and only there")
        return self

    def is_about(self, id: str, source: str) -> bool:
        return id in self.documents or source in self.sources


class Holder(_Settings):
    """A release that was published with a document in it."""

    version: str
    """its tag"""
    corpora: tuple[str, ...]
    """that held it, by their names in the release"""
    models: tuple[str, ...] = ()
    """that were trained on one of those, or made from a model that was"""


class Withdrawal(_Settings):
    """A document that somebody took out of every corpus: who and why, printed in the ledger and on
    the cards. Its copies and near copies go with it."""

    document: str = Field(min_length=1)
    """its id in the ledger"""
    who: str = Field(min_length=1)
    why: str = Field(min_length=1)
    held_by: tuple[Holder, ...] = ()
    """releases of before"""

    @property
    def sentence(self) -> str:
        return f"withdrawn by {self.who}: {self.why}"


def decided(
    decisions: Sequence[RecordedDecision], rule: Rule, copies: Iterable[tuple[str, str]]
) -> RecordedDecision | None:
    """The decision by `rule` that is about every one of `copies` (id, source), if there is one."""
    asked = list(copies)
    for decision in decisions:
        if decision.rule == rule and all(decision.is_about(*copy) for copy in asked):
            return decision
    return None
