"""A tidy CSV file becomes a table; what is wrong with it is said, all of it, with its lines.

    read_table(path)         from a file
    build_table(columns)     from columns of text

Refused: a missing column, a score that is no number or not between 0 and 100%, n that is missing or
0, a mixture of scales, a cell that one source prints twice, a base that is not in the table.
"""

import csv
import math
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import SupportsIndex

import numpy as np

from evaluation.scales import (
    Fields,
    Numbers,
    Say,
    check_scale,
    count_decimals,
    declared_scale,
    each,
)
from evaluation.settings import EvaluationError
from evaluation.tables import (
    AVERAGES,
    CONDITIONS,
    REQUIRED,
    ROUNDING,
    Column,
    Entrant,
    Floats,
    Integers,
    Printed,
    Scale,
    Table,
)

LISTED = 20
"""problems in one message; the rest is counted"""


def read_table(path: Path, scale: Scale | None = None) -> Table:
    try:
        with path.open(newline="", encoding="utf-8-sig") as opened:
            rows = list(csv.reader(opened))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EvaluationError(f"{path} cannot be read as a table: {error}") from None
    numbers = [number for number, row in enumerate(rows, 1) if row]
    rows = [row for row in rows if row]
    if len(rows) < 2:
        raise EvaluationError(f"{path} has no rows: a table is a line of column names, then cells")
    header = [name.strip() for name in rows[0]]
    problems = [f"{path}: two columns are named {h}" for h in set(header) if header.count(h) > 1]
    problems += [
        f"{path}: line {number}: {len(row)} fields under {len(header)} column names"
        for number, row in zip(numbers, rows, strict=True)
        if len(row) != len(header)
    ]
    _complain(problems)
    columns = zip(header, zip(*rows[1:], strict=True), strict=True)
    return build_table(dict(columns), scale, str(path), numbers[1:])


def build_table(
    fields: Fields, scale: Scale | None = None, name: str = "table", lines: Sequence[int] = ()
) -> Table:
    missing = [column for column in REQUIRED if column not in fields]
    if missing:
        raise EvaluationError(
            f"{name}: no column {', '.join(missing)}; a table needs {', '.join(REQUIRED)}"
        )
    size = len(fields["model"])
    lines = lines or range(2, size + 2)
    fields = {
        **{column: [""] * size for column in ("variant", "stderr", "source_table", *CONDITIONS)},
        **{column: each(texts, str.strip) for column, texts in fields.items()},
    }
    problems: list[str] = []

    def say(index: SupportsIndex, what: str) -> None:
        row = int(index)
        where = f"{fields['model'][row]}, {fields['language'][row]}, {fields['task'][row]}"
        problems.append(f"{name}: line {lines[row]} ({where}): {what}")

    for column in ("model", "language", "task"):
        for row in np.flatnonzero(each(fields[column], lambda text: not text)):
            say(row, f"the {column} is blank")
    numbers = _numbers(fields, say)
    _complain(problems)
    declared = declared_scale(fields, scale, name)
    used = declared or ("percent" if bool((numbers.score > 1).any()) else "proportion")
    check_scale(numbers, used, declared is not None, fields, say)
    _complain(problems)
    table = _arrange(fields, numbers, used, declared is not None, say)
    _complain(problems)
    return table


def _complain(problems: Sequence[str]) -> None:
    if problems:
        rest = len(problems) - LISTED
        more = [f"and {rest} more problems like these"] if rest > 0 else []
        raise EvaluationError("\n".join([*problems[:LISTED], *more]))


def _numbers(fields: Fields, say: Say) -> Numbers:
    blank_n = np.array(each(fields["n"], lambda text: not text))
    named = each(fields["task"], lambda text: text.lower().endswith(AVERAGES))
    average = np.array(named) & blank_n
    score = _floats(fields["score"], "score", say)
    stderr = _floats(fields["stderr"], "standard error", say, blank_allowed=True)
    n = _floats(fields["n"], "n", say, blank_allowed=True)
    for row in np.flatnonzero(blank_n & ~average):
        say(row, "n is blank: how many questions is the score about?")
    for row in np.flatnonzero((n < 1) | (n != np.floor(n)) & ~blank_n):
        say(row, f"n is {n[row]:g}: a score needs a whole number of questions, 1 or more")
    for row in np.flatnonzero(score < 0):
        say(row, f"a score of {score[row]:g} is below 0")
    for row in np.flatnonzero(score > 100):
        say(row, f"a score of {score[row]:g} is over 100%")
    for row in np.flatnonzero(stderr < 0):
        say(row, f"a standard error of {stderr[row]:g} is below 0")
    return Numbers(np.nan_to_num(n).astype(np.int64), score, stderr, average)


def _floats(texts: Sequence[str], what: str, say: Say, blank_allowed: bool = False) -> Floats:
    """Blank becomes NaN; a written NaN or infinity is a problem like any other word."""
    found = np.array(each(texts, _float))
    for row in np.flatnonzero(np.isnan(found)).tolist():
        if texts[row]:
            say(row, f"the {what} is {texts[row]!r}, which is not a finite number")
        elif not blank_allowed:
            say(row, f"the {what} is blank")
    return found


