"""Collections: named lists of repos and papers, kept in one file, `collections.json`."""

import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from hub.disk import write_json
from hub.rehearsal.errors import HubError
from hub.rehearsal.settings import now


class Item(BaseModel):
    """Something in a collection; `id` names it on the Hub, `object_id` names its place here."""

    model_config = ConfigDict(extra="forbid")
    object_id: str = Field(default_factory=lambda: secrets.token_hex(12))
    id: str
    type: Literal["model", "dataset", "space", "paper", "collection"]
    note: str | None = None


class Collection(BaseModel):
    """A collection; its slug is owner, title and a random id, as on the Hub."""

    model_config = ConfigDict(extra="forbid")
    slug: str
    title: str
    owner: str
    description: str | None = None
    private: bool = False
    theme: str = "orange"
    updated_at: str = Field(default_factory=now)
    items: list[Item] = []


_COLLECTIONS = TypeAdapter(list[Collection])


class Shelf:
    """All collections under one root."""

    def __init__(self, root: Path) -> None:
        self._path = root / "collections.json"
        self._lock = threading.RLock()

    def all(self) -> list[Collection]:
        try:
            return _COLLECTIONS.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return []

    @contextmanager
    def changing(self) -> Iterator[list[Collection]]:
        """The collections; saved as they are when the block ends well."""
        with self._lock:
            found = self.all()
            yield found
            write_json(self._path, _COLLECTIONS.dump_python(found, mode="json"))


def new_slug(owner: str, title: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "collection"
    return f"{owner}/{words}-{secrets.token_hex(12)}"


def by_slug(collections: list[Collection], slug: str) -> Collection:
    for collection in collections:
        if collection.slug == slug:
            return collection
    raise HubError(404, "Collection not found")
