"""Does a table agree with itself? What can be told from the figures alone, as a list of findings.

    standard-error   a ± that is not √(p(1−p)/(n−1)), beyond rounding
    error-kind       most ± of a source, or of a task, are something else: spread over seeds, MMLU's
                     error by subject
    impossible       a score that no whole number of right answers out of n gives
    runs             scores of a source are means over several runs, each of n answers
    copied           two models, or two tasks, agree in more cells than chance would have
    outlier          a score far from what its model and its task give elsewhere, for its error
    different-n      one task, several numbers of questions
    missing          a model lacks a task of a language that others have
    average          a printed average that the printed scores do not give
    conflict         two sources print different figures for one cell

A finding is a reason to look, checkable by hand; it accuses nobody. How copies are told from chance:
two models of equal strength print the same score with probability about step/(2√π·se), step being
what one answer or one printed digit moves; the product over equal cells, times the number of pairs
that were looked at, is the number of such coincidences to expect, and a pair is reported below 0.01.
"""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from evaluation.statistics.groups import plain_mean
from evaluation.tables import Bools, Floats, Integers, Table, binomial_errors

COINCIDENCES = 0.01
"""expected number of chance agreements below which one is reported"""
OUTLYING = 6.0
"""robust standard deviations from the additive fit of models and tasks"""
FEW = 3
"""cells below which nothing is said about all of them"""
MAX_RUNS = 5
SLACK = 1e-9


class Finding(NamedTuple):
    """A row of consistency.csv."""

    check: str
    model: str
    other_model: str
    task: str
    language: str
    detail: str


def findings(table: Table) -> list[Finding]:
    checks: tuple[Callable[[Table], Iterator[Finding]], ...] = (
        _errors, _scores, _copied_models, _copied_tasks, _outliers, _sizes, _missing, _averages,
        _conflicts,
    )  # fmt: skip
    return [finding for check in checks for finding in check(table)]


def _cell(table: Table, check: str, entrant: int, column: int, detail: str) -> Finding:
    where = table.columns[column]
    detail = _in(table, int(table.source[entrant, column]), detail)
    return Finding(check, table.labels()[entrant], "", where.task, where.language, detail)


def _in(table: Table, source: int, detail: str) -> str:
    return f"{table.sources[source]}: {detail}" if table.sources[source] else detail


def _errors(table: Table) -> Iterator[Finding]:
    """The error may be rounded, and so may the score it is computed from."""
    half = table.half_unit("score")
    expected = binomial_errors(table.score, table.n)
    edges = [binomial_errors(np.clip(table.score + d * half, 0, 1), table.n) for d in (-1, 1)]
    low, high = np.minimum(*edges), np.maximum(*edges)
    # between the two edges the error may peak, at one half
    peak = np.abs(table.score - 0.5) <= half
    high = np.where(peak, binomial_errors(np.full_like(high, 0.5), table.n), high)
    slack = table.half_unit("stderr") + SLACK
    with np.errstate(invalid="ignore"):
        off = (table.stderr < low - slack) | (table.stderr > high + slack)
    explained = np.zeros(off.shape, dtype=bool)
    for source in range(len(table.sources)):
        here = (table.source == source) & ~np.isnan(table.stderr) & (expected > 0)
        for columns in (slice(None), *(slice(c, c + 1) for c in range(len(table.columns)))):
            judged = here[:, columns] & ~explained[:, columns]
            if judged.sum() < FEW or off[:, columns][judged].mean() <= 0.5:
                continue
            explained[:, columns] |= judged
            ratio = float(np.median((table.stderr[:, columns] / expected[:, columns])[judged]))
            task = table.columns[columns.start].task if columns.start is not None else ""
            language = table.columns[columns.start].language if columns.start is not None else ""
            detail = (
                f"the printed errors are no standard errors of n answers: in the median"
                f" {ratio:.2f} of √(p(1−p)/(n−1)) over {int(judged.sum())} scores"
            )
            yield Finding("error-kind", "", "", task, language, _in(table, source, detail))
    for entrant, column in np.argwhere(off & ~explained).tolist():
        printed, derived = table.stderr[entrant, column], expected[entrant, column]
        detail = (
            f"printed {_figure(table, entrant, column)} ± {printed * table.unit:g};"
            f" √(p(1−p)/(n−1)) with n = {table.n[entrant, column]} is {derived * table.unit:.4g}"
        )
        yield _cell(table, "standard-error", entrant, column, detail)


