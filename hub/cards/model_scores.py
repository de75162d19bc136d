"""What was measured of a model: its scores, what it gained and lost, what a smaller copy costs."""

from hub.cards import sections
from hub.cards.markdown import figure, table
from hub.cards.model_card import ModelCard, Score
from hub.manifest import Manifest

FLAG = "worse_than_both_parents_everywhere"
"""the number by which a merge says of itself that it is not worth having"""


def results(card: ModelCard) -> str:
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


def changes(card: ModelCard) -> str:
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


def copy(card: ModelCard) -> str:
    """What quantisation costs: the columns of BioMistral's tables 4 and 7, and the scores."""
    manifest = card.manifest
    if manifest.kind != "quantised":
        return ""
    names = [
        name
        for name in ("size", "memory", "speed", "perplexity")
        if f"copy.{name}" in manifest.numbers
    ]
    rows = [(name, _amount(manifest, f"full.{name}"), _amount(manifest, f"copy.{name}"))
            for name in names]  # fmt: skip
    full = next((entry.name for entry in manifest.inputs if entry.role == "model"), "")
    scores = {(s["metric"], s["group"], s["model"]): _interval(s) for s in card.scores}
    for metric, group, model in scores:
        if model == card.name and (metric, group, full) in scores:
            what = f"{metric.replace('_', ' ')}, {group}"
            rows.append((what, scores[metric, group, full], scores[metric, group, model]))
    return f"""## What the smaller copy costs

Quantised by {manifest.recipe["method"]}; both were loaded from disk and read the same validation
texts, on the machine named below. Scores are those of the final evaluation.

{table(("what", full or "full model", "this copy"), rows, right=(1, 2))}

"""


def _amount(manifest: Manifest, name: str) -> str:
    """Bytes in a unit that people read."""
    number = manifest.numbers.get(name)
    if number is None or number.unit != "bytes":
        return figure(manifest, name)
    return f"{number.value / 10**6:,.1f} MB"


def warning(manifest: Manifest) -> str:
    flag = manifest.numbers.get(FLAG)
    if flag is None or not flag.value:
        return ""
    return """> **This merge is worse than both of its parents everywhere** where its perplexity was
> measured. Use one of them instead.

"""
