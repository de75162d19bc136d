"""What is asked for: as the folder's `fetch.json` keeps it, and in words; loads no client."""

import re
from pathlib import Path
from typing import Any

from corpus.sources.fetch.folder import is_there
from corpus.sources.fetch.settings import FetchHal, FetchHub, FetchMediaWiki, FetchSettings

_COMMIT = re.compile(r"[0-9a-f]{40}")
_NOT_ASKED_FOR = {"contact", "seconds_between", "commit_every"}
"""how it is asked, which changes no answer"""


def request_of(settings: FetchSettings) -> dict[str, Any]:
    """What is asked for, in words that name no person: another request is another folder."""
    request: dict[str, Any] = settings.model_dump(mode="json", exclude=_NOT_ASKED_FOR)
    return request


def is_fetched(settings: FetchSettings, folder: Path) -> bool:
    """Raises BadInput where the folder answers another request."""
    return is_there(folder, request_of(settings))


def describe(settings: FetchSettings) -> str:
    """What would be fetched from where, for people."""
    at_most = f", {settings.limit:,} at most" if settings.limit else ""
    if isinstance(settings, FetchHub):
        pinned = "" if _COMMIT.fullmatch(settings.revision) else " (not pinned to a commit)"
        at = f"{settings.repo} at {settings.revision[:12]}{pinned}"
        where = f"{at}: {', '.join(settings.files)}"
        return f"files of the dataset {where}{at_most}"
    if isinstance(settings, FetchHal):
        files = " with their files" if settings.full_text else ""
        return f"records{files} for “{settings.query}” from {settings.endpoint}{at_most}"
    if isinstance(settings, FetchMediaWiki):
        depth = " and their subcategories" if settings.depth else ""
        names = ", ".join(settings.categories)
        return f"the pages of {names}{depth} from {settings.endpoint}{at_most}"
    listed = settings.file_list or "the service's own listing"
    return (
        f"articles ({', '.join(settings.licences)}) by {listed} from {settings.endpoint}{at_most}"
    )