def _figure(table: Table, entrant: int, column: int) -> str:
    decimals = int(table.score_decimals[entrant, column])
    return f"{table.score[entrant, column] * table.unit:.{decimals}f}"


def _impossible(table: Table, runs: Integers) -> Bools:
    """Cells that no whole number of right answers gives; `runs` of each source."""
    answers = table.n * runs[table.source]
    half = table.half_unit("score") + SLACK
    with np.errstate(invalid="ignore"):
        near = np.abs(table.score - np.round(table.score * answers) / answers) <= half
    found: Bools = table.present & ~near
    return found


def _checkable(table: Table, runs: int) -> Bools:
    """Cells in which rounding leaves gaps between the possible scores."""
    with np.errstate(divide="ignore"):
        found: Bools = table.present & (1 / (table.n * runs) > 2 * table.half_unit("score"))
    return found


def _scores(table: Table) -> Iterator[Finding]:
    """A source of which a tenth is impossible is one of means over runs, if that makes it possible."""
    runs = np.ones(len(table.sources), dtype=np.int64)
    wrong = _impossible(table, runs)
    for source in range(len(table.sources)):
        here = table.source == source
        single = _checkable(table, 1) & here
        if not single.any() or wrong[single].mean() <= 0.1:
            continue
        share = (
            f"{int(wrong[single].sum())} of {int(single.sum())} scores are no share of n answers"
        )
        runs[source] = _runs(table, source)
        if runs[source]:
            detail = f"{share}, but they are means of {runs[source]} runs"
            yield Finding("runs", "", "", "", "", _in(table, source, detail))
        else:
            detail = f"{share}, nor the mean of 2 to {MAX_RUNS} runs"
            yield Finding("impossible", "", "", "", "", _in(table, source, detail))
    known = runs[table.source] > 0
    for entrant, column in np.argwhere(_impossible(table, np.maximum(1, runs)) & known).tolist():
        n = int(table.n[entrant, column] * runs[table.source[entrant, column]])
        right = table.score[entrant, column] * n
        detail = (
            f"{_figure(table, entrant, column)} of {n} answers is {right:.2f} of them; the nearest"
            f" possible scores are {np.floor(right) / n * table.unit:.4g} and"
            f" {np.ceil(right) / n * table.unit:.4g}"
        )
        yield _cell(table, "impossible", entrant, column, detail)


def _runs(table: Table, source: int) -> int:
    """Over how many runs the scores of a source can be means; 0: over no number that was tried."""
    for tried in range(2, MAX_RUNS + 1):
        runs = np.full(len(table.sources), tried)
        judged = _checkable(table, tried) & (table.source == source)
        if judged.any() and _impossible(table, runs)[judged].mean() <= 0.1:
            return tried
    return 0


def _copied_models(table: Table) -> Iterator[Finding]:
    """Pairs of models, source by source: a block that was pasted stays within its table."""
    labels = table.labels()
    for source in range(len(table.sources)):
        here = table.present & (table.source == source)
        columns = np.flatnonzero(here.any(axis=0))
        if len(columns) < 2:
            continue
        score = np.where(here, table.score, np.nan)[:, columns]
        weight = _surprise(table, here)[columns]
        for first, second in _agreeing(score, weight):
            equal = np.flatnonzero(score[first] == score[second])
            names = [table.columns[columns[number]] for number in equal]
            both = int((~np.isnan(score[first]) & ~np.isnan(score[second])).sum())
            detail = f"{len(equal)} of {both} scores are equal: " + ", ".join(
                f"{name.task} ({name.language}) {score[first, at] * table.unit:.4g}"
                for name, at in zip(names[:8], equal[:8], strict=True)
            )
            yield Finding(
                "copied", labels[first], labels[second],
                names[0].task if len({name.task for name in names}) == 1 else "",
                names[0].language if len({name.language for name in names}) == 1 else "",
                _in(table, source, detail),
            )  # fmt: skip


