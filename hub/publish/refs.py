"""Tags and branches that have done their work: deleted, and fine if they are gone already."""

from contextlib import suppress

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RevisionNotFoundError

from hub.publish.patience import patiently, status
from hub.publish.remote import Address, refs_of


def drop_branch(api: HfApi, where: Address, name: str) -> None:
    """Delete a staging branch; fine if it is gone already."""
    try:
        patiently(lambda: api.delete_branch(where.id, repo_type=where.type, branch=name))
    except HfHubHTTPError as error:
        if status(error) not in (404, 409) or name in refs_of(api, where).branches:
            raise


def drop_tag(api: HfApi, where: Address, name: str) -> None:
    """Delete a tag; fine if it is gone already."""
    with suppress(RevisionNotFoundError):
        patiently(lambda: api.delete_tag(where.id, repo_type=where.type, tag=name))
