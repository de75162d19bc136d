"""What the Hub knows about a repo beside its git content; `hub.json` in the repo's folder."""

import secrets
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Gate = Literal["auto", "manual", False]
AccessStatus = Literal["pending", "accepted", "rejected"]


def now() -> str:
    """This moment as the Hub writes it: UTC, milliseconds, a Z."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Event(BaseModel):
    """A comment, commit or change of state in a discussion; `data` is as the client reads it."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(default_factory=lambda: secrets.token_hex(12))
    type: Literal["comment", "status-change", "commit", "title-change"]
    author: str
    created_at: str = Field(default_factory=now)
    data: dict[str, Any]


class Discussion(BaseModel):
    """A discussion, or a pull request, whose changes are on `refs/pr/NUM`."""

    model_config = ConfigDict(extra="forbid")
    num: int
    title: str
    author: str
    status: Literal["draft", "open", "closed", "merged"]
    is_pull_request: bool
    created_at: str = Field(default_factory=now)
    merge_commit: str | None = None
    events: list[Event] = []


class AccessRequest(BaseModel):
    """A user at the gate of a gated repo; `granted` if let in without having asked."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(default_factory=lambda: secrets.token_hex(12))
    user: str
    status: AccessStatus
    created_at: str = Field(default_factory=now)
    fields: dict[str, str] | None = None
    granted: bool = False


class Like(BaseModel):
    model_config = ConfigDict(extra="forbid")
    user: str
    created_at: str = Field(default_factory=now)


class Settings(BaseModel):
    """A repo's own settings."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(default_factory=lambda: secrets.token_hex(12))
    visibility: Literal["public", "private", "protected"] = "public"
    gated: Gate = False
    created_at: str = Field(default_factory=now)
    created_by: str
    sdk: str | None = None
    hardware: str | None = None
    sleep_seconds: int | None = None
    variables: dict[str, str] = {}
    secret_names: list[str] = []
    discussions: list[Discussion] = []
    access: list[AccessRequest] = []
    likes: list[Like] = []
    removed_files: list[str] = []
    """The sha256 of large files that were removed for good."""

    @property
    def private(self) -> bool:
        return self.visibility == "private"

    def lets_in(self, user: str | None) -> bool:
        """Whether this user may download from the repo although it is gated."""
        return any(entry.user == user and entry.status == "accepted" for entry in self.access)