def _surprise(table: Table, here: Bools) -> Floats:
    """−log of the chance that two models of equal strength print the same score, by column."""
    n = np.where(here, table.n, 0).max(axis=0)
    step = np.maximum(1 / np.maximum(1, n), 2 * table.half_unit("score").max(axis=0))
    middle = np.full(len(n), 0.5)
    filled = here.any(axis=0)
    middle[filled] = np.nanmedian(np.where(here, table.score, np.nan)[:, filled], axis=0)
    stderr = binomial_errors(np.clip(middle, 0.05, 0.95), np.maximum(2, n))
    found: Floats = -np.log(np.minimum(0.9, step / (2 * np.sqrt(np.pi) * stderr)))
    return found


def _agreeing(score: Floats, weight: Floats) -> Iterator[tuple[int, int]]:
    """Pairs of rows whose equal cells weigh more than all pairs together let expect."""
    models = len(score)
    needed = math.log(max(1, models * (models - 1) / 2) / COINCIDENCES)
    total = np.zeros((models, models), dtype=np.float32)
    equal = np.zeros((models, models), dtype=np.int16)
    for column, surprise in enumerate(weight):
        values = score[:, column]
        order = np.argsort(values, kind="stable")
        order = order[: np.count_nonzero(~np.isnan(values))]
        edges = np.flatnonzero(np.diff(values[order])) + 1
        for same in np.split(order, edges):
            if len(same) > 1:
                total[np.ix_(same, same)] += np.float32(surprise)
                equal[np.ix_(same, same)] += 1
    for first, second in np.argwhere(np.triu(total > needed, 1)).tolist():
        both = np.count_nonzero(~np.isnan(score[first]) & ~np.isnan(score[second]))
        # any of the cells might have been the equal ones
        choices = math.log(math.comb(both, int(equal[first, second])))
        if total[first, second] > needed + choices:
            yield first, second


def _copied_tasks(table: Table) -> Iterator[Finding]:
    """Pairs of tasks of one number of questions in which models score the same to the digit."""
    weight = _surprise(table, table.present)
    for first in range(len(table.columns)):
        for second in range(first + 1, len(table.columns)):
            one, two = table.columns[first], table.columns[second]
            if (one.task, one.language.split(" (")[0]) == (two.task, two.language.split(" (")[0]):
                continue  # the same task in two tables
            same_n = (table.n[:, first] == table.n[:, second]) & table.present[:, first]
            equal = np.flatnonzero(same_n & (table.score[:, first] == table.score[:, second]))
            shared = int(same_n.sum())
            if len(equal) < 2 or shared < 2:
                continue
            # choosing which models agree, and among which pairs of tasks
            pairs = len(table.columns) * (len(table.columns) - 1) / 2
            choices = np.log(pairs) + len(equal) * np.log(np.e * shared / len(equal))
            if len(equal) * weight[first] - choices > -np.log(COINCIDENCES):
                names = ", ".join(table.labels()[model] for model in equal[:8])
                yield Finding(
                    "copied", "", "", one.task, one.language,
                    f"the same scores as {two.task} ({two.language}) for {len(equal)} of"
                    f" {shared} models: {names}",
                )  # fmt: skip


