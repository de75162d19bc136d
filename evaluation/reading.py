"""A tidy CSV file becomes a table; what is wrong with it is said, all of it, with its lines.

    read_table(path)         from a file
    build_table(columns)     from columns of text

Refused: a missing column, a score that is no number or not between 0 and 100%, n that is missing or
0, a mixture of scales, a cell that one source prints twice, a base that is not in the table.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, SupportsIndex

import numpy as np

from evaluation.scales import (
    Fields,
    Numbers,
    Say,
    check_scale,
    count_decimals,
    declared_scale,
)
from evaluation.settings import EvaluationError
from evaluation.tables import (
    AVERAGES,
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


class _Cell(NamedTuple):
    entrant: int
    column: int


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
        **{column: [""] * size for column in ("variant", "stderr", "source_table")},
        **{column: [text.strip() for text in texts] for column, texts in fields.items()},
    }
    problems: list[str] = []

    def say(index: SupportsIndex, what: str) -> None:
        row = int(index)
        where = f"{fields['model'][row]}, {fields['language'][row]}, {fields['task'][row]}"
        problems.append(f"{name}: line {lines[row]} ({where}): {what}")

    for column in ("model", "language", "task"):
        for row in [row for row, text in enumerate(fields[column]) if not text]:
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
    blank_n = np.array([not text for text in fields["n"]])
    average = np.array([text.lower().endswith(AVERAGES) for text in fields["task"]]) & blank_n
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
    found = np.full(len(texts), np.nan)
    for row, text in enumerate(texts):
        if not text:
            if not blank_allowed:
                say(row, f"the {what} is blank")
            continue
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if math.isfinite(value):
            found[row] = value
        else:
            say(row, f"the {what} is {text!r}, which is not a finite number")
    return found


def _arrange(fields: Fields, numbers: Numbers, scale: Scale, declared: bool, say: Say) -> Table:
    sources: dict[str, int] = {}
    entrants: dict[Entrant, int] = {}
    source = np.array([sources.setdefault(s, len(sources)) for s in fields["source_table"]])
    entrant = [
        entrants.setdefault(Entrant(*pair), len(entrants))
        for pair in zip(fields["model"], fields["variant"], strict=True)
    ]
    columns: dict[Column, int] = {}
    cells = _cells(fields, numbers, entrant, source, columns, say)
    unit = 100.0 if scale == "percent" else 1.0
    # one row of a printed table; averages have digits of their own
    printed = (source * len(entrants) + np.array(entrant)) * 2 + numbers.average
    decimals = _most_decimals(fields["score"], printed)
    stderr_decimals = _most_decimals(fields["stderr"], printed)
    rows = np.flatnonzero(~numbers.average)
    at = tuple(np.array(cells, dtype=np.int64).reshape(-1, 2).T)
    shape = (len(entrants), len(columns))

    def placed(values: Floats | Integers, blank: float) -> Floats:
        matrix = np.full(shape, blank)
        matrix[at] = values[rows]
        return matrix

    return Table(
        scale=scale,
        declared=declared,
        entrants=tuple(entrants),
        columns=tuple(columns),
        sources=tuple(sources),
        score=placed(numbers.score / unit, np.nan),
        n=placed(numbers.n, 0).astype(np.int64),
        stderr=placed(numbers.stderr / unit, np.nan),
        source=placed(source, 0).astype(np.int64),
        score_decimals=placed(decimals, 0).astype(np.int64),
        stderr_decimals=placed(stderr_decimals, 0).astype(np.int64),
        bases=_bases(fields, entrants, entrant, say),
        averages=tuple(
            Printed(
                entrant[row], fields["language"][row], int(source[row]),
                float(numbers.score[row]) / unit, float(numbers.stderr[row]) / unit,
                ROUNDING * 10.0 ** -int(decimals[row]) / unit,
            )
            for row in np.flatnonzero(numbers.average).tolist()
        ),
    )  # fmt: skip


def _cells(
    fields: Fields,
    numbers: Numbers,
    entrant: Sequence[int],
    source: Integers,
    columns: dict[Column, int],
    say: Say,
) -> list[_Cell]:
    """Where each row belongs. Cells that two sources print put each source in its own columns."""
    groups = fields.get("group", fields["language"])
    seen: dict[tuple[int, str, str], set[int]] = {}
    apart = False
    rows = np.flatnonzero(~numbers.average).tolist()
    for row in rows:
        key = (entrant[row], fields["language"][row], fields["task"][row])
        printed = seen.setdefault(key, set())
        if source[row] in printed:
            say(row, "this cell is there twice")
        apart = apart or bool(printed)
        printed.add(int(source[row]))
    cells = []
    for row in rows:
        suffix = f" ({fields['source_table'][row]})" if apart else ""
        column = Column(
            (groups[row] or fields["language"][row]) + suffix,
            fields["language"][row] + suffix,
            fields["task"][row],
        )
        cells.append(_Cell(entrant[row], columns.setdefault(column, len(columns))))
    return cells


def _most_decimals(texts: Sequence[str], row: Integers) -> Integers:
    """Of each text, the decimals of the longest figure of its row."""
    found = np.zeros(int(row.max()) + 1, dtype=np.int64)
    np.maximum.at(found, row, np.array([count_decimals(text) for text in texts]))
    return found[row]


def _bases(
    fields: Fields, entrants: Mapping[Entrant, int], entrant: Sequence[int], say: Say
) -> dict[int, int | None]:
    """What each entrant is compared with; a base is compared with nothing."""
    own = {e.model: number for e, number in entrants.items() if e.variant.lower() == "base"}
    by_model: dict[str, int] = {}
    for each, number in entrants.items():
        by_model.setdefault(each.model, number)
    named: dict[int, int] = {}
    for row, name in enumerate(fields.get("base", ())):
        if name and name not in by_model:
            say(row, f"its base {name!r} is not in the table")
        elif name:
            named[entrant[row]] = own.get(name, by_model[name])
    found: dict[int, int | None] = {}
    compared_with = {*own.values(), *named.values()}
    for each, number in entrants.items():
        base = named.get(number, own.get(each.model))
        if base != number and not (base is None and number in compared_with):
            found[number] = base
    return found
