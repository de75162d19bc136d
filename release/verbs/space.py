"""`imprimatur space`"""

from typing import Annotated

import typer

from release.console import errors
from release.verbs.common import Debug


def space(
    results: Annotated[
        str | None,
        typer.Argument(
            metavar="[RESULTS]",
            help="a results folder or work folder, a table (CSV, Parquet), or NAMESPACE/NAME[@TAG];"
            " the papers' tables unless given",
        ),
    ] = None,
    port: Annotated[int | None, typer.Option(help="a free one unless given")] = None,
    debug: Debug = False,
) -> None:
    """The comparison app on this machine, until it is interrupted.

    Example: imprimatur space runs/demo
    """
    with errors(debug):
        from release.comparison import serve

        serve(results, port, lambda line: print(line, flush=True))
