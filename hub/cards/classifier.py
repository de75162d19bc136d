"""The card of a domain classifier: what it finds, how well, whose labels it learned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from huggingface_hub import ModelCardData

from hub.cards import sections
from hub.cards.licence_field import model_licence
from hub.cards.markdown import figure, licence_links, lineage, making, table
from hub.cards.reading import NO_NOTES, Notes
from hub.manifest import Manifest

_WORDS = {
    f"unseen_{name}": f"{name}, on sources left out in turn"
    for name in ("precision", "recall", "f1")
}

_CHECKED = {
    "people_free_marginal": "agreement of people, free-marginal kappa",
    "people_fleiss": "agreement of people, Fleiss' kappa",
    "labeller_precision": "labeller's precision against most people",
    "labeller_recall": "labeller's recall",
    "labeller_f1": "labeller's F1",
}


@dataclass(frozen=True)
class ClassifierCard:
    repo: str
    tag: str
    title: str
    description: str
    manifest: Manifest
    settings: Mapping[str, Any]
    """of the filter, as the release file has them"""
    datasets: Sequence[str]
    """Hub ids of the corpora it was applied to"""
    links: dict[str, str]
    notes: Notes = NO_NOTES


def render(card: ClassifierCard) -> str:
    data = ModelCardData(
        language=list(card.settings["languages"]),
        pipeline_tag="text-classification",
        tags=["imprimatur", "domain-filter"],
        model_name=card.title,
        **model_licence(card.manifest.licence),
    )
    return f"---\n{data.to_yaml()}\n---\n\n{_body(card)}"


def _body(card: ClassifierCard) -> str:
    manifest, settings = card.manifest, card.settings
    domain, languages = settings["domain"], ", ".join(settings["languages"])
    applied = ", ".join(card.datasets) or "no published corpus"
    return f"""# {card.title}

{card.description}

Finds {domain} documents in a corpus ({languages}). Licence: {licence_links(manifest.licence)}.
Applied to: {applied}.

{sections.by_hand(card.notes)}

## How good it is

On {figure(manifest, "tested_on")} that it did not learn from and that no threshold was chosen on;
95% intervals are bootstraps over documents.

{table(("measure", "value", "95% interval"), _measures(manifest), right=(1,))}

The threshold was chosen for a precision of {settings["precision"]:g}; the precision-recall curve
and the calibration are in `evaluation.json`. Expected calibration error of its probabilities:
{figure(manifest, "calibration_error")}.

## How it was made

Learned from {figure(manifest, "learned_from")}. {_labels(card)}

{_expensive(settings)}

{lineage(manifest, card.links, card.tag)}

{making(manifest)}

## Use it

```python
from pathlib import Path

from corpus.domain.artefact import Classifier
from huggingface_hub import snapshot_download

classifier = Classifier.load(Path(snapshot_download("{card.repo}", revision="{card.tag}")))
verdicts = classifier.judge(["…"], ["{settings["languages"][0]}"])
```

## Limits

It tells what a text is about, not whether it is true or well written. What it was not shown it may
mistake: other languages are not judged, and the corpora it was applied to say by `domain_drift` how
far their documents are from those it was tested on (above 0.25: label a new sample).

## Cost

{sections.cost(manifest, "this classifier")}

## Cite it

{sections.citation(card.title, card.repo, card.tag, manifest.digest)}
"""


def _measures(manifest: Manifest) -> list[tuple[str, str, str]]:
    rows = []
    names = ("precision", "recall", "f1")
    unseen = [f"unseen_{name}" for name in names if f"unseen_{name}" in manifest.numbers]
    for name in (*names, *unseen):
        value, low, high = (manifest.numbers.get(f"{name}{end}") for end in ("", "_low", "_high"))
        if value and low and high:
            rows.append(
                (
                    _WORDS.get(name, name),
                    f"{value.value:.3f}",
                    f"{low.value:.3f} to {high.value:.3f}",
                )
            )
        else:
            rows.append((_WORDS.get(name, name), "not known", ""))
    return rows


def _labels(card: ClassifierCard) -> str:
    """Whose judgement it repeats, with what the labeller answered and cost."""
    said = []
    if known := card.settings["known"]:
        said.append(
            f"Sources that are {card.settings['domain']} as a whole: "
            f"{', '.join(known['positive'])}; that are not: {', '.join(known['negative'])}."
        )
    if labeller := card.settings["labeller"]:
        endpoint, local = labeller["endpoint"], labeller["local"]
        model = endpoint["model"] if endpoint else local["path"]
        outcomes = [
            f"{name.removeprefix('label_').replace('_', ' ')} {number.value:,}"
            for name, number in card.manifest.numbers.items()
            if name.startswith("label_") and number.unit == "documents"
        ]
        said.append(
            f"A sample labelled by `{model}` ({', '.join(outcomes)}; "
            f"{figure(card.manifest, 'label_tokens')}) with this prompt:\n\n"
            + "\n".join(f"> {line}" for line in labeller["prompt"].splitlines())
        )
        said.append(_people(card.manifest))
    return "\n\n".join(said)


def _people(manifest: Manifest) -> str:
    if "people_documents" not in manifest.numbers:
        return "No person checked its labels."
    rows = []
    for name, words in _CHECKED.items():
        value, low, high = (manifest.numbers.get(f"{name}{end}") for end in ("", "_low", "_high"))
        if value and low and high:
            rows.append((words, f"{value.value:.3f}", f"{low.value:.3f} to {high.value:.3f}"))
        else:
            rows.append((words, "not defined", ""))
    return (
        f"{figure(manifest, 'people_documents')} were judged by "
        f"{figure(manifest, 'people_annotators')}, who did not see its labels:\n\n"
        + table(("measure", "value", "95% interval"), rows, right=(1,))
    )


def _expensive(settings: Mapping[str, Any]) -> str:
    if not settings["transformer"]:
        return "A linear model on hashed words and letter groups decides every document."
    return (
        "A cascade: a linear model on hashed words and letter groups decides what is clear, a "
        f"transformer fine-tuned from `{settings['transformer']['base']}` the rest."
    )
