"""A dataset on the Hub, by the Hub's own client, at one commit that is noted.

What its card claims of the licence is an aggregator's claim (rank 3): it is kept in `fetch.json`
and decides nothing by itself.
"""

import shutil
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from corpus.sources.fetch.folder import Filling, State
from corpus.sources.fetch.polite import user_agent
from corpus.sources.fetch.settings import FetchHub
from hub.failure import BadInput, Failed


def fetch_hub(settings: FetchHub, filling: Filling) -> None:
    import httpx2  # what the Hub's client speaks with
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    api = HfApi(endpoint=settings.endpoint, user_agent=user_agent(settings.contact))
    try:
        state: State = filling.state() or _listing(settings, api)
        filling.note(state)
        names = state["files"][: settings.limit]
        for name in names:
            api.hf_hub_download(
                settings.repo, name, repo_type="dataset", revision=state["commit"],
                local_dir=filling.partial,
            )  # fmt: skip
    except LocalEntryNotFoundError as error:
        raise Failed(f"the Hub cannot be reached for {settings.repo}: run again later") from error
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else "nothing"
        raise Failed(f"the Hub answers {status} for {settings.repo}: {_first(error)}") from error
    except (httpx2.TransportError, OSError) as error:
        raise Failed(f"{settings.repo} could not be downloaded: {_first(error)}") from error
    shutil.rmtree(filling.partial / ".cache", ignore_errors=True)  # the client's own notes
    filling.finish(
        {"found": len(state["files"]), "files": len(names)},
        {"commit": state["commit"], "card_licence": state["licence"]},
    )


def _listing(settings: FetchHub, api: Any) -> State:
    info = api.dataset_info(settings.repo, revision=settings.revision)
    named = [file.rfilename for file in info.siblings or []]
    wanted = sorted(n for n in named if any(fnmatchcase(n, each) for each in settings.files))
    if not wanted:
        patterns = ", ".join(settings.files)
        raise BadInput(f"no file of {settings.repo} matches {patterns}")
    if any(".." in PurePosixPath(name).parts or name.startswith("/") for name in wanted):
        raise BadInput(f"{settings.repo} names a file outside of itself: it is not fetched")
    licence = getattr(info.card_data, "license", None) if info.card_data else None
    return {"commit": info.sha, "files": wanted, "licence": licence}


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
