"""A plan as a person reads it: what is to be obtained, the steps, what is foreseen of them.

What holds for many artefacts is said once for all of them and a long list of names is cut: `--json`
has everything.
"""

from collections.abc import Iterable, Iterator, Sequence

from release.plan import Plan, Planned

SHOWN = 3
"""names in a row before the rest is counted"""


def page(plan: Plan) -> Iterator[str]:
    """Lines, without the problems and refusals: those are errors."""
    sought = plan.sought
    yield from _part(
        "To fetch", _rows((e.source, f"{e.what}, into {e.into}") for e in sought.to_fetch)
    )
    yield from _part("Sources that are not there", [*sought.to_obtain, *sought.left_out])
    yield from _part(_count(plan.steps), _rows(_row(step) for step in plan.steps))
    yield from _part(
        "Not pinned, or nowhere",
        _together(line.replace("unpinned: ", "") for line in plan.unpinned),
    )
    yield from _part("Foreseen", _together(plan.notes))


def shortened(names: Sequence[str]) -> str:
    """`a, b, c` or `a, b and 7 more`."""
    if len(names) <= SHOWN:
        return ", ".join(names)
    return f"{', '.join(names[: SHOWN - 1])} and {len(names) - SHOWN + 1} more"


def _part(heading: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield heading
        yield from (f"  {line}" for line in found)


def _count(steps: Sequence[Planned]) -> str:
    to_run = sum(step.state == "to run" for step in steps)
    return f"Steps: {to_run} to run, {len(steps) - to_run} up to date"


def _row(step: Planned) -> tuple[str, ...]:
    waits = f"needs {shortened(step.waits_for)}, to be made first"
    return step.stage, step.name, step.state, waits if step.waits_for else step.why


def _rows(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """In columns as wide as they have to be."""
    found = list(rows)
    widths = [max(map(len, column)) for column in zip(*found, strict=True)][:-1]
    for row in found:
        cells = [cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)]
        yield "  ".join(cells)


def _together(lines: Iterable[str]) -> Iterator[str]:
    """`a: it is so` and `b: it is so` are `a, b: it is so`, in the order of the first."""
    names: dict[str, list[str]] = {}
    for line in lines:
        name, found, rest = line.partition(": ")
        names.setdefault(rest if found else line, []).append(name if found else "")
    for said, whose in names.items():
        yield f"{shortened(whose)}: {said}" if any(whose) else said
