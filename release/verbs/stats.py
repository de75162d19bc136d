"""`imprimatur stats`"""

from pathlib import Path
from typing import Annotated

import typer

from release.console import errors, print_json
from release.verbs.common import Debug, Json


def stats(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="TABLE", help="a tidy table of results or answers, or published samples"
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="D", help="the folder to write into")],
    ties: Annotated[str, typer.Option(help="average, min or first (table order)")] = "average",
    rule: Annotated[
        str | None,
        typer.Option(
            help="unpaired-z (the default), overlap-1se, or paired (a table of answers, and then"
            " the default)"
        ),
    ] = None,
    correction: Annotated[str, typer.Option(help="holm, bh or none")] = "holm",
    scale: Annotated[
        str | None, typer.Option(help="proportion or percent; told from the scores unless given")
    ] = None,
    base: Annotated[
        str | None, typer.Option(help="of published samples: what the other models are compared to")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Ranks, groups, changes and inconsistencies of any table of results.

    Example: imprimatur stats results.csv --out statistics --ties first
    """
    with errors(debug):
        from release.stats import stats as compute

        said = compute(table, out, ties, rule, correction, scale, base)
        if as_json:
            print_json(said.counts)
        else:
            print("\n".join(said.lines))
