"""`imprimatur results import` and `imprimatur results export`"""

from pathlib import Path
from typing import Annotated

import typer

from release.console import errors, print_json
from release.verbs.common import Debug, Json, RecipePath, Scale, Sets, Workdir, load_recipe

SHOWN = 10
"""figures that were left out, by name; the rest is counted"""


def import_(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILES", help="result files of lm-eval, or folders of them"),
    ],
    out: Annotated[Path, typer.Option(metavar="TABLE", help="the table to write, CSV")],
    metric: Annotated[str, typer.Option(help="which of a task's metrics")] = "acc",
    language: Annotated[str, typer.Option(help="of the tasks, ISO 639")] = "und",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Result files of lm-eval, old or new, become a table that `imprimatur stats` reads.

    Example: imprimatur results import lm-eval-output --out results.csv
    """
    with errors(debug):
        from release.results import import_files

        found = import_files(files, out, metric, language)
        if as_json:
            print_json(found._asdict())
            return
        print(f"{out}: {found.rows} scores of {found.models} models in {found.tasks} tasks.")
        for sentence in found.left_out[:SHOWN]:
            print(f"left out: {sentence}")
        if len(found.left_out) > SHOWN:
            print(f"left out: {len(found.left_out) - SHOWN} more")


def export(
    recipe: RecipePath,
    model: Annotated[str, typer.Option(help="an evaluated model of the release")],
    out: Annotated[Path, typer.Option(metavar="D", help="the folder to write into")],
    seed: Annotated[int, typer.Option(help="which draw of examples")] = 1234,
    workdir: Workdir = None,
    scale: Scale = None,
    sets: Sets = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """The results of a model as lm-eval lays them out, for tools that read its folders.

    Example: imprimatur results export release.yaml --model adapted --out lm-eval-output
    """
    with errors(debug):
        from release.results import export_layout

        loaded, where = load_recipe(recipe, workdir, scale, sets)
        folder = export_layout(loaded, where, model, out, seed)
        if as_json:
            print_json({"folder": str(folder)})
        else:
            print(folder)