def _outliers(table: Table) -> Iterator[Finding]:
    """Residuals of score = model + task, fitted by medians (Tukey 1977, median polish)."""
    if min(table.score.shape) < 3:
        return
    stderr = table.standard_errors()
    with np.errstate(invalid="ignore"):
        residual = np.where(table.present, table.score, np.nan)
        for _ in range(5):
            residual = residual - np.nanmedian(residual, axis=1, keepdims=True)
            residual = residual - np.nanmedian(residual, axis=0, keepdims=True)
        spread = 1.4826 * np.nanmedian(np.abs(residual), axis=0, keepdims=True)
        scale = np.sqrt(spread**2 + stderr**2)
        far = np.abs(residual) > OUTLYING * scale
    for entrant, column in np.argwhere(far).tolist():
        fitted = table.score[entrant, column] - residual[entrant, column]
        detail = (
            f"printed {_figure(table, entrant, column)} ± {stderr[entrant, column] * table.unit:.2g};"
            f" its model and task elsewhere let expect about {fitted * table.unit:.1f}"
        )
        yield _cell(table, "outlier", entrant, column, detail)


def _sizes(table: Table) -> Iterator[Finding]:
    sizes: dict[tuple[str, str], dict[int, list[int]]] = {}
    for number, column in enumerate(table.columns):
        counts = sizes.setdefault((column.task, column.language), {})
        for entrant in np.flatnonzero(table.present[:, number]).tolist():
            counts.setdefault(int(table.n[entrant, number]), []).append(entrant)
    for (task, language), counts in sizes.items():
        if len(counts) < 2:
            continue
        usual = max(counts, key=lambda n: len(counts[n]))
        for n, entrants in counts.items():
            for entrant in entrants if n != usual else []:
                yield Finding(
                    "different-n", table.labels()[entrant], "", task, language,
                    f"n is {n}, and {usual} for {len(counts[usual])} other models: not comparable",
                )  # fmt: skip


def _missing(table: Table) -> Iterator[Finding]:
    labels = table.labels()
    for language, columns in table.blocks("language").items():
        here = table.present[:, columns]
        asked = here.any(axis=1)
        for entrant, at in np.argwhere(asked[:, None] & ~here).tolist():
            yield Finding(
                "missing", labels[entrant], "", table.columns[columns[at]].task, language,
                "no score for this task: neither ranked nor averaged with those that have one",
            )  # fmt: skip


def _averages(table: Table) -> Iterator[Finding]:
    """Rounded scores give an average that is off by half a digit more at most."""
    for printed in table.averages:
        columns = [
            number
            for number, column in enumerate(table.columns)
            if column.language.startswith(printed.language)
            and table.present[printed.entrant, number]
            and table.source[printed.entrant, number] == printed.source
        ]
        if not columns:
            continue
        scores = table.score[printed.entrant, columns]
        rounded = float(table.half_unit("score")[printed.entrant, columns].mean())
        found = plain_mean(scores, table.stderr[printed.entrant, columns])
        for what, given, derived in (
            ("mean", printed.score, float(found.mean)),
            ("standard error of the mean", printed.stderr, float(found.stderr)),
        ):
            if abs(given - derived) > printed.half_unit + rounded + SLACK:
                detail = (
                    f"printed {given * table.unit:g}, the {what} of its {len(columns)} scores is"
                    f" {derived * table.unit:.3f}"
                )
                yield Finding(
                    "average", table.labels()[printed.entrant], "", "", printed.language,
                    _in(table, printed.source, detail),
                )  # fmt: skip


def _conflicts(table: Table) -> Iterator[Finding]:
    """Cells that several sources print: each has columns of its own, named for it."""
    places: dict[tuple[str, str], list[int]] = {}
    for number, column in enumerate(table.columns):
        places.setdefault((column.task, column.language.split(" (")[0]), []).append(number)
    for (task, language), columns in places.items():
        for entrant in range(len(table.entrants)) if len(columns) > 1 else ():
            printed = [c for c in columns if table.present[entrant, c]]
            if len({float(table.score[entrant, c]) for c in printed}) > 1:
                figures = "; ".join(
                    f"{table.sources[table.source[entrant, c]]}: {_figure(table, entrant, c)}"
                    for c in printed
                )
                yield Finding("conflict", table.labels()[entrant], "", task, language, figures)
