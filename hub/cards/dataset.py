"""The card of a corpus: which documents, under which licences, what was left out and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import DatasetCardData

from hub.cards import domain, sections
from hub.cards.dataset_info import dataset_info
from hub.cards.licence_field import dataset_licence
from hub.cards.markdown import figure, lineage, making, table
from hub.cards.preparation import mixture, test_questions
from hub.cards.reading import NO_NOTES, Notes
from hub.cards.sources import Source, render_table
from hub.licences.expression import licence_of
from hub.manifest import Manifest

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"),
          (10_000_000, "1M<n<10M"), (100_000_000, "10M<n<100M"))  # fmt: skip

_REASONS = {
    "excluded_licence": "their licence does not allow it, or is not known",
    "excluded_duplicate": "copies of a document that is kept",
    "excluded_near_duplicate": "nearly the same as a document that is kept",
    "excluded_personal": "they contain personal data",
    "excluded_contaminated": "they contain a question of the evaluation",
    "excluded_withdrawn": "they were withdrawn, or are copies of one that was",
    "excluded_unreadable": "they could not be read",
    "excluded_domain": "the domain filter did not take them",
    "excluded_mix": "beyond what the mixture asks for",
    "split_validation": "kept apart for choosing between models, and never published",
    "split_held_out": "kept apart for the final evaluation, and never published",
}


@dataclass(frozen=True)
class DatasetCard:
    repo: str
    tag: str
    title: str
    description: str
    use: str
    """commercial or research"""
    manifest: Manifest
    sources: Sequence[Source]
    tokenizer: str
    """whose tokens the sources are counted in; empty: there is none"""
    languages: Sequence[str]
    decisions: Sequence[tuple[str, str, str, str]]
    """(rule, about, who, why)"""
    domain_filter: Manifest | None
    """of the classifier that chose the documents"""
    personal_data: str
    """mask, drop or count"""
    names: bool
    """whether names were searched for"""
    links: dict[str, str]
    pictures: Sequence[tuple[str, str]] = ()
    """(alternative text, file) of the figures beside the card"""
    notes: Notes = NO_NOTES
    results_repo: str = ""
    withdrawn: Sequence[tuple[str, str, str, str]] = ()
    """(document, versions that held it, who, why)"""
    gate: tuple[str, Mapping[str, str]] | None = None
    """what readers agree to, and what they are asked: label to kind of field"""


def render(card: DatasetCard, folder: Path) -> str:
    """`folder` holds the Parquet files: sizes and features are read from their footers."""
    data = DatasetCardData(
        pretty_name=card.title,
        language=list(card.languages) or None,
        task_categories=["text-generation"],
        size_categories=_sizes(card.manifest),
        annotations_creators=["no-annotation"],
        tags=["imprimatur"],
        configs=[
            {"config_name": "default", "default": True,
             "data_files": [{"split": "train", "path": "data/train-*.parquet"}]},
            {"config_name": "ledger",
             "data_files": [{"split": "train", "path": "ledger.parquet"}]},
        ],
        dataset_info=dataset_info(
            folder, {"default": "data/train-*.parquet", "ledger": "ledger.parquet"}
        ),
        **_gate(card),
        **dataset_licence(card.manifest.licence),
    )  # fmt: skip
    return f"---\n{data.to_yaml()}\n---\n\n{_body(card)}"


def _gate(card: DatasetCard) -> dict[str, Any]:
    if card.gate is None:
        return {}
    agreement, fields = card.gate
    return {"extra_gated_prompt": agreement, "extra_gated_fields": dict(fields) or None}


def _body(card: DatasetCard) -> str:
    manifest = card.manifest
    left_out = [
        (f"{manifest.numbers[name].value}", why)
        for name, why in _REASONS.items()
        if name in manifest.numbers
    ]
    licences = [
        (f"[{id}]({licence_of(id).url})", ", ".join(licence_of(id).obligations) or "none")
        for id in manifest.licence
    ]
    use = (
        "Every document in it may be used commercially."
        if card.use == "commercial"
        else "Some documents in it may be used for non-commercial research only."
    )
    return f"""# {card.title}

{card.description}

{figure(manifest, "documents")}, {figure(manifest, "words")}. {use}

## For whom

For people who train or study language models on text they may prove the right to use: each document
comes with its licence and whom to credit. {_languages(card)}

## Load it

```python
from datasets import load_dataset

corpus = load_dataset("{card.repo}", revision="{card.tag}", split="train")
print(corpus[0]["text"][:200])
```

{sections.by_hand(card.notes)}

## Sources

{render_table(card.sources) if card.sources else "They are " + sections.UNKNOWN + "."}

{_tokens(card)}\

{"".join(sections.picture(*one) + chr(10) * 2 for one in card.pictures)}
## Licences

