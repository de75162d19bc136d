"""One fetch, whatever its service: into a partial folder, and that into its place."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from corpus.sources.fetch.folder import Filling, is_there
from corpus.sources.fetch.hal import fetch_hal
from corpus.sources.fetch.hub_dataset import fetch_hub
from corpus.sources.fetch.mediawiki import fetch_mediawiki
from corpus.sources.fetch.pmc import fetch_pmc
from corpus.sources.fetch.polite import Client
from corpus.sources.fetch.settings import FetchHal, FetchHub, FetchMediaWiki, FetchSettings

_NOT_ASKED_FOR = {"contact", "seconds_between", "commit_every"}
"""how it is asked, which changes no answer"""


def request_of(settings: FetchSettings) -> dict[str, Any]:
    """What is asked for, in words that name no person: another request is another folder."""
    request: dict[str, Any] = settings.model_dump(mode="json", exclude=_NOT_ASKED_FOR)
    return request


def is_fetched(settings: FetchSettings, folder: Path) -> bool:
    """Raises BadInput where the folder answers another request."""
    return is_there(folder, request_of(settings))


def fetch(
    settings: FetchSettings, folder: Path, data: Path, progress: Callable[[str], None]
) -> None:
    """Fill `folder`, unless it is there; going on where a killed run stopped.

    Raises Failed with one sentence where the service cannot be asked to the end.
    """
    if is_fetched(settings, folder):
        return
    if folder.is_dir():
        folder.rmdir()  # empty, by `is_fetched`
    folder.parent.mkdir(parents=True, exist_ok=True)
    filling = Filling.begin(folder, request_of(settings))
    progress(f"fetching {describe(settings)}")
    if isinstance(settings, FetchHub):
        fetch_hub(settings, filling)
        return
    with Client(settings.contact, settings.seconds_between, progress) as client:
        if isinstance(settings, FetchHal):
            fetch_hal(settings, client, filling)
        elif isinstance(settings, FetchMediaWiki):
            fetch_mediawiki(settings, client, filling)
        else:
            fetch_pmc(settings, client, filling, data)


def describe(settings: FetchSettings) -> str:
    """What would be fetched from where, for people."""
    at_most = f", {settings.limit:,} at most" if settings.limit else ""
    if isinstance(settings, FetchHub):
        where = f"{settings.repo} at {settings.revision[:12]}: {', '.join(settings.files)}"
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
