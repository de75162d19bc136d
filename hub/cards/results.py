"""The card of the results dataset: the scores of a release, and every answer behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from huggingface_hub import DatasetCardData

from hub.cards import front
from hub.cards.markdown import table
from hub.cards.model import Score


@dataclass(frozen=True)
class ResultsCard:
    repo: str
    tag: str
    title: str
    description: str
    scores: Sequence[Score]
    confidence: float
    """of every interval, 0 to 1"""
    claims: Sequence[str]
    """sentences that were tested and hold, each with its figures"""
    changes: Sequence[tuple[str, str, str, str, str]]
    """(what, from, to, difference with interval, verdict), computed on pairs of answers"""
    front: Sequence[Mapping[str, Any]]
    """the points of every sweep: {merge, candidate, measure, scores by group, on_front, chosen}"""
    links: dict[str, str]
    judged: str = ""
    """how the verdicts on the changes were reached"""


_CONFIGURATIONS = {
    "scores": "scores.parquet",
    "tasks": "tasks.parquet",
    "differences": "differences.parquet",
    "samples": "samples/*.parquet",
}


def render(card: ResultsCard) -> str:
    data = DatasetCardData(
        pretty_name=card.title,
        license="cc0-1.0",
        task_categories=["text-generation"],
        tags=["imprimatur", "evaluation-results"],
        configs=[
            {
                "config_name": name,
                "data_files": [{"split": "train", "path": path}],
                **({"default": True} if name == "scores" else {}),
            }
            for name, path in _CONFIGURATIONS.items()
        ],
    )
    rows = [
        (card.links.get(str(score["model"]), str(score["model"])), str(score["group"]),
         str(score["metric"]).replace("_", " "), f"{score['value']:.4f}",
         f"{score['ci_low']:.4f} – {score['ci_high']:.4f}")
        for score in card.scores
    ]  # fmt: skip
    interval = f"{100 * card.confidence:g}% interval"
    return f"""---
{data.to_yaml()}
---

# {card.title}

{card.description}

{_claims(card)}## Scores

{table(("model", "group", "metric", "value", interval), rows, right=(3, 4))}

## Differences

Computed on the same documents, pair by pair; below 0 is better. {card.judged}

{table(("what", "from", "to", "bits per byte", "verdict"), card.changes, right=(3,))}

{_fronts(card)}## Load it

```python
from datasets import load_dataset

scores = load_dataset("{card.repo}", "scores", revision="{card.tag}", split="train")
answers = load_dataset("{card.repo}", "samples", revision="{card.tag}", split="train")
```

`scores` is by group; `tasks` by task, with the standard error and how it was computed;
`differences` are paired. `samples` has one row a model and item: what was measured and a hash of
what was asked, not its text.

`release.json` lists every repo of this release with its commit and the
sha256 of its files; check them with `imprimatur verify`.
"""


def _claims(card: ResultsCard) -> str:
    if not card.claims:
        return ""
    sentences = "\n".join(f"- {sentence}" for sentence in card.claims)
    return f"""## What is claimed

Tested on the answers below before publication. Planned claims were written down before there were
results, post hoc ones after. As data: `claims.json`.

{sentences}

"""


def _fronts(card: ResultsCard) -> str:
    merges = dict.fromkeys(str(row["merge"]) for row in card.front)
    return "".join(
        front.render([row for row in card.front if row["merge"] == name], card.links)
        for name in merges
    ) + ("As data: `front.json`.\n\n" if merges else "")
