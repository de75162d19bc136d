"""The card of the results dataset: the scores of a release, and every answer behind them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from huggingface_hub import DatasetCardData

from hub.cards import front, judged, sections
from hub.cards.licence_field import dataset_licence
from hub.cards.markdown import table
from hub.cards.model_card import Score
from hub.cards.reading import NO_NOTES, Notes


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
    fronts: Sequence[tuple[Sequence[Mapping[str, Any]], str]]
    """of every sweep its points {merge, candidate, measure, scores by group, on_front, chosen}, and
    the file of their figure, which may be empty"""
    links: dict[str, str]
    judged: str = ""
    """how the verdicts on the changes were reached"""
    bins: Sequence[Mapping[str, Any]] = ()
    """of calibration.parquet {model, group, ece, brier, ...}, a row a bin"""
    pictures: Sequence[tuple[str, str]] = ()
    """(alternative text, file): of the scores, the graph"""
    changelog: str = ""
    """Markdown: what changed since the previous version"""
    notes: Notes = NO_NOTES
    texts: Sequence[str] = ()
    """licences of the questions whose words are published; empty where none are"""
    opinions: Sequence[Mapping[str, Any]] = ()
    """of judged.parquet: what a judge and people found about open answers"""
    tables: Collection[str] = ()
    """names of the configurations that have rows: `datasets` opens no table without any"""


_CONFIGURATIONS = {
    "scores": "scores.parquet",
    "tasks": "tasks.parquet",
    "differences": "differences.parquet",
    "ranks": "ranks.parquet",
    "calibration": "calibration.parquet",
    "checkpoints": "checkpoints.parquet",
    "questions": "questions.parquet",
    "judged": "judged.parquet",
    "samples": "samples/*.parquet",
}
CONFIDENCE = "How often answers of each confidence were right"
"""words for its picture"""


def render(card: ResultsCard) -> str:
    data = DatasetCardData(
        pretty_name=card.title,
        **dataset_licence(["CC0-1.0", *card.texts]),
        task_categories=["text-generation"],
        tags=["imprimatur", "evaluation-results"],
        configs=[
            {
                "config_name": name,
                "data_files": [{"split": "train", "path": path}],
                **({"default": True} if name == "scores" else {}),
            }
            for name, path in _CONFIGURATIONS.items()
            if name in card.tables
        ]
        or None,
        viewer=None if card.tables else False,
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

For whoever wants to check or compare the models of this release: every answer is here, not only
what they add up to.

{sections.by_hand(card.notes)}

{_claims(card)}## Scores

{_scores(rows, interval)}

{_picture(card, "scores.svg")}## Differences

{_differences(card)}

{judged.render(card.opinions, card.links)}{_calibration(card)}{_fronts(card)}{_loading(card)}\
`release.json` lists every repo of this release with its commit and the
sha256 of its files; check them with `imprimatur verify`.

{_changelog(card)}## How this release was made

{_picture(card, "lineage.svg")}{_FILES} `lineage.json` is that graph, `ml-bom.cdx.json` the
same as a CycloneDX bill of materials. Make it again and compare:

```
imprimatur reproduce {card.repo.removesuffix("-results")}@{card.tag} --set data=FOLDER
```

Sources that are local files are not published, since they hold what was left out; their content
digests are pinned, and nothing is made from others.

## Limits

The scores say how these models do on the tasks that `tasks.parquet` lists, and on nothing else.
Intervals say how much another draw of such items could change them, not how much another training
of the same model would.

## Cite it

{sections.citation(card.title, card.repo, card.tag, prefix="datasets/")}
"""


def _loading(card: ResultsCard) -> str:
    if "samples" not in card.tables:
        return ""
    return f"""## Load it

```python
from datasets import load_dataset

scores = load_dataset("{card.repo}", "scores", revision="{card.tag}", split="train")
answers = load_dataset("{card.repo}", "samples", revision="{card.tag}", split="train")
```

`scores` is by group; `tasks` by task, with the standard error and how it was computed;
`differences` are paired; `ranks` are places with their intervals, and a number for each group that
cannot be told apart from its best. `models.json` says of each model what it was made from, its
licence, size and languages. `samples` has one row a model and item: what was measured and a hash of
what was asked, not its text.{_texts(card)}

"""


def _texts(card: ResultsCard) -> str:
    if not card.texts:
        return ""
    return (
        f" The texts that may be shown are in `questions`, under {', '.join(card.texts)}, each with"
        " its licence and attribution; everything else here is CC0-1.0."
    )


_FILES = (
    "`recipe.json` is the release file, `manifests/` says of every artefact what it was made from "
    "(content digests), by which versions, and what came out;"
)


def _scores(rows: Sequence[Sequence[str]], interval: str) -> str:
    if not rows:
        return f"They are {sections.UNKNOWN}."
    return table(("model", "group", "metric", "value", interval), rows, right=(3, 4))


def _differences(card: ResultsCard) -> str:
    if not card.changes:
        return f"They are {sections.UNKNOWN}."
    header = ("what", "from", "to", "bits per byte", "verdict")
    return (
        "Computed on the same documents, pair by pair; below 0 is better. "
        f"{card.judged}\n\n{table(header, card.changes, right=(3,))}"
    )


def _calibration(card: ResultsCard) -> str:
    """A line a model and group; the bins are in the file."""
    if not card.bins:
        return ""
    of = {(str(row["model"]), str(row["group"])): row for row in card.bins}
    rows = [
        (card.links.get(model, model), group, f"{row['ece']:.3f}", f"{row['brier']:.3f}")
        for (model, group), row in of.items()
    ]
    header = ("model", "group", "expected calibration error", "Brier score")
    return f"""## Confidence

How far the probability that a model gives its answer among the options is from the share that was
right: ten bins of equal width, weighted by answers; above 0 by chance alone, the more so the fewer
the answers. The Brier score needs no bins, 0 is perfect. Bins with intervals:
`calibration.parquet`.

{table(header, rows, right=(2, 3))}

{_picture(card, "calibration.svg")}"""


def _picture(card: ResultsCard, file: str) -> str:
    return "".join(f"{sections.picture(a, f)}\n\n" for a, f in card.pictures if f == file)


def _changelog(card: ResultsCard) -> str:
    return f"## What changed\n\n{card.changelog}\n\n" if card.changelog else ""


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
    shown = "".join(front.render(rows, card.links, picture) for rows, picture in card.fronts)
    return shown + ("As data: `front.json`.\n\n" if shown else "")
