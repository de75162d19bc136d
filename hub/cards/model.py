"""The card of a model or a merge: what it is, what it scores, what it was made from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from huggingface_hub import ModelCardData

from hub.cards import front
from hub.cards.licence_field import model_licence
from hub.cards.markdown import figure, licence_links, lineage, making, table
from hub.cards.preparation import test_questions
from hub.licences.compose import POSITIONS, Position
from hub.manifest import Manifest
from hub.results import Result, card_results

Score = Mapping[str, Any]
"""A row of summary.json: model, group, metric, value, ci_low, ci_high."""


FLAG = "worse_than_both_parents_everywhere"
"""the number by which a merge says of itself that it is not worth having"""


@dataclass(frozen=True)
class ModelCard:
    repo: str
    tag: str
    name: str
    """of the artefact"""
    title: str
    description: str
    manifest: Manifest
    languages: Sequence[str]
    base_models: Sequence[str]
    """Hub ids"""
    relation: str | None
    """finetune, merge or quantized; None for a model made from nothing"""
    datasets: Sequence[str]
    """Hub ids of the corpora it was trained on"""
    results_repo: str
    scores: Sequence[Score]
    """of all models of the release, so that they can be compared"""
    confidence: float
    """of their intervals, 0 to 1"""
    links: dict[str, str]
    corpora: Sequence[Manifest]
    """that it was trained on"""
    position: Position = "use-follows"
    """on what training does to obligations"""
    front: Sequence[Mapping[str, Any]] = ()
    """of a merge that was swept: the rows of front.json"""
    picture: str = ""
    """name of the front's figure beside the card"""


def render(card: ModelCard) -> str:
    mine = [score for score in card.scores if score["model"] == card.name]
    data = ModelCardData(
        language=list(card.languages) or None,
        library_name="transformers",
        pipeline_tag="text-generation",
        tags=["imprimatur", *(["merge", "mergekit"] if card.relation == "merge" else [])],
        datasets=list(card.datasets) or None,
        base_model=list(card.base_models) or None,
        base_model_relation=card.relation,
        model_name=card.title,
        eval_results=card_results([_result(card, score) for score in mine]) or None,
        **model_licence(card.manifest.licence),
    )
    return f"---\n{data.to_yaml()}\n---\n\n{_body(card)}"


def _result(card: ModelCard, score: Score) -> Result:
    return Result(
        dataset=card.results_repo,
        dataset_name=f"held-out documents, {score['group']}",
        metric=score["metric"],
        value=score["value"],
        config=score["group"],
        split="held_out",
        source_name=f"{card.results_repo}, {card.tag}",
        source_url=f"https://huggingface.co/datasets/{card.results_repo}",
    )


def _body(card: ModelCard) -> str:
    manifest = card.manifest
    return f"""# {card.title}

{card.description}

{figure(manifest, "parameters")}. Licence: {licence_links(manifest.licence)} \
(position taken on training: {POSITIONS[card.position]}).

## Load it

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("{card.repo}", revision="{card.tag}")
model = AutoModelForCausalLM.from_pretrained("{card.repo}", revision="{card.tag}")
```

## Results

On documents that no model was trained on; {100 * card.confidence:g}% intervals. Lower bits per byte
are better, higher accuracy is better. Every answer is in
[{card.results_repo}](/datasets/{card.results_repo}).

{_results(card)}

{front.render(card.front, card.links, card.picture)}{_warning(manifest)}{_copy(manifest)}\
## How it was made

What it was trained on, in the form that Regulation (EU) 2024/1689 asks for:
[TRAINING_CONTENT.md](TRAINING_CONTENT.md).

{lineage(manifest, card.links)}

{_numbers(manifest)}

{_corpora(card)}

{making(manifest)}{_configuration(manifest)}

## Limits

It continues text; it was not taught to follow instructions, its answers were not checked for truth
and it must not be used for medical decisions.
"""


def _warning(manifest: Manifest) -> str:
    flag = manifest.numbers.get(FLAG)
    if flag is None or not flag.value:
        return ""
    return """> **This merge is worse than both of its parents everywhere** where its perplexity was
> measured. Use one of them instead.

"""


def _copy(manifest: Manifest) -> str:
    """What quantisation costs: the columns of BioMistral's tables 4 and 7."""
    if manifest.kind != "quantised":
        return ""
    names = [
        name
        for name in ("size", "memory", "speed", "perplexity")
        if f"copy.{name}" in manifest.numbers
    ]
    rows = [
        (name, figure(manifest, f"full.{name}"), figure(manifest, f"copy.{name}")) for name in names
    ]
    return f"""## What the smaller copy costs

Quantised by {manifest.recipe["method"]}; both were loaded from disk and read the same validation
texts, on the machine named below.

{table(("", "full model", "this copy"), rows, right=(1, 2))}

"""


def _configuration(manifest: Manifest) -> str:
    """mergekit's configuration as it was given, models by their names in this release."""
    if manifest.kind != "merge":
        return ""
    given = json.dumps(manifest.recipe["mergekit"], ensure_ascii=False, indent=2)
    return f"""

mergekit's configuration, in which models have their names in this release; after a sweep the
chosen parameters stand in `mergekit_config.yml`:

```json
{given}
```"""


def _corpora(card: ModelCard) -> str:
    """What is known about test questions in the texts it was trained on."""
    return "\n\n".join(
        f"### Test questions in {card.links.get(corpus.name, corpus.name)}\n\n"
        + test_questions(corpus)
        for corpus in card.corpora
    )


def _results(card: ModelCard) -> str:
    columns = sorted({(score["metric"], score["group"]) for score in card.scores}, reverse=True)
    models = list(dict.fromkeys(score["model"] for score in card.scores))
    rows = []
    for model in models:
        cells = {(s["metric"], s["group"]): s for s in card.scores if s["model"] == model}
        shown = [_interval(cells[column]) if column in cells else "–" for column in columns]
        rows.append([f"**{model}**" if model == card.name else model, *shown])
    header = ["model", *(f"{metric.replace('_', ' ')}, {group}" for metric, group in columns)]
    return table(header, rows, right=range(1, len(header)))


def _interval(score: Score) -> str:
    return f"{score['value']:.3f} [{score['ci_low']:.3f}, {score['ci_high']:.3f}]"


def _numbers(manifest: Manifest) -> str:
    rows = [
        (name.replace("_", " "), figure(manifest, name))
        for name in sorted(manifest.numbers)
        if name != FLAG
    ]
    return table(("figure", "value"), rows, right=(1,))
