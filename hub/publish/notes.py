"""What people wrote by hand on the cards of a published release, between the marked lines."""

from huggingface_hub import HfApi

from hub.cards import reading
from hub.publish.remote import Address, read_file, record_at

CARD = "README.md"


def notes(api: HfApi, results: str) -> dict[str, str]:
    """Markdown by artefact, from `main` as it is now; nothing where no release is announced."""
    record = record_at(api, Address("dataset", results))
    found: dict[str, str] = {}
    for repo in record.repos if record else ():
        data = read_file(api, Address(repo.type, repo.id), CARD, "main")
        if data is not None and (said := by_hand(data)):
            found[repo.artefact] = said
    return found


def by_hand(card: bytes) -> str:
    return "\n\n".join(reading.notes(reading.read(card).body))


def only_notes_differ(before: bytes, now: bytes, planned: bytes) -> bool:
    """Whether a card was changed between the marked lines alone, and the planned one says the same
    there as the present one: then nothing that a person did would be lost."""
    untouched = reading.without_notes(before) == reading.without_notes(now)
    return untouched and by_hand(now) == by_hand(planned)
