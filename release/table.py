"""What a release says about itself in a few lines: scores, and what adaptation and merging
changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from evaluation.results import Sample, read_samples
from evaluation.settings import EvaluationSettings
from evaluation.summary import Change, compare, summarise
from hub.manifest import Artefact
from release.recipe import Release
from release.steps import RESULTS


class Difference(NamedTuple):
    what: str
    change: Change


def scores(release: Release, artefacts: Mapping[str, Artefact]) -> list[dict[str, Any]]:
    """The rows of `summary.json`: {model, group, metric, value, ci_low, ci_high}."""
    if release.evaluation is None:
        return []
    samples = [
        sample
        for model in release.evaluation.models
        for sample in read_samples(artefacts[model + RESULTS])
    ]
    return [asdict(score) for score in summarise(samples, release.evaluation)]


def differences(release: Release, artefacts: Mapping[str, Artefact]) -> list[Difference]:
    """Adapted against its base, and merges against what they were merged from, in bits per byte."""
    settings = release.evaluation
    if settings is None or not _measures_text(settings):
        return []
    answers = {m: read_samples(artefacts[m + RESULTS]) for m in settings.models}
    found = []
    for name, training in release.training.items():
        if name in answers and training.base in answers:
            for change in _changes(answers, training.base, name, settings):
                found.append(Difference("adaptation", change))
    for name in release.merging:
        for parent in release.training:
            if name in answers and parent in answers and parent in _inputs(artefacts[name]):
                for change in _changes(answers, parent, name, settings):
                    found.append(Difference("merge", change))
    return found


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
    for what, change in found:
        better = "better" if change.difference < 0 else "worse"
        verdict = better if change.certain else "no clear difference"
        lines.append(
            f"{what}: {change.before} → {change.after}, {change.group}: "
            f"{interval(change)} bits per byte ({verdict})"
        )
    return lines
