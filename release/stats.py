"""Statistics of one table, from its path to the files and a few lines for the terminal."""

from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, TypeVar, get_args

from hub.failure import BadInput

Option = TypeVar("Option", bound=str)


class Said(NamedTuple):
    lines: list[str]
    counts: dict[str, dict[str, int]]


def stats(
    path: Path,
    out: Path,
    ties: str,
    rule: str | None,
    correction: str,
    scale: str | None,
    base: str | None = None,
) -> Said:
    """Write ranks, groups, changes, consistency and the report of the table at `path`."""
    if find_spec("numpy") is None:
        raise BadInput("statistics need an extra: pip install 'imprimatur[evaluation]'")
    from evaluation.changes import VERDICTS, Rule
    from evaluation.paired import Answers, gather, has_answers, read_answers
    from evaluation.reading import read_table
    from evaluation.report import Choices, statistics, write
    from evaluation.samples import is_published, read_published
    from evaluation.settings import Correction
    from evaluation.statistics.ranks import Ties
    from evaluation.tables import Scale

    published = read_published(path, base) if is_published(path) else None
    if base is not None and published is None:
        raise BadInput("--base is for published answers; a table names it in its column base")
    paired = published is not None or has_answers(path)
    rule = rule or ("paired" if paired else "unpaired-z")
    choices = Choices(
        ties=_one_of("--ties", ties, get_args(Ties)),
        rule=_one_of("--rule", rule, get_args(Rule)),
        correction=_one_of("--correction", correction, get_args(Correction)),
    )
    declared = None if scale is None else _one_of("--scale", scale, get_args(Scale))
    answers: Answers | None = None
    if published is not None:
        table, answers = gather(published.rows, str(path))
    elif paired:
        table, answers = read_answers(path)
    else:
        table = read_table(path, declared)
    found = statistics(table, choices, answers)
    if published is not None:
        found = found._replace(findings=[*found.findings, *published.left_out])
    write(table, found, choices, path.name, out)
    verdicts = Counter(VERDICTS[verdict] for verdict in found.changes.verdict.tolist())
    checks = Counter(finding.check for finding in found.findings)
    lines = [
        f"{len(table.entrants)} models, {len(table.columns)} tasks, scores"
        f" {'in percent' if table.scale == 'percent' else 'between 0 and 1'}.",
        f"Changes ({choices.rule}): {_counted(verdicts) or 'no model has a base'}.",
        f"Consistency: {_counted(checks) or 'nothing contradicts itself'}.",
        f"{out / 'report.md'} says more; the figures are in the CSV files beside it.",
    ]
    return Said(lines, {"changes": dict(verdicts), "consistency": dict(checks)})


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def _one_of(flag: str, value: str, allowed: Sequence[Option]) -> Option:
    for option in allowed:
        if option == value:
            return option
    raise BadInput(f"{flag} {value}: takes {', '.join(allowed)}")
