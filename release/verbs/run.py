"""`imprimatur run`"""

from typing import Annotated

import typer

from release.console import errors, print_json, print_scores
from release.verbs.common import (
    Debug,
    Json,
    RecipePath,
    Scale,
    Sets,
    Workdir,
    load_pinned,
    run_recipe,
    summarise,
)


def run(
    recipe: RecipePath,
    until: Annotated[
        str | None, typer.Option(help="corpus, training, merging or evaluation")
    ] = None,
    workdir: Workdir = None,
    scale: Scale = None,
    sets: Sets = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Run what is not up to date; resume what was interrupted.

    Example: imprimatur run release/recipes/demo.yaml --workdir runs/demo
    """
    with errors(debug):
        loaded, folder = load_pinned(recipe, workdir, scale, sets)
        from hub.disk import locked

        with locked(folder):
            ran = run_recipe(loaded, folder, scale, sets, until)
            rows = summarise(loaded, folder, ran.artefacts) if until is None else []
        if as_json:
            print_json({"workdir": str(folder), "made": ran.made, "summary": rows})
            return
        if not ran.made:
            print(f"Everything is up to date in {folder}: nothing to do.")
        else:
            print(f"Made {', '.join(ran.made)} in {folder}.")
        if rows:
            print_scores(loaded, ran.artefacts, rows)
