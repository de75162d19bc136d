"""The card of a model or a merge: what it is, what it scores, what it was made from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from huggingface_hub import ModelCardData

from hub.cards import checkpoints, front, sections
from hub.cards.licence_field import model_licence
from hub.cards.markdown import figure, licence_links, lineage, making, table
from hub.cards.preparation import test_questions
from hub.licences.compose import POSITIONS, Position
from hub.licences.expression import licence_of
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
    position: Position = "use-follows"
    """on what training does to obligations"""
    front: Sequence[Mapping[str, Any]] = ()
    """of a merge that was swept: the rows of front.json"""
    front_picture: str = ""
    """file of their figure beside the card"""
    checkpoints: Sequence[Mapping[str, Any]] = ()
    """of a run whose checkpoints were compared: the rows of checkpoints.json"""
    checkpoints_picture: str = ""
    mergekit: Mapping[str, Any] = field(default_factory=dict)
    """of a merge: the configuration it was made by, after a sweep with what that chose"""
    changes: Sequence[tuple[str, str, str, str, str]] = ()
    """(what, from, to, difference with interval, verdict), of this model against others"""
    claims: Sequence[str] = ()
    """sentences about this model that were tested and hold"""
    trained_on: Mapping[str, Manifest] = field(default_factory=dict)
    """by name: the corpora that went into it, through all its ancestors"""
    pictures: Sequence[tuple[str, str]] = ()
    """(alternative text, file) of the figures beside the card"""
    notes: Sequence[str] = ()
    """Markdown that a person wrote by hand"""
    learnt: Sequence[tuple[str, str, str, str]] = ()
    """(document, versions of this model, who, why) of documents that were withdrawn since"""


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
        co2_eq_emissions=_emissions(card),
        **model_licence(card.manifest.licence),
    )
    return f"---\n{data.to_yaml()}\n---\n\n{_body(card)}"


def _emissions(card: ModelCard) -> dict[str, Any] | None:
    grams = sections.emissions(card.manifest)
    if grams is None:
        return None
    return {
        "emissions": grams,
        "source": "CodeCarbon",
        "hardware_used": f"{card.manifest.made_by.machine}; {card.manifest.made_by.accelerator}",
    }


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

## For whom

{_whom(card)}

## Load it

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("{card.repo}", revision="{card.tag}")
model = AutoModelForCausalLM.from_pretrained("{card.repo}", revision="{card.tag}")

asked = tokenizer("Le patient", return_tensors="pt")
written = model.generate(**asked, max_new_tokens=20, do_sample=False)
print(tokenizer.decode(written[0], skip_special_tokens=True))
```

{sections.by_hand(card.notes)}

## Results

{_results(card)}

{_changes(card)}{front.render(card.front, card.links, card.front_picture)}\
{checkpoints.render(card.checkpoints, card.checkpoints_picture)}\
{_warning(manifest)}{_copy(card)}## How it was made

What it was trained on, in the form that Regulation (EU) 2024/1689 asks for:
[TRAINING_CONTENT.md](TRAINING_CONTENT.md).

{lineage(manifest, card.links, card.tag)}

What making it came to:

{_numbers(manifest)}

{_pictures(card)}{making(manifest)}{_configuration(card)}
{sections.lineage_of_release(f"[{card.results_repo}](/datasets/{card.results_repo})")}

## Licence and attribution

{_licence(card)}

## Personal data and contamination

{_seen(card)}

{_learnt(card)}{_test_questions(card)}
## Cost

{sections.cost(manifest, "this model")}

## Limits

{_limits(card)}

## Cite it

{sections.citation(card.title, card.repo, card.tag, manifest.digest)}
"""


def _warning(manifest: Manifest) -> str:
    flag = manifest.numbers.get(FLAG)
    if flag is None or not flag.value:
        return ""
    return """> **This merge is worse than both of its parents everywhere** where its perplexity was
> measured. Use one of them instead.

"""


