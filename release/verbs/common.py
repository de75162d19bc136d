"""What the verbs share: their options, loading a release file, running it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from release.console import progress

if TYPE_CHECKING:
    from hub.manifest import Artefact
    from release.recipe import Recipe
    from release.run import Ran

RecipePath = Annotated[Path, typer.Argument(metavar="R", help="the release file")]
Workdir = Annotated[Path | None, typer.Option(help="where to work; runs/NAME unless given")]
Scale = Annotated[str | None, typer.Option(help="one of the file's `scales`")]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="A.B=VALUE", help="override a field; repeatable"),
]
Json = Annotated[bool, typer.Option("--json", help="the result as JSON on standard output")]
Debug = Annotated[bool, typer.Option("--debug", help="show tracebacks")]


def load_recipe(
    path: Path, workdir: Path | None, scale: str | None, sets: list[str] | None
) -> "tuple[Recipe, Path]":
    from release.recipe import load

    recipe = load(path, scale, sets or [])
    return recipe, workdir or Path("runs") / recipe.release.release


def load_pinned(
    path: Path, workdir: Path | None, scale: str | None, sets: list[str] | None
) -> "tuple[Recipe, Path]":
    """With its lock filled as far as the Hub can be asked."""
    from release.pinning import pin

    recipe, folder = load_recipe(path, workdir, scale, sets)
    return pin(recipe, progress()), folder


def run_recipe(
    recipe: "Recipe", workdir: Path, scale: str | None, sets: list[str] | None, until: str | None
) -> "Ran":
    from hub.failure import BadInput, Refused
    from release import foresee, starts
    from release.claims import register
    from release.run import run as run_release
    from release.steps.step import STAGES

    stage = next((stage for stage in STAGES if stage == until), None)
    if until is not None and stage is None:
        raise BadInput(f"there is no stage {until}: --until takes {', '.join(STAGES)}")
    command = " ".join(
        ["imprimatur run", recipe.path.name]
        + ([f"--scale {scale}"] if scale else [])
        + [f"--set {entry}" for entry in sets or [] if not entry.startswith("data=")]
    )
    if stage != "corpus":
        if unpinned := starts.unpinned(recipe):
            raise Refused("\n".join(f"{one}, which cannot be asked now" for one in unpinned))
        foresee.check(recipe, workdir)
    register(recipe, workdir)
    return run_release(recipe, workdir, command, progress(), stage)


def summarise(
    recipe: "Recipe", workdir: Path, artefacts: "dict[str, Artefact]"
) -> list[dict[str, Any]]:
    from hub.disk import write_json
    from release import table

    rows = table.scores(recipe.release, artefacts)
    write_json(workdir / "summary.json", rows)
    return rows


def hub_token() -> str:
    from huggingface_hub import get_token

    from hub.failure import BadInput

    token = get_token()
    if not token:
        raise BadInput("no token: set HF_TOKEN, or log in with `hf auth login`")
    return token
