"""The card of a translated benchmark: of what, by whom, what came back, what was checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from huggingface_hub import DatasetCardData

from hub.cards.licence_field import dataset_licence
from hub.cards.markdown import figure, licence_links, lineage, making, table
from hub.manifest import Manifest

_ASIDE = "set_aside."


@dataclass(frozen=True)
class TranslationCard:
    repo: str
    tag: str
    name: str
    title: str
    description: str
    manifest: Manifest
    settings: Mapping[str, Any]
    """of the translation, as the release file has them"""
    results_repo: str
    links: dict[str, str]


def render(card: TranslationCard) -> str:
    files = {"default": ("test", "items.jsonl"), "examples": ("train", "shots.jsonl")}
    if any(name.startswith(_ASIDE) for name in card.manifest.numbers):
        files["set_aside"] = ("train", "set_aside.jsonl")
    data = DatasetCardData(
        pretty_name=card.title,
        language=[card.settings["language"]],
        task_categories=["question-answering", "multiple-choice"],
        annotations_creators=["machine-generated"],
        language_creators=["machine-generated"],
        tags=["imprimatur", "benchmark", "machine-translated"],
        configs=[
            {"config_name": name, "data_files": [{"split": split, "path": path}]}
            for name, (split, path) in files.items()
        ],
        **dataset_licence(card.manifest.licence),
    )
    return f"---\n{data.to_yaml()}\n---\n\n{_body(card)}"


def _body(card: TranslationCard) -> str:
    settings, manifest = card.settings, card.manifest
    by = settings["by"]
    translator = by["endpoint"]["model"] if by["endpoint"] else by["local"]["path"]
    examples = (
        "The examples are those of the task, untranslated."
        if settings["shots"] == "original"
        else "The examples were translated too."
    )
    return f"""# {card.title}

{card.description}

The questions of `{settings["of"]}` in {settings["called"]}, translated by a language model from
`{settings["source_language"]}`: {figure(manifest, "items")} of {figure(manifest, "in_task")}.
**No person has read the translations**: an error of the translator is a wrong question, and scores
cannot be set beside those of the original, nor beside those of another translation.

Licence: {licence_links(manifest.licence)}, that of the questions it was made from.

It is for evaluation: keep it out of training data. The corpora of this release that name the task
under `decontaminate` were searched for its questions.

## Use it

```python
from datasets import load_dataset

questions = load_dataset("{card.repo}", revision="{card.tag}", split="test")
```

In a copy of this repo lm-eval asks them in the words in which this release asked them, whose scores
are in [{card.results_repo}](/datasets/{card.results_repo}/tree/{card.tag}):

```shell
lm_eval run --include_path . --tasks {card.name} --model hf --model_args pretrained=MODEL
```

## How it was made

Translated by `{translator}`, a question at a time, with its options. It was not told which one is
right. Ids, the number and order of the options and the answers are those of the task. {examples}

What came back was compared with the question, text by text: the same fields, none empty, the same
numbers, no option in the place of another, no two options that became one, no option that says its
letter, no long text left as it was. What did not pass is not in it, and `set_aside.jsonl` says why:

{_set_aside(manifest)}

It was asked:

{_quoted(by["prompt"])}

{lineage(manifest, card.links, card.tag)}

{making(manifest)}
"""


def _set_aside(manifest: Manifest) -> str:
    rows = [
        (name.removeprefix(_ASIDE), f"{number.value:,}")
        for name, number in manifest.numbers.items()
        if name.startswith(_ASIDE)
    ]
    return table(("reason", "questions"), rows, right=(1,)) if rows else "Nothing was set aside."


def _quoted(prompt: Mapping[str, str]) -> str:
    text = "\n\n".join(part for part in (prompt["system"], prompt["user"]) if part)
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())
