"""`imprimatur diff`"""

from typing import Annotated

import typer

from release.console import errors, print_json, progress
from release.verbs.common import Debug, Json


def diff(
    before: Annotated[
        str, typer.Argument(metavar="A", help="a work folder, or NAMESPACE/RELEASE@TAG")
    ],
    after: Annotated[
        str, typer.Argument(metavar="B", help="the same, or another version of A's release")
    ],
    source: Annotated[
        str, typer.Option("--from", metavar="ENDPOINT", help="the Hub")
    ] = "https://huggingface.co",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Say what changed from A to B: documents, settings, scores, metadata; exit 0 whatever did.

    Example: imprimatur diff my-lab/demo@v0.1.0 v0.2.0
    """
    with errors(debug):
        import tempfile
        from pathlib import Path

        from release.diff import compare, content, report

        with tempfile.TemporaryDirectory(prefix="imprimatur-") as home:
            sides = Path(home) / "before", Path(home) / "after"
            say = progress()
            old = content.read(before, source, sides[0], say)
            beside = content.address(before)
            found = compare.compare(old, content.read(after, source, sides[1], say, beside))
        if as_json:
            print_json(compare.as_json(found))
        else:
            print("\n".join(report.lines(found)))
