"""The `filters` part of a release file: how a domain classifier is made."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hub.licences.leaving import Endpoint

DOCUMENT = "<DOCUMENT>"

DEFINEMED_PROMPT = f"""\
You are a medical expert tasked with identifying whether the provided content is both medical and \
high quality. Analyze the content carefully based on the following criteria:
- The content is related to health, medicine, or healthcare.
- The information needs to be scientific, high-quality, accurate, and well-structured.
Only allow the highest quality data. If it doesn't seem scientific, then leave it out. Also, leave \
out news stories or similar styles of text that are not written by medical experts. Restrict your \
response to 'yes' or 'no'. Do not include any other explanation.
—
Content: {DOCUMENT}"""
"""DeFineMed, appendix A.1"""


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LabellingEndpoint(Endpoint):
    """A server that is asked for one word."""

    api: Literal["chat", "systemone"] = "chat"
    """chat: /chat/completions, one token; systemone: the typed decisions of `transformers serve`"""
    token_bias: dict[str, float] = Field(default_factory=dict)
    """`logit_bias`: token numbers of the two answers, for servers that constrain by it"""


class LocalModel(_Settings):
    """A causal model that transformers loads here."""

    path: str
    """folder below `data`"""
    batch: int = Field(default=8, ge=1)


class Labeller(_Settings):
    """A language model that says of a document whether it belongs to the domain."""

    endpoint: LabellingEndpoint | None = None
    local: LocalModel | None = None
    prompt: str = DEFINEMED_PROMPT
    positive: str = "yes"
    negative: str = "no"
    max_characters: int = Field(default=8_000, ge=100)
    """of a document, from its beginning"""
    probability: Literal["required", "optional"] = "required"
    """whether an answer counts that comes without its probability"""
    least_mass: float = Field(default=0.5, ge=0, le=1)
    """probability of the two answers together; below it the model wanted to say something else"""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.endpoint is None) == (self.local is None):
            raise ValueError("name either an endpoint or a local model")
        if self.prompt.count(DOCUMENT) != 1:
            raise ValueError(f"the prompt says {DOCUMENT} once, where the document goes")
        if self.positive.casefold() == self.negative.casefold():
            raise ValueError("positive and negative are two different answers")
        return self


class Sample(_Settings):
    """Documents of a web corpus in Parquet, to be labelled."""

    sources: tuple[str, ...] = Field(min_length=1)
    documents: int = Field(ge=10)
    by: tuple[str, ...] = ()
    """columns whose values are strata, beside the length (FineWeb2: `dump`, `language`)"""
    seed: int = 0


class KnownSources(_Settings):
    """Sources that are of the domain, or not, as a whole."""

    positive: tuple[str, ...] = Field(min_length=1)
    negative: tuple[str, ...] = Field(min_length=1)
    together: tuple[tuple[str, ...], ...] = ()
    """sources of one genre on both sides (health law and law): left out together, where thresholds
    are chosen, because one without the other would teach the genre"""


class Transformer(_Settings):
    """DeFineMed's classifier (appendix A.2), asked where the linear one is not sure."""

    base: str
    """folder below `data` with the encoder to fine-tune: XLM-R-base, say"""
    learning_rate: float = Field(default=2e-5, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)
    batch: int = Field(default=32, ge=1)
    epochs: float = Field(default=2.0, gt=0)
    evaluate_every: int = Field(default=200, ge=1)
    """steps"""
    patience: int = Field(default=3, ge=1)
    """evaluations without a better F-beta before training ends"""
    beta: float = Field(default=0.5, gt=0)
    """below 1: precision counts more than recall"""
    max_tokens: int = Field(default=512, ge=8)
    seed: int = 0


class FilterSettings(_Settings):
    """A domain classifier: whose labels it learns and how sure it has to be."""

    domain: str = Field(min_length=1)
    """for the cards: medical, say"""
    languages: tuple[str, ...] = Field(min_length=1)
    """ISO 639-1; a document in another language is not judged"""
    licence: str
    """of the published classifier"""
    sample: Sample | None = None
    labeller: Labeller | None = None
    known: KnownSources | None = None
    annotations: str = ""
    """sheet of `imprimatur annotate` that people filled in, below `data`: how far they agree with
    each other and with the labeller is then on the card"""
    transformer: Transformer | None = None
    """makes it a cascade"""
    precision: float = Field(default=0.95, gt=0, lt=1)
    """to be reached on documents that it did not learn from; decides the threshold"""
    recall: float = Field(default=0.99, gt=0, lt=1)
    """of a cascade: what the linear classifier may not lose before the transformer sees it"""
    seed: int = 0

    @model_validator(mode="after")
    def _has_labels(self) -> Self:
        if (self.sample is None) != (self.labeller is None):
            raise ValueError("sample and labeller belong together: one is judged by the other")
        if self.sample is None and self.known is None:
            raise ValueError("say where labels come from: sample and labeller, or known")
        if self.annotations and self.labeller is None:
            raise ValueError("annotations check a labeller, and this filter has none")
        if self.known and set(self.known.positive) & set(self.known.negative):
            raise ValueError("a source is either positive or negative")
        return self

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source it reads, in a stable order."""
        known = (*self.known.positive, *self.known.negative) if self.known else ()
        sampled = self.sample.sources if self.sample else ()
        return tuple(dict.fromkeys([*sampled, *known]))
