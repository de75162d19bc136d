"""What a publication takes of an account's private storage, beside what the Hub documents.

New repos are private until all of a release is there, and private storage is the small one. How
much an account has left the Hub does not tell (no endpoint of it does, and grants differ), so that
nothing is refused here: it is said. Where it is used up, the upload is refused in one sentence.
"""

from collections.abc import Mapping
from typing import Any

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from hub.publication import Publication
from hub.publish.patience import patiently
from hub.publish.remote import Seen

# huggingface.co/docs/hub/storage-limits, private storage
DOCUMENTED = "100 GB for a free account or organisation, 1 TB for PRO and for each seat of a team"


def storage(api: HfApi, publication: Publication, looks: Mapping[str, Seen | None]) -> str | None:
    """One line; None where no repo of the release is, or is to be, private."""
    private = [
        repo for repo in publication.repos if (seen := looks[repo.address]) is None or seen.private
    ]
    if not private:
        return None
    size = sum(file.size for repo in private for file in repo.files)
    held = _held(api, publication.namespace)
    before = "how much its private repos hold is not known"
    if held is not None:
        before = f"its private repos hold {_words(held)}"
    return (
        f"{publication.namespace}: {_words(size)} in {len(private)} repos that are private until "
        f"all are there; {before}; the Hub documents {DOCUMENTED}, and does not say what is left"
    )


def _held(api: HfApi, namespace: str) -> int | None:
    """Bytes in the private repos of a namespace, with their history; None where untold."""
    asked: list[Any] = ["private", "usedStorage"]  # of each kind its own literals
    try:
        repos: list[Any] = patiently(
            lambda: [
                *api.list_models(author=namespace, expand=asked),
                *api.list_datasets(author=namespace, expand=asked),
                *api.list_spaces(author=namespace, expand=asked),
            ]
        )
    except HfHubHTTPError:  # no release should fail for want of a figure
        return None
    sizes = [repo.used_storage for repo in repos if repo.private]
    return None if None in sizes else sum(size or 0 for size in sizes)


def _words(size: int) -> str:
    for unit, one in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if size >= one:
            return f"{size / one:,.1f} {unit}"
    return f"{size:,} bytes"
