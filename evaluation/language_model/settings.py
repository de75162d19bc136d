"""Who is asked: a server that speaks the OpenAI protocol, or a model folder on this machine.

    by: {endpoint: {url: http://127.0.0.1:8000/v1, model: NAME}}
    by: {local: {path: FOLDER}}

A server that is not on this machine has to list, in `send`, what may go to it.
"""

from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hub.licences.leaving import Endpoint


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Generation(_Frozen):
    """How the models answer; no system prompt is added."""

    max_new_tokens: int = Field(default=512, ge=1)
    temperature: float = Field(default=0.0, ge=0)
    """0: always the most probable token"""
    top_p: float = Field(default=1.0, gt=0, le=1)
    seed: int = 0
    batch: int = Field(default=8, ge=1)


class ChatEndpoint(Endpoint):
    """A server that is asked for whole answers."""

    structured: Literal["json_schema", "json_object", "none"] = "json_schema"
    """what the server is asked to hold the answer to; the prompt states the schema in any case"""
    concurrency: int = Field(default=4, ge=1, le=256)
    requests_per_minute: float | None = Field(default=None, gt=0)
    timeout_seconds: float = Field(default=120.0, gt=0)
    patience_seconds: float = Field(default=300.0, ge=0)
    """the longest `Retry-After` that is waited for"""
    max_cost: float | None = Field(default=None, ge=0)
    """of one run; refused where the estimate is above it, stopped where the count gets there"""

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


class LanguageModel(_Frozen):
    """A model that is asked in chat, by whatever way."""

    role: ClassVar[str] = "model"
    """what it is called in messages"""

    endpoint: ChatEndpoint | None = None
    local: LocalModel | None = None
    max_tokens: int = Field(default=1024, ge=16)
    """of one answer"""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.endpoint is None) == (self.local is None):
            raise ValueError("name either an endpoint or a local model")
        return self


DECIDES_NOTHING = {
    "endpoint": {
        "send", "key_variable", "concurrency", "requests_per_minute", "timeout_seconds", "retries",
        "patience_seconds", "price_per_million_input", "price_per_million_output", "currency",
        "max_cost",
    }
}  # fmt: skip
"""settings that change no answer: they are no part of a step's key"""
