"""A repo that another one takes the place of says so: `new_version` in its card, and a line.

Its files and its tags stay. The card is the one that lies on the Hub, with whatever people wrote
into it; one commit on top of what was read.
"""

from typing import Any

from huggingface_hub import CommitOperationAdd, HfApi, RepoCard

from hub.failure import BadInput, Unexpected
from hub.publication import Publication, Superseded
from hub.publish.commits import commit
from hub.publish.patience import TROUBLE, status
from hub.publish.promotion import TRAILER
from hub.publish.remote import Address, head_of, read_file

CARD = "README.md"


def problem(api: HfApi, one: Superseded) -> str | None:
    """One sentence where the repo cannot be marked."""
    if head_of(api, Address(one.type, one.id)) is None:
        return f"{one.id} gives way to {one.by} and is not on the Hub: correct `superseded`"
    return None


def deprecate(api: HfApi, publication: Publication, one: Superseded) -> str:
    """Mark one repo; says what was done. Raises Unexpected where somebody writes at that moment."""
    where = Address(one.type, one.id)
    head = head_of(api, where)
    if head is None:
        return f"{one.id}: not on this Hub, nothing to mark"
    before = read_file(api, where, CARD, head)
    if before is None:
        raise BadInput(f"{one.id} has no card that could name {one.by}: write one")
    after = marked(before.decode(), one)
    if after == before.decode():
        return f"{one.id}: gives way to {one.by} already"
    operation = CommitOperationAdd(CARD, after.encode())
    title = f"{one.by} takes its place"
    try:
        head = commit(api, where, [operation], head, title, f"{TRAILER}{publication.digest}")
    except TROUBLE as error:
        if status(error) != 412:
            raise
        head = ""
    if not head or read_file(api, where, CARD, head) != after.encode():
        raise Unexpected(f"{one.id} was changed by somebody else: see who it was, then run again")
    return f"{one.id}: gives way to {one.by}"


def marked(text: str, one: Superseded) -> str:
    """The card with `new_version`; the same text where it has it already."""
    card: Any = RepoCard(text, ignore_metadata_errors=True)
    if card.data.get("new_version") == one.by:
        return text
    card.data["new_version"] = one.by
    prefix = "datasets/" if one.type == "dataset" else ""
    card.text = f"> [{one.by}](/{prefix}{one.by}) takes the place of this repo.\n\n{card.text}"
    return str(card)