Each document keeps the licence it came under (column `licence`, with `attribution`); the collection
has no licence of its own. Documents were cleaned, so those whose licence forbids changes are not
here.

{table(("licence", "obligations"), licences)}

{_decisions(card)}

Whom to credit for each document is in `ATTRIBUTION.parquet` and `NOTICE`, what each licence asks in
`LICENSES/`. `ledger.parquet` (configuration `ledger`) lists **every** document that was read, kept
or not: the words that decided about its licence, their rank (1 the document's own, 2 its source's,
3 a collector's), the verdict and the rule.

## Left out

{_left_out(manifest, left_out)}
{_train_only(card)}{_withdrawn(card)}
{mixture(manifest)}
## Test questions

{test_questions(manifest)}

{domain.section(card.manifest, card.domain_filter, card.links)}## Personal data

{_personal(card)}

## How it was made

{lineage(manifest, card.links, card.tag)}

{making(manifest)}
{_as_data(card)}

## Cost

{sections.cost(manifest, "this corpus")}

## Limits

Cleaning, the search for copies and the search for personal data follow rules: what the rules do not
know stays. What the documents say was not checked.

## Cite it

{sections.citation(card.title, card.repo, card.tag, manifest.digest, "datasets/")}
"""


def _tokens(card: DatasetCard) -> str:
    return f"Tokens are those of {card.tokenizer}.\n\n" if card.tokenizer else ""


def _languages(card: DatasetCard) -> str:
    if not card.languages:
        return f"Its languages are {sections.UNKNOWN}."
    return f"Languages, the most frequent first: {', '.join(card.languages)}."


def _left_out(manifest: Manifest, rows: Sequence[tuple[str, str]]) -> str:
    """The rows have to add up to what was read, or the card says what it cannot account for."""
    read, kept = (manifest.numbers.get(name) for name in ("read", "documents"))
    shown = table(("documents", "why"), rows, right=(0,)) if rows else ""
    if read is None or kept is None:
        return f"{shown}\n\nHow many documents were read is {sections.UNKNOWN}.".strip()
    rest = int(read.value) - int(kept.value) - sum(int(count) for count, _ in rows)
    said = f"Of {read.value:,} documents that were read {kept.value:,} are here."
    if rest:
        said += f" Why {rest:,} others are not is {sections.UNKNOWN}."
    return f"{said}\n\n{shown}".strip()


def _as_data(card: DatasetCard) -> str:
    said = "As data: `manifest.json`, and `croissant.json` (MLCommons Croissant)"
    if not card.results_repo:
        return said + "."
    link = f"[{card.results_repo}](/datasets/{card.results_repo})"
    return f"{said}; the graph of the whole release is in {link}."


def _decisions(card: DatasetCard) -> str:
    """What people decided, by name: no rule was set aside in silence."""
    if not card.decisions:
        return "No conflict between statements was settled by hand."
    return "Decided by hand:\n\n" + table(("rule", "about", "who", "why"), card.decisions)


def _train_only(card: DatasetCard) -> str:
    if "train_only" not in card.manifest.numbers:
        return ""
    return (
        f"\nAmong what was left out, {figure(card.manifest, 'train_only')} may be trained on but "
        "not be published cleaned: the text is in no published file.\n"
    )


def _withdrawn(card: DatasetCard) -> str:
    if not card.withdrawn:
        return ""
    return (
        "\n### Withdrawn\n\nTaken out by hand, with their copies; please delete them from what "
        "you made of an earlier version.\n\n"
        + table(("document", "versions that held it", "who", "why"), card.withdrawn)
        + "\n"
    )


_POLICY = {
    "mask": "What was found is replaced by a placeholder such as `[EMAIL]`.",
    "drop": "Documents in which something was found were left out.",
    "count": "What was found is still there.",
}


def _personal(card: DatasetCard) -> str:
    """Counted over everything that was read, kept or not."""
    found = [
        (name.removeprefix("personal_").replace("_", " "), f"{number.value:,}")
        for name, number in sorted(card.manifest.numbers.items())
        if name.startswith("personal_")
    ]
    searched = "E-mail addresses, telephone numbers, social insurance numbers"
    searched += " and names after titles" if card.names else ""
    if not found:
        return f"{searched} were searched for. How much was found is {sections.UNKNOWN}."
    return f"{searched} were searched for. {_POLICY[card.personal_data]}\n\n" + table(
        ("kind", "found in all that was read"), found, right=(1,)
    )


def _sizes(manifest: Manifest) -> list[str] | None:
    number = manifest.numbers.get("documents")
    if number is None:
        return None
    return [next((name for bound, name in _SIZES if number.value < bound), "100M<n<1B")]
