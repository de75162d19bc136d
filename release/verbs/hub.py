"""`imprimatur hub serve`"""

from pathlib import Path
from typing import Annotated

import typer

from release.console import errors
from release.verbs.common import Debug


def serve(
    root: Annotated[Path, typer.Option(help="where the repos are kept")],
    port: Annotated[int, typer.Option(help="0: a free one")] = 8000,
    users_file: Annotated[
        Path | None, typer.Option(help="JSON: user name to token, readable by you only")
    ] = None,
    user: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=TOKEN", help="for tests; shows in process lists"),
    ] = None,
    org: Annotated[list[str] | None, typer.Option(help="an organisation; repeatable")] = None,
    chaos: Annotated[
        str | None,
        typer.Option(
            metavar="SEED[:KIND…]", help="misbehave: 429, 500, 502, reset, slow, token, disk"
        ),
    ] = None,
    debug: Debug = False,
) -> None:
    """Serve a Hub on 127.0.0.1 until interrupted; without users it makes one and prints its token.

    Example: imprimatur hub serve --root runs/demo/rehearsal-hub
    """
    with errors(debug):
        from hub.rehearsal.serve import serve_for_a_person

        serve_for_a_person(root, port, users_file, user or [], org or [], chaos)
