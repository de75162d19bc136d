"""One fetch, whatever its service: into a partial folder, and that into its place."""

import shutil
from collections.abc import Callable
from pathlib import Path

from corpus.sources.fetch.folder import Filling
from corpus.sources.fetch.hal import fetch_hal
from corpus.sources.fetch.hub_dataset import fetch_hub
from corpus.sources.fetch.mediawiki import fetch_mediawiki
from corpus.sources.fetch.pmc import fetch_pmc
from corpus.sources.fetch.polite import Client
from corpus.sources.fetch.request import describe, is_fetched, request_of
from corpus.sources.fetch.settings import FetchHal, FetchHub, FetchMediaWiki, FetchSettings
from hub.disk import locked


def fetch(
    settings: FetchSettings, folder: Path, data: Path, progress: Callable[[str], None]
) -> None:
    """Fill `folder`, unless it is there; going on where a killed run stopped.

    Raises Failed with one sentence where the service cannot be asked to the end, WorkdirBusy where
    another process is at it.
    """
    if is_fetched(settings, folder):
        return
    if folder.is_dir():
        folder.rmdir()  # empty, by `is_fetched`
    lock = folder.with_name(f".{folder.name}.fetching")
    with locked(lock):
        if not is_fetched(settings, folder):  # another run may have been quicker
            progress(f"fetching {describe(settings)}")
            _fill(settings, Filling.begin(folder, request_of(settings)), data, progress)
    shutil.rmtree(lock, ignore_errors=True)


def _fill(
    settings: FetchSettings, filling: Filling, data: Path, progress: Callable[[str], None]
) -> None:
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
