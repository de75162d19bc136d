"""`imprimatur annotate`"""

from pathlib import Path
from typing import Annotated

import typer

from release.console import errors, print_json
from release.verbs.common import Debug, Json, RecipePath, Scale, Sets, Workdir, load_recipe


def annotate(
    release_file: RecipePath,
    name: Annotated[str, typer.Argument(metavar="FILTER", help="one of the file's `filters`")],
    out: Annotated[
        Path | None, typer.Option(metavar="SHEET", help="write a sheet for people to fill in")
    ] = None,
    check: Annotated[
        Path | None, typer.Option(metavar="SHEET", help="read the sheet that they filled in")
    ] = None,
    documents: Annotated[int, typer.Option(min=2, help="on the sheet")] = 200,
    annotators: Annotated[int, typer.Option(min=1, max=20, help="columns to fill in")] = 3,
    seed: Annotated[int, typer.Option(help="which documents are drawn")] = 0,
    workdir: Workdir = None,
    scale: Scale = None,
    sets: Sets = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Lets people check the labeller of a filter: a sheet out, the same sheet back.

    Example: imprimatur annotate release.yaml medical --out sheet.csv, then --check sheet.csv
    """
    with errors(debug):
        from corpus.domain import people
        from hub.failure import BadInput
        from release.steps.filters import labels_in

        recipe, workdir = load_recipe(release_file, workdir, scale, sets)
        release = recipe.release
        if name not in release.filters:
            raise BadInput(f"there is no filter {name}: {', '.join(release.filters) or 'none'}")
        if (out is None) == (check is None):
            raise BadInput("say --out SHEET to write one, or --check SHEET to read one")
        settings, cache = release.filters[name], labels_in(workdir)
        if out:
            sources = {source: release.sources[source] for source in settings.sources}
            count = people.hand_out(
                settings, sources, recipe.data, cache, out, documents, annotators, seed
            )
            if as_json:
                print_json({"sheet": str(out), "documents": count})
            else:
                print(f"{count} documents in {out}: yes or no in the columns of the annotators")
        elif check:
            opinion = people.take_back(settings, cache, check)
            if as_json:
                print_json(people.told(opinion))
            else:
                print("\n".join(people.lines(opinion)))
