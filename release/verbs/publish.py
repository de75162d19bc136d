"""`imprimatur publish`"""

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
    hub_token,
    load_pinned,
    run_recipe,
)


def publish(
    recipe: RecipePath,
    to: Annotated[str, typer.Option(metavar="ENDPOINT", help="the Hub")] = "https://huggingface.co",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="change nothing")] = False,
    key: Annotated[
        Path | None, typer.Option(help="private key that signs (EC, PEM); else unsigned")
    ] = None,
    workdir: Workdir = None,
    scale: Scale = None,
    sets: Sets = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Publish for real; refused unless exactly this publication passed a rehearsal.

    `--dry-run` shows the difference against what is there, rehearsed or not.

    Example: imprimatur publish release/recipes/demo.yaml --set namespace=my-lab
    """
    with errors(debug):
        loaded, folder = load_pinned(recipe, workdir, scale, sets)
        from hub.disk import locked
        from release import notes, outside
        from release.publication import assemble
        from release.rehearse import rehearsed_digest, require_rehearsal

        rehearsed, token = "" if dry_run else rehearsed_digest(folder), hub_token()
        with locked(folder):
            ran = run_recipe(loaded, folder, scale, sets, None)
            notes.take(loaded, folder, to, token, progress())
            publication, content = assemble(loaded, ran.artefacts, folder)
            if dry_run:
                changes = outside.compare(content, to, token, folder / "hf-home", progress())
                if as_json:
                    print_json(changes)
                return
            require_rehearsal(publication, rehearsed)
            record = outside.publish(content, to, token, folder / "hf-home", progress(), key)
        if as_json:
            print_json(record.model_dump(mode="json"))
        else:
            print(f"Published {record.tag}: {to}/datasets/{publication.results.id}")
