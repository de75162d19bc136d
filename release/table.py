"""What a release says about itself in a few lines: scores, and what adaptation and merging
changed.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal, NamedTuple

from evaluation.results import Sample, read_samples
from evaluation.settings import EvaluationSettings
from evaluation.statistics.families import adjust
from evaluation.summary import Change, compare, summarise
from hub.manifest import Artefact
from release.schema import Release
from release.steps.evaluation import RESULTS

Verdict = Literal["better", "worse", "no clear difference"]


class Difference(NamedTuple):
    what: str
    change: Change
    family: str
    """as the release file names it; empty for all that it does not name"""
    p_adjusted: float
    verdict: Verdict


def scores(release: Release, artefacts: Mapping[str, Artefact]) -> list[dict[str, Any]]:
    """The rows of `summary.json`: {model, group, metric, value, ci_low, ci_high}."""
    if release.evaluation is None:
        return []
    samples = [
        sample
        for model in release.evaluation.answering
        for sample in read_samples(artefacts[model + RESULTS])
    ]
    return [asdict(score) for score in summarise(samples, release.evaluation)]


def differences(release: Release, artefacts: Mapping[str, Artefact]) -> list[Difference]:
    """Trained and fine-tuned models against their bases, and merges against those of their parents
    that this release trained, in bits per byte.

    Each is judged together with the others of its family: see `evaluation.settings.Significance`.
    """
    settings = release.evaluation
    if settings is None or not _measures_text(settings):
        return []
    answers = {m: read_samples(artefacts[m + RESULTS]) for m in settings.models}
    found: list[tuple[str, Change]] = []
    for name, training in release.training.items():
        if name in answers and training.base in answers:
            for change in _changes(answers, training.base, name, settings):
                found.append(("adaptation", change))
    for name, tuning in release.finetuning.items():
        if name in answers and tuning.base in answers:
            for change in _changes(answers, tuning.base, name, settings):
                found.append(("fine-tuning", change))
    for name in release.merging:
        for parent in (*release.training, *release.finetuning):
            if name in answers and parent in answers and parent in _inputs(artefacts[name]):
                for change in _changes(answers, parent, name, settings):
                    found.append(("merge", change))
    return judged(found, settings)


def judged(found: Sequence[tuple[str, Change]], settings: EvaluationSettings) -> list[Difference]:
    """In the order given."""
    significance = settings.significance
    families = [significance.family(change.group, change.after) for _, change in found]
    adjusted = [1.0] * len(found)
    for family in set(families):
        members = [number for number, name in enumerate(families) if name == family]
        p = adjust([found[number][1].p_value for number in members], significance.correction)
        for number, value in zip(members, p.tolist(), strict=True):
            adjusted[number] = value
    return [
        Difference(what, change, family, p, _verdict(change, p < 1 - settings.confidence))
        for (what, change), family, p in zip(found, families, adjusted, strict=True)
    ]


def _verdict(change: Change, sure: bool) -> Verdict:
    if not sure:
        return "no clear difference"
    return "better" if change.difference < 0 else "worse"


def judged_how(settings: EvaluationSettings | None, found: Sequence[Difference]) -> str:
    """A sentence for the card."""
    if settings is None or not found:
        return ""
    level = f"{1 - settings.confidence:.2g}"
    by = {"holm": "Holm", "none": ""}.get(settings.significance.correction, "Benjamini-Hochberg")
    if not by:
        return f"A verdict needs a p-value below {level}, which is not corrected."
    counts = Counter(difference.family or "all others" for difference in found)
    if len(counts) == 1:
        sizes = f"the {len(found)} differences of this table"
    else:
        sizes = ", ".join(f"{name} ({count})" for name, count in counts.items())
        sizes = f"each family: {sizes}"
    return f"A verdict needs a p-value below {level}, corrected by {by} over {sizes}."


def _measures_text(settings: EvaluationSettings) -> bool:
    return any(task.measure == "bits_per_byte" for task in settings.tasks.values())


def _changes(
    answers: Mapping[str, list[Sample]], before: str, after: str, settings: EvaluationSettings
) -> list[Change]:
    return compare(answers[before], answers[after], settings)


def _inputs(artefact: Artefact) -> set[str]:
    return {entry.name for entry in artefact.manifest.inputs}


def interval(change: Change) -> str:
    return f"{change.difference:+.3f} [{change.ci_low:+.3f}, {change.ci_high:+.3f}]"


def score_lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A table for the terminal: one line a model, one column a metric and group."""
    columns = list(dict.fromkeys((row["metric"], row["group"]) for row in rows))
    models = list(dict.fromkeys(row["model"] for row in rows))
    width = max([5, *map(len, models)])
    names = [f"{metric.replace('_', ' ')}, {group}".rjust(24) for metric, group in columns]
    lines = ["  ".join(["model".ljust(width), *names])]
    for model in models:
        cells = {(row["metric"], row["group"]): row for row in rows if row["model"] == model}
        shown = [
            _score(cells[column]).rjust(24) if column in cells else "–".rjust(24)
            for column in columns
        ]
        lines.append("  ".join([model.ljust(width), *shown]))
    return lines


def _score(row: Mapping[str, Any]) -> str:
    return f"{row['value']:.3f} [{row['ci_low']:.3f}, {row['ci_high']:.3f}]"


def difference_lines(found: Sequence[Difference]) -> list[str]:
    """One line a change, in words."""
    lines = []
    for what, change, _, _, verdict in found:
        lines.append(
            f"{what}: {change.before} → {change.after}, {change.group}: "
            f"{interval(change)} bits per byte ({verdict})"
        )
    return lines