def _copy(card: ModelCard) -> str:
    """What quantisation costs: the columns of BioMistral's tables 4 and 7, and the scores."""
    manifest = card.manifest
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
    full = next((entry.name for entry in manifest.inputs if entry.role == "model"), "")
    scores = {(s["metric"], s["group"], s["model"]): _interval(s) for s in card.scores}
    for metric, group, model in scores:
        if model == card.name and (metric, group, full) in scores:
            what = f"{metric.replace('_', ' ')}, {group}"
            rows.append((what, scores[metric, group, full], scores[metric, group, model]))
    return f"""## What the smaller copy costs

Quantised by {manifest.recipe["method"]}; both were loaded from disk and read the same validation
texts, on the machine named below. Scores are those of the final evaluation.

{table(("", full or "full model", "this copy"), rows, right=(1, 2))}

"""


def _configuration(card: ModelCard) -> str:
    """mergekit's configuration as the merge was made, models by their names in this release."""
    if not card.mergekit:
        return ""
    chosen = any(row["chosen"] for row in card.front)
    how = ", with the parameters that the sweep above chose" if chosen else ""
    return f"""

mergekit's configuration, in which models have their names in this release{how}:

```json
{json.dumps(card.mergekit, ensure_ascii=False, indent=2)}
```"""


def _test_questions(card: ModelCard) -> str:
    """What is known about test questions in the texts it was trained on."""
    return "".join(
        f"### Test questions in {card.links.get(name, name)}\n\n{test_questions(corpus)}\n\n"
        for name, corpus in card.trained_on.items()
    )


def _whom(card: ModelCard) -> str:
    """Nothing is promised that was not measured: the scores and what it was made of decide."""
    made = {
        "merge": "a merge of other models",
        "finetune": "a base model that was trained further",
        "quantized": "a copy of another model in fewer bits",
    }.get(card.relation or "", "a base model that was trained from nothing")
    groups = list(dict.fromkeys(str(s["group"]) for s in card.scores if s["model"] == card.name))
    measured = (
        f"It was measured on {' and '.join(groups)} text and on nothing else."
        if groups
        else "It was not measured."
    )
    languages = ", ".join(card.languages) or sections.UNKNOWN
    return (
        f"For people who build on or study language models: this is {made}, that continues text "
        f"(languages of its training texts: {languages}). {measured}"
    )


def _changes(card: ModelCard) -> str:
    parts = []
    if card.changes:
        header = ("what", "from", "to", "bits per byte", "verdict")
        parts.append(
            "What it gained and lost, on the same documents, pair by pair; below 0 is better:\n\n"
            + table(header, card.changes, right=(3,))
        )
    if card.claims:
        sentences = "\n".join(f"- {sentence}" for sentence in card.claims)
        parts.append(
            f"What is claimed of it, tested on those answers before publication:\n\n{sentences}"
        )
    return "".join(f"{part}\n\n" for part in parts)


def _pictures(card: ModelCard) -> str:
    return "".join(f"{sections.picture(*one)}\n\n" for one in card.pictures)


def _licence(card: ModelCard) -> str:
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


def _seen(card: ModelCard) -> str:
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


def _learnt(card: ModelCard) -> str:
    if not card.learnt:
        return ""
    return (
        "### Withdrawn documents\n\nEarlier versions of this model learnt from documents that were "
        "withdrawn since; use this version, which did not see them.\n\n"
        + table(("document", "versions that learnt from it", "who withdrew it", "why"), card.learnt)
        + "\n\n"
    )


def _limits(card: ModelCard) -> str:
    trained = card.manifest.numbers.get("tokens_seen")
    scale = f" It saw {trained.value:,} tokens in this training." if trained else ""
    truth = (
        "measured only as the accuracy above"
        if any(s["model"] == card.name and s["metric"] == "accuracy" for s in card.scores)
        else "not measured"
    )
    what = (
        f"It was fine-tuned to answer as in {card.manifest.recipe['examples']}."
        if "examples" in card.manifest.recipe
        else "It continues text; the release file names no training on instructions."
    )
    return (
        f"{what}{scale} Whether "
        f"what it writes is true was {truth}. It must not be used for medical decisions."
    )


def _results(card: ModelCard) -> str:
    where = f"[{card.results_repo}](/datasets/{card.results_repo})"
    if not any(score["model"] == card.name for score in card.scores):
        return f"How it scores is {sections.UNKNOWN}. What was measured is in {where}."
    return (
        "On documents that were kept out of every training corpus of this release; "
        f"{100 * card.confidence:g}% intervals. Lower bits per byte are better, higher accuracy is "
        f"better. Every answer is in {where}.\n\n{_score_table(card)}"
    )


def _score_table(card: ModelCard) -> str:
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