def _float(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _codes(texts: Sequence[Hashable]) -> Integers:
    """Numbers in the order of first appearance."""
    codes = {text: code for code, text in enumerate(dict.fromkeys(texts))}
    return np.fromiter(map(codes.__getitem__, texts), dtype=np.int64, count=len(texts))


def _arrange(fields: Fields, numbers: Numbers, scale: Scale, declared: bool, say: Say) -> Table:
    pairs = list(zip(fields["model"], fields["variant"], strict=True))
    entrants = [Entrant(*pair) for pair in dict.fromkeys(pairs)]
    sources = dict.fromkeys(fields["source_table"])
    entrant, source = _codes(pairs), _codes(fields["source_table"])
    rows = np.flatnonzero(~numbers.average)
    apart = _printed_twice(fields, entrant[rows], source[rows], rows, say)
    column, columns = _columns(fields, rows, apart)
    conditions = list(zip(*(fields[name] for name in CONDITIONS), strict=True))
    unit = 100.0 if scale == "percent" else 1.0
    # one row of a printed table; averages have digits of their own
    printed = (source * len(entrants) + entrant) * 2 + numbers.average
    decimals = _most_decimals(fields["score"], printed)
    stderr_decimals = _most_decimals(fields["stderr"], printed)
    at = (entrant[rows], column)
    shape = (len(entrants), len(columns))

    def placed(values: Floats | Integers, blank: float) -> Floats:
        matrix = np.full(shape, blank)
        matrix[at] = values[rows]
        return matrix

    return Table(
        scale=scale,
        declared=declared,
        entrants=tuple(entrants),
        columns=columns,
        sources=tuple(sources),
        score=placed(numbers.score / unit, np.nan),
        n=placed(numbers.n, 0).astype(np.int64),
        stderr=placed(numbers.stderr / unit, np.nan),
        source=placed(source, 0).astype(np.int64),
        asked=placed(_codes(conditions), 0).astype(np.int64),
        conditions=tuple(dict.fromkeys(conditions)),
        score_decimals=placed(decimals, 0).astype(np.int64),
        stderr_decimals=placed(stderr_decimals, 0).astype(np.int64),
        bases=_bases(fields, entrants, entrant, say),
        averages=tuple(
            Printed(
                int(entrant[row]), fields["language"][row], int(source[row]),
                float(numbers.score[row]) / unit, float(numbers.stderr[row]) / unit,
                ROUNDING * 10.0 ** -int(decimals[row]) / unit,
            )
            for row in np.flatnonzero(numbers.average).tolist()
        ),
    )  # fmt: skip


def _printed_twice(
    fields: Fields, entrant: Integers, source: Integers, rows: Integers, say: Say
) -> bool:
    """Whether two sources print one cell; a problem where one source does."""
    tasks = list(zip(fields["language"], fields["task"], strict=True))
    cell = entrant * len(rows) + _codes([tasks[row] for row in rows.tolist()])
    size = int(source.max(initial=0)) + 1
    _, first = np.unique(cell * size + source, return_index=True)
    for row in np.delete(rows, first):
        say(row, "this cell is there twice")
    return len(np.unique(cell)) < len(first)


def _columns(fields: Fields, rows: Integers, apart: bool) -> tuple[Integers, tuple[Column, ...]]:
    """Column of each row. Cells that two sources print put each source in its own columns."""
    groups = fields.get("group", fields["language"])
    names = zip(groups, fields["language"], fields["task"], fields["source_table"], strict=True)
    keys = list(names)
    used = [keys[row] if apart else (*keys[row][:3], "") for row in rows.tolist()]
    columns = []
    for group, language, task, source in dict.fromkeys(used):
        suffix = f" ({source})" if apart else ""
        columns.append(Column((group or language) + suffix, language + suffix, task))
    return _codes(used), tuple(columns)


def _most_decimals(texts: Sequence[str], row: Integers) -> Integers:
    """Of each text, the decimals of the longest figure of its row."""
    found = np.zeros(int(row.max()) + 1, dtype=np.int64)
    np.maximum.at(found, row, np.array(each(texts, count_decimals)))
    return found[row]


def _bases(
    fields: Fields, entrants: Sequence[Entrant], entrant: Integers, say: Say
) -> dict[int, int | None]:
    """What each entrant is compared with; a base is compared with nothing."""
    own = {e.model: number for number, e in enumerate(entrants) if e.variant.lower() == "base"}
    by_model: dict[str, int] = {}
    for number, who in enumerate(entrants):
        by_model.setdefault(who.model, number)
    named: dict[int, int] = {}
    for row, name in enumerate(fields.get("base", ())):
        if name and name not in by_model:
            say(row, f"its base {name!r} is not in the table")
        elif name:
            named[int(entrant[row])] = own.get(name, by_model[name])
    found: dict[int, int | None] = {}
    compared_with = {*own.values(), *named.values()}
    for number, who in enumerate(entrants):
        base = named.get(number, own.get(who.model))
        if base != number and not (base is None and number in compared_with):
            found[number] = base
    return found
