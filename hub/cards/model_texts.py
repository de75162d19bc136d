"""What went into a model: licences, personal data, withdrawn documents, test questions."""

from hub.cards import sections
from hub.cards.markdown import figure, licence_links, table
from hub.cards.model_card import ModelCard
from hub.cards.preparation import test_questions
from hub.licences.expression import licence_of


def licence(card: ModelCard) -> str:
    asked = sorted({duty for id in card.manifest.licence for duty in licence_of(id).obligations})
    texts = ", ".join(card.links.get(name, name) for name in card.trained_on)
    credit = (
        f"Whom to credit for the texts it was trained on stands beside each corpus ({texts}), in "
        "`ATTRIBUTION.parquet` and `NOTICE`."
        if texts
        else f"Which texts it was trained on is {sections.UNKNOWN}."
    )
    asks = ", ".join(asked) or "nothing"
    return f"{licence_links(card.manifest.licence)}; it asks for: {asks}. {credit}"


_PERSONAL = "personal_"


def seen(card: ModelCard) -> str:
    """By corpus, from its manifest: what was found, what was taken out."""
    if not card.trained_on:
        return f"What it was trained on is {sections.UNKNOWN}, and so is what that held."
    rows = []
    for name, manifest in card.trained_on.items():
        found = [n for n in manifest.numbers if n.startswith(_PERSONAL)]
        spans = sum(int(manifest.numbers[n].value) for n in found)
        policy = manifest.recipe.get("corpus", {}).get("personal_data", sections.UNKNOWN)
        rows.append(
            (
                card.links.get(name, name),
                f"{spans:,} places" if found else sections.UNKNOWN,
                str(policy),
                figure(manifest, "excluded_contaminated"),
            )
        )
    header = (
        "corpus",
        "personal data found in all that was read",
        "what was done",
        "left out for a question of the evaluation",
    )
    return table(header, rows, right=(1, 3)) + (
        "\n\nA search finds what its patterns know: what is left may still name people."
    )


def learnt(card: ModelCard) -> str:
    if not card.learnt:
        return ""
    return (
        "### Withdrawn documents\n\nEarlier versions of this model learnt from documents that were "
        "withdrawn since; use this version, which did not see them.\n\n"
        + table(("document", "versions that learnt from it", "who withdrew it", "why"), card.learnt)
        + "\n\n"
    )


def questions_in(card: ModelCard) -> str:
    """What is known about test questions in the texts it was trained on."""
    return "".join(
        f"### Test questions in {card.links.get(name, name)}\n\n{test_questions(corpus)}\n\n"
        for name, corpus in card.trained_on.items()
    )
