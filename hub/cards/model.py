"""The card of a model or a merge: what it is, what it scores, what it was made from."""

import json
from typing import Any

from huggingface_hub import ModelCardData

from hub.cards import checkpoints, front, model_scores, model_texts, sections
from hub.cards.licence_field import model_licence
from hub.cards.markdown import figure, licence_links, lineage, making, table
from hub.cards.model_card import ModelCard, Score
from hub.licences.compose import POSITIONS
from hub.manifest import Manifest
from hub.results import Result, card_results


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
        dataset_name=score["group"],
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

asked = tokenizer({json.dumps(card.prompt, ensure_ascii=False)}, return_tensors="pt")
written = model.generate(**asked, max_new_tokens=20, do_sample=False)
print(tokenizer.decode(written[0], skip_special_tokens=True))
```

{_needs(manifest)}\
{sections.by_hand(card.notes)}

## Results

{model_scores.results(card)}

{model_scores.changes(card)}{front.render(card.front, card.links, card.front_picture)}\
{checkpoints.render(card.checkpoints, card.checkpoints_picture)}\
{model_scores.warning(manifest)}{model_scores.copy(card)}## How it was made

What it was trained on, in the form that Regulation (EU) 2024/1689 asks for:
[TRAINING_CONTENT.md](TRAINING_CONTENT.md).

{lineage(manifest, card.links, card.tag)}

What making it came to:

{_numbers(manifest)}

{_pictures(card)}{making(manifest)}{_configuration(card)}
{sections.lineage_of_release(f"[{card.results_repo}](/datasets/{card.results_repo})")}

## Licence and attribution

{model_texts.licence(card)}

## Personal data and contamination

{model_texts.seen(card)}

{model_texts.learnt(card)}{model_texts.questions_in(card)}
## Cost

{sections.cost(manifest, "this model")}

## Limits

{_limits(card)}

## Cite it

{sections.citation(card.title, card.repo, card.tag, manifest.digest)}
"""


_LIBRARIES = {"torchao": "torchao", "bitsandbytes": "bitsandbytes", "gptq": "gptqmodel",
              "awq": "compressed-tensors"}  # fmt: skip


def _needs(manifest: Manifest) -> str:
    """What reads the weights of a quantised copy besides transformers."""
    if manifest.kind != "quantised":
        return ""
    method = str(manifest.recipe.get("method", sections.UNKNOWN))
    library = _LIBRARIES.get(method.partition("-")[0])
    needed = f"takes `{library}` besides" if library else f"takes what reads {method} besides"
    return f"Loading it {needed} transformers.\n\n"


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


def _pictures(card: ModelCard) -> str:
    return "".join(f"{sections.picture(*one)}\n\n" for one in card.pictures)


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
        f"what it writes is true was {truth}. It must not decide about people: not about"
        " their health, their rights or their money."
    )


def _numbers(manifest: Manifest) -> str:
    rows = [
        (name.replace("_", " "), figure(manifest, name))
        for name in sorted(manifest.numbers)
        if name != model_scores.FLAG and not name.startswith(("full.", "copy."))
    ]
    return table(("figure", "value"), rows, right=(1,))
