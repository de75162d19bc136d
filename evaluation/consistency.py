"""Does a table agree with itself? What can be told from the figures alone, as a list of findings.

    standard-error   a ± that is not √(p(1−p)/(n−1)), beyond rounding
    error-kind       most ± of a source, or of a task, are something else: spread over seeds, MMLU's
                     error by subject
    impossible       a score that no whole number of right answers out of n gives
    runs             scores of a source are means over several runs, each of n answers
    copied           two models, or two tasks, agree in more cells than chance would have
    outlier          a score far from what its model and its task give elsewhere, for its error
    different-n      one task, several numbers of questions
    asked-otherwise  one task, several metrics, numbers of shots or templates
    missing          a model lacks a task of a language that others have
    average          a printed average that the printed scores do not give
    conflict         two sources print different figures for one cell

A finding is a reason to look, checkable by hand; it accuses nobody. Copies: `evaluation.copies`.
"""

from collections.abc import Callable, Iterator

import numpy as np

from evaluation.copies import Finding, copied_models, copied_tasks, within
from evaluation.statistics.groups import plain_mean
from evaluation.tables import Bools, Integers, Table, binomial_errors

OUTLYING = 6.0
"""robust standard deviations from the additive fit of models and tasks"""
FEW = 3
"""cells below which nothing is said about all of them"""
MAX_RUNS = 5
SLACK = 1e-9


def findings(table: Table) -> list[Finding]:
    checks: tuple[Callable[[Table], Iterator[Finding]], ...] = (
        _errors, _scores, copied_models, copied_tasks, _outliers, _sizes, _ways, _missing,
        _averages, _conflicts,
    )  # fmt: skip
    return [finding for check in checks for finding in check(table)]


def _cell(table: Table, check: str, entrant: int, column: int, detail: str) -> Finding:
    where = table.columns[column]
    detail = within(table, int(table.source[entrant, column]), detail)
    return Finding(check, table.labels()[entrant], "", where.task, where.language, detail)


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
            yield Finding("error-kind", "", "", task, language, within(table, source, detail))
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
    """Where a tenth of a source is impossible, it may consist of means over several runs."""
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
            yield Finding("runs", "", "", "", "", within(table, source, detail))
        else:
            detail = f"{share}, nor the mean of 2 to {MAX_RUNS} runs"
            yield Finding("impossible", "", "", "", "", within(table, source, detail))
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
            f"printed {_figure(table, entrant, column)} ±"
            f" {stderr[entrant, column] * table.unit:.2g}; its model and task elsewhere let expect"
            f" about {fitted * table.unit:.1f}"
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


def _ways(table: Table) -> Iterator[Finding]:
    for number, column in enumerate(table.columns):
        here = np.flatnonzero(table.present[:, number])
        codes, counts = np.unique(table.asked[here, number], return_counts=True)
        usual = int(codes[counts.argmax()])
        for entrant in here[table.asked[here, number] != usual].tolist():
            said = table.asked_otherwise(int(table.asked[entrant, number]), usual)
            yield Finding(
                "asked-otherwise", table.labels()[entrant], "", column.task, column.language,
                f"{said} for {int(counts.max())} other models: not comparable",
            )  # fmt: skip


def _missing(table: Table) -> Iterator[Finding]:
    labels = table.labels()
    for language, columns in table.blocks("language").items():
        here = table.present[:, columns]
        asked = here.any(axis=1, keepdims=True)
        for entrant, at in np.argwhere(asked & ~here).tolist():
            yield Finding(
                "missing", labels[entrant], "", table.columns[columns[at]].task, language,
                "no score for this task: neither ranked nor averaged with those that have one",
            )  # fmt: skip


def _averages(table: Table) -> Iterator[Finding]:
    """Rounded scores give an average that is off by half a digit more at most."""
    for printed in table.averages:
        # where two sources print one cell, the columns of each are named for it
        languages = (printed.language, f"{printed.language} ({table.sources[printed.source]})")
        columns = [
            number
            for number, column in enumerate(table.columns)
            if column.language in languages
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
                    within(table, printed.source, detail),
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
