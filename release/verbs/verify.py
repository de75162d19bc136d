"""`imprimatur verify`"""

from pathlib import Path
from typing import Annotated

import typer

from release.console import errors, print_json, progress
from release.verbs.common import (
    Debug,
    Json,
    RecipePath,
    Scale,
    Sets,
    Workdir,
    load_recipe,
)


def verify(
    recipe: RecipePath,
    source: Annotated[
        str, typer.Option("--from", metavar="ENDPOINT", help="the Hub")
    ] = "https://huggingface.co",
    key: Annotated[
        Path | None, typer.Option(help="the publisher's public key, to check the signature by")
    ] = None,
    workdir: Workdir = None,
    scale: Scale = None,
    sets: Sets = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Download what is published and check it, as an outsider.

    Example: imprimatur verify release/recipes/demo.yaml --from http://127.0.0.1:8000
    """
    with errors(debug):
        loaded, _ = load_recipe(recipe, workdir, scale, sets)
        import tempfile

        from release import outside

        release = loaded.release
        results = release.repo("results")
        with tempfile.TemporaryDirectory(prefix="imprimatur-") as home:
            tag, into = f"v{release.version}", Path(home)
            record = outside.verify(results, tag, source, into, progress(), key)
        if as_json:
            print_json(record.model_dump(mode="json"))
        else:
            print(f"{len(record.repos)} repos of {record.tag} are what they say.")
