"""`imprimatur rehearse`"""

from typing import Annotated

import typer

from release.console import errors, print_json, print_scores, progress
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


def rehearse(
    recipe: RecipePath,
    port: Annotated[int, typer.Option(help="of the rehearsal Hub; a free one unless given")] = 0,
    workdir: Workdir = None,
    scale: Scale = None,
    sets: Sets = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Publish to a Hub on this machine with the real client, and verify as an outsider.

    Example: imprimatur rehearse release/recipes/demo.yaml
    """
    with errors(debug):
        loaded, folder = load_pinned(recipe, workdir, scale, sets)
        from hub.disk import locked
        from release.publication import assemble
        from release.rehearse import rehearse as rehearse_publication

        with locked(folder):
            ran = run_recipe(loaded, folder, scale, sets, None)
            rows = summarise(loaded, folder, ran.artefacts)
            publication, content = assemble(loaded, ran.artefacts, folder)
            rehearsal = rehearse_publication(publication, content, folder, port, progress())
        if as_json:
            print_json(rehearsal.record.model_dump(mode="json"))
            return
        print(f"\nPublished {publication.tag} to a rehearsal Hub and verified it as an outsider:\n")
        for repo in publication.repos:
            size = sum(file.size for file in repo.files)
            print(f"  {repo.type:8} {repo.id:48} {len(repo.files):3} files {size:12,} bytes")
        print()
        print_scores(loaded, ran.artefacts, rows)
        print(f"""
Look further:
  imprimatur hub serve --root {rehearsal.root}    the repos and their cards, in a browser
  {content}    every byte that would be pushed

Publish for real:
  hf auth login, then: imprimatur publish {recipe} --set namespace=YOUR-NAME
  (a changed namespace changes the cards, so it is rehearsed once more first)""")
