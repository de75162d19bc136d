"""The `judge` part of a release file.

    judge:
      queries: {name: patient-questions, file: questions.jsonl, limit: 200}
      models: {instruct: {}, adapted: {template: instruct}, adapted-slerp: {template: instruct}}
      by: {local: {path: judge-model}}
      people: {sheets: [filled-in.csv]}

`by: {endpoint: {...}}` asks a server instead. One that is not on this machine has to list the name
of the queries in `send`, or nothing is generated and nothing leaves.
"""

import re
from itertools import combinations
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from evaluation.judge.prompts import FAILURE_MODES, MODES_PROMPT, PAIR_PROMPT, Prompt, check_fields

Name = Annotated[str, Field(min_length=1)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Queries(_Frozen):
    """What the models are asked: JSONL, CSV or Parquet."""

    name: Name
    """of the dataset; an endpoint's `send` refers to it"""
    file: str
    """below `data`"""
    obtain: str = ""
    """one sentence: how to have the file, where it does not come with the release"""
    limit: int | None = Field(default=None, ge=2)
    """at most this many, chosen by a hash of the query: the same ones whatever the file's order"""
    query: str = "query"
    """name of the column; the next four may be missing from the file"""
    id: str = "id"
    context: str = "context"
    language: str = "language"
    cluster: str = "cluster"
    """queries that belong together: translations or paraphrases of one question"""
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    """of a CSV file"""


class Judged(_Frozen):
    """A model whose answers are judged."""

    template: str = ""
    """whose chat template it uses: a model of the release, or below `data` a model folder or a
    .jinja file; empty for its own. A base or merged model takes its instruct parent's, as in
    DeFineMed, appendix A.7.1"""


class Generation(_Frozen):
    """How the models answer; no system prompt is added."""

    max_new_tokens: int = Field(default=512, ge=1)
    temperature: float = Field(default=0.0, ge=0)
    """0: always the most probable token"""
    top_p: float = Field(default=1.0, gt=0, le=1)
    seed: int = 0
    batch: int = Field(default=8, ge=1)


class Endpoint(_Frozen):
    """A server that speaks the OpenAI protocol."""

    url: str
    """up to and including `/v1`"""
    model: str
    send: tuple[str, ...] = ()
    """datasets that may leave this machine; not asked of a server on this machine"""
    key_variable: str = ""
    """environment variable that holds the key"""
    structured: Literal["json_schema", "json_object", "none"] = "json_schema"
    """what the server is asked to hold the answer to; the prompt states the schema in any case"""
    request: dict[str, Any] = {}
    """further fields of every request, as the server has them"""
    concurrency: int = Field(default=4, ge=1, le=256)
    requests_per_minute: float | None = Field(default=None, gt=0)
    timeout_seconds: float = Field(default=120.0, gt=0)
    retries: int = Field(default=4, ge=0, le=20)
    """after 408, 409, 429, 5xx or no answer in time; `Retry-After` is waited out"""
    patience_seconds: float = Field(default=300.0, ge=0)
    """the longest `Retry-After` that is waited for"""
    price_per_million_input: float = Field(default=0.0, ge=0)
    price_per_million_output: float = Field(default=0.0, ge=0)
    currency: str = "EUR"
    max_cost: float | None = Field(default=None, ge=0)
    """of one run; refused where the estimate is above it, stopped where the count gets there"""

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("url looks like https://host/v1")
        if parts.username or parts.password:
            raise ValueError("url holds no password: name an environment variable in key_variable")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _priced(self) -> Self:
        if self.max_cost is not None and not (
            self.price_per_million_input or self.price_per_million_output
        ):
            raise ValueError("max_cost needs prices: without them every run costs nothing")
        return self


class LocalModel(_Frozen):
    """A chat model that transformers loads here."""

    path: str
    """folder below `data`"""
    batch: int = Field(default=4, ge=1)


class By(_Frozen):
    """Who judges."""

    endpoint: Endpoint | None = None
    local: LocalModel | None = None
    max_tokens: int = Field(default=1024, ge=16)
    """of one answer of the judge"""
    pair_prompt: Prompt = PAIR_PROMPT
    modes_prompt: Prompt = MODES_PROMPT

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.endpoint is None) == (self.local is None):
            raise ValueError("name either an endpoint or a local model")
        check_fields(self.pair_prompt, needed={"query", "response_a", "response_b"})
        check_fields(self.modes_prompt, needed={"query", "response"})
        return self


class People(_Frozen):
    """The check by people: a run writes `sheet.csv`; what comes back is named here."""

    comparisons: int = Field(default=50, ge=2)
    """on the sheet; chosen by a hash"""
    sheets: tuple[str, ...] = ()
    """filled in, below `data`; one a person, or with a column `annotator`"""


class JudgeSettings(_Frozen):
    queries: Queries
    models: Annotated[dict[Name, Judged], Field(min_length=1)]
    """in the order of the story: base, adapted, merged"""
    by: By
    generation: Generation = Generation()
    pairs: tuple[tuple[Name, Name], ...] | None = None
    """compared pairwise, later against earlier; every pair of models unless named"""
    failure_modes: dict[str, str] = FAILURE_MODES
    """what is looked for, by its field; empty for none"""
    safety: bool = True
    """whether the local regression set is run"""
    people: People = People()
    confidence: float = Field(default=0.95, gt=0, lt=1)
    resamples: int = Field(default=2000, ge=100)
    seed: int = Field(default=0, ge=0)
    correction: Literal["holm", "benjamini-hochberg", "bh", "none"] = "holm"
    """over all pairs, over all failure modes of all pairs, over all kinds of safety"""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for pair in self.pairs or ():
            if pair[0] == pair[1]:
                raise ValueError(f"{pair[0]} cannot be compared with itself")
            for name in pair:
                if name not in self.models:
                    raise ValueError(f"{name} is in pairs and not among the judged models")
        if len(set(map(frozenset, self.pairs or ()))) < len(self.pairs or ()):
            raise ValueError("a pair is named twice")
        for field in self.failure_modes:
            if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", field):
                raise ValueError(f"failure mode {field!r}: use lower case, digits, underscores")
        return self

    @property
    def compared(self) -> tuple[tuple[str, str], ...]:
        """(earlier, later)"""
        return tuple(combinations(self.models, 2)) if self.pairs is None else self.pairs


DECIDES_NOTHING: dict[str, Any] = {
    "queries": {"obtain"},
    "by": {
        "endpoint": {
            "send", "key_variable", "concurrency", "requests_per_minute", "timeout_seconds",
            "retries", "patience_seconds", "price_per_million_input", "price_per_million_output",
            "currency", "max_cost",
        }
    }
}  # fmt: skip
"""settings that change no verdict: they are no part of a step's key"""


def part(settings: JudgeSettings) -> dict[str, Any]:
    return settings.model_dump(mode="json", exclude=DECIDES_NOTHING)
