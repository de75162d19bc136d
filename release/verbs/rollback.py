"""`imprimatur rollback`"""

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
    hub_token,
    load_recipe,
)


def rollback(
    recipe: RecipePath,
    version: Annotated[str, typer.Option("--to", metavar="VERSION", help="such as 0.1.0")],
    at: Annotated[str, typer.Option(metavar="ENDPOINT", help="the Hub")] = "https://huggingface.co",
    workdir: Workdir = None,
    scale: Scale = None,
    sets: Sets = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Make an earlier release the present one; nothing is uploaded, nothing is lost.

    Example: imprimatur rollback release/recipes/demo.yaml --to 0.1.0
    """
    with errors(debug):
        loaded, folder = load_recipe(recipe, workdir, scale, sets)
        from hub.disk import locked
        from release import outside

        release, tag = loaded.release, f"v{version.removeprefix('v')}"
        results = release.repo("results")
        token = hub_token()
        with locked(folder):
            home = folder / "hf-home"
            record = outside.rollback(results, tag, at, token, home, progress())
        if as_json:
            print_json(record.model_dump(mode="json"))
        else:
            print(f"{record.tag} is the present release again: {at}/datasets/{results}")
