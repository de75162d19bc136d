"""`imprimatur reproduce`"""

from pathlib import Path
from typing import Annotated

import typer

from release.console import errors, print_json, progress
from release.verbs.common import Debug, Json


def reproduce(
    published: Annotated[
        str, typer.Argument(metavar="REPO@TAG", help="NAMESPACE/RELEASE@TAG, as it is published")
    ],
    source: Annotated[
        str, typer.Option("--from", metavar="ENDPOINT", help="the Hub")
    ] = "https://huggingface.co",
    workdir: Annotated[
        Path | None, typer.Option(help="a fresh folder; runs/reproduce-NAME-TAG unless given")
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="data=FOLDER", help="where the local sources lie"),
    ] = None,
    tolerance: Annotated[
        float, typer.Option(help="relative, of losses and scores where bytes differ")
    ] = 0.02,
    until: Annotated[
        str | None, typer.Option(help="corpus, training, merging or evaluation")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Make a release again from its published repos; exit 4 unless the same comes out.

    Example: imprimatur reproduce my-lab/demo@v0.1.0 --set data=release/recipes/demo
    """
    with errors(debug):
        from hub.failure import Unexpected
        from release.reproduce import remake

        found = remake.reproduce(
            published, source, workdir, sets or [], until, tolerance, progress()
        )
        if as_json:
            print_json(found.as_json())
        else:
            print("\n".join(found.lines()))
        if found.first:
            raise Unexpected(found.sentence())
