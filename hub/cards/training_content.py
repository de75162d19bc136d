"""The public summary of training content that providers of general-purpose models owe.

Article 53(1)(d) of Regulation (EU) 2024/1689, in the order of the Commission's template of 24 July
2025. Filled from manifests and statistics; what these do not hold is said to be not recorded,
because a guess in a legal document is worse than a gap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.cards.markdown import figure, licence_links, table
from hub.manifest import Manifest

_UNKNOWN = "Not recorded in the release file."


@dataclass(frozen=True)
class Corpus:
    """One corpus that the model was trained on."""

    link: str
    """Markdown"""
    use: str
    manifest: Manifest
    statistics: Sequence[Mapping[str, Any]]
    rights: Mapping[str, str]
    """by source: on what right its documents are used"""
    terms: Mapping[str, str]
    """by source: what it says about all its documents, as far as recorded"""
    masks: bool
    """whether personal data was masked or left out"""


@dataclass(frozen=True)
class TrainingContent:
    provider: str
    model: str
    tag: str
    base: Sequence[str]
    languages: Sequence[str]
    corpora: Sequence[Corpus]
    examples: Sequence[tuple[str, str]] = ()
    """(name, licences) of the questions and answers that it was fine-tuned on"""


def render(content: TrainingContent) -> str:
    words = sum(int(corpus.manifest.numbers["words"].value) for corpus in content.corpora)
    return f"""# Public summary of training content: {content.model}

Regulation (EU) 2024/1689, Article 53(1)(d). It covers what this release trained on; for what a base
model had been trained on before, see that model's own summary.

## 1 General information

- Provider: {content.provider} (contact: {_UNKNOWN})
- Model: {content.model}, {content.tag}
- Base models: {", ".join(content.base) or "none"}
- Modality: text
- Size of the training content: {words:,} words
- Languages: {", ".join(content.languages) or _UNKNOWN}
- Date of the latest text: {_UNKNOWN}

## 2 Data sources

{chr(10).join(_corpus(corpus) for corpus in content.corpora)}
{_examples(content)}
Data crawled by the provider, data of the provider's users, synthetic data: none by the release
file, whose sources are all listed above.

## 3 Data processing

- Reservations of rights (Article 4(3) of Directive (EU) 2019/790): a source used under the
  text-and-data-mining exception is left out wherever a document or its source reserves mining. What
  was left out, and by which rule, is in the ledger of each corpus.
{chr(10).join(_processing(corpus) for corpus in content.corpora)}
- Removal of illegal content: {_UNKNOWN}
"""


def _examples(content: TrainingContent) -> str:
    if not content.examples:
        return ""
    header = ("questions and answers", "source's terms")
    return f"### Fine-tuning\n\n{table(header, content.examples)}\n"


def _corpus(corpus: Corpus) -> str:
    rows = [
        (row["source"], f"{row['documents']:,}", f"{row['words']:,}",
         licence_links(row["licences"]), corpus.rights.get(row["source"], "licence"),
         corpus.terms.get(row["source"], "each document's own"))
        for row in corpus.statistics
    ]  # fmt: skip
    header = ("source", "documents", "words", "licences", "used by right of", "source's terms")
    return f"### {corpus.link} ({corpus.use} use)\n\n{table(header, rows, right=(1, 2))}\n"


def _processing(corpus: Corpus) -> str:
    personal = "masked or left out" if corpus.masks else "counted and left in"
    numbers = corpus.manifest.numbers
    refused = (
        figure(corpus.manifest, "excluded_licence") if "excluded_licence" in numbers else "none"
    )
    return f"- {corpus.link}: left out for their licence: {refused}; personal data: {personal}."
