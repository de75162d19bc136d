"""The card of a corpus: which documents, under which licences, what was left out and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import DatasetCardData

from hub.cards.dataset_info import dataset_info
from hub.cards.licence_field import dataset_licence
from hub.cards.markdown import figure, lineage, making, table
from hub.cards.sources import FIGURE, Source, describe_figure, render_table
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
    "excluded_unreadable": "they could not be read",
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
    personal_data: str
    """mask, drop or count"""
    names: bool
    """whether names were searched for"""
    links: dict[str, str]


def render(card: DatasetCard, folder: Path) -> str:
    """`folder` holds the Parquet files: sizes and features are read from their footers."""
    data = DatasetCardData(
        pretty_name=card.title,
        language=list(card.languages) or None,
        task_categories=["text-generation"],
        size_categories=[_size(int(card.manifest.numbers["documents"].value))],
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
        **dataset_licence(card.manifest.licence),
    )  # fmt: skip
    return f"---\n{data.to_yaml()}\n---\n\n{_body(card)}"


def _body(card: DatasetCard) -> str:
    manifest = card.manifest
    left_out = [
        (str(manifest.numbers[name].value), why)
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

## Load it

```python
from datasets import load_dataset

corpus = load_dataset("{card.repo}", revision="{card.tag}", split="train")
```

## Sources

{render_table(card.sources)}

{_tokens(card)}![{describe_figure(card.sources)}]({FIGURE})

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

{table(("documents", "why"), left_out, right=(0,)) if left_out else "Nothing."}
{_train_only(card)}
## Personal data

{_personal(card)}

## How it was made

{lineage(manifest, card.links)}

{making(manifest)}
"""


def _tokens(card: DatasetCard) -> str:
    return f"Tokens are those of {card.tokenizer}.\n\n" if card.tokenizer else ""


def _decisions(card: DatasetCard) -> str:
    """What people decided, by name: no rule was set aside in silence."""
    if not card.decisions:
        return "No conflict between statements was settled by hand."
    return "Decided by hand:\n\n" + table(("rule", "about", "who", "why"), card.decisions)


def _train_only(card: DatasetCard) -> str:
    if "train_only" not in card.manifest.numbers:
        return ""
    return (
        f"\nOf these, {figure(card.manifest, 'train_only')} may be trained on but not be published "
        "cleaned; they are in no published file.\n"
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
        return f"{searched} were searched for; none was found."
    return f"{searched} were searched for. {_POLICY[card.personal_data]}\n\n" + table(
        ("kind", "found in all that was read"), found, right=(1,)
    )


def _size(documents: int) -> str:
    return next((name for bound, name in _SIZES if documents < bound), "100M<n<1B")
