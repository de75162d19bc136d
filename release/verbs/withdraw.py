"""`imprimatur withdraw`"""

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
    load_recipe,
    run_recipe,
)


def withdraw(
    recipe: RecipePath,
    document: Annotated[str, typer.Option(metavar="ID", help="as the ledger has it")],
    who: Annotated[str, typer.Option(help="who withdraws it; printed")] = "",
    why: Annotated[str, typer.Option(help="printed in the ledger and on the cards")] = "",
    squash: Annotated[
        bool, typer.Option("--squash", help="the history of the repos that held it goes as well")
    ] = False,
    to: Annotated[str, typer.Option(metavar="ENDPOINT", help="the Hub")] = "https://huggingface.co",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say who holds it, no more")] = False,
    key: Annotated[Path | None, typer.Option(help="private key that signs the release")] = None,
    workdir: Workdir = None,
    scale: Scale = None,
    sets: Sets = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Take a document out: recorded, the release made, rehearsed and published without it.

    Raise `version` first. The document's copies and near copies go with it.

    Example: imprimatur withdraw release.yaml --document notice-12 --who "A. Name" --why "asked to"
    """
    with errors(debug):
        loaded, folder = load_recipe(recipe, workdir, scale, sets)
        from hub.disk import locked
        from release import notes, outside
        from release import withdraw as withdrawing
        from release.publication import assemble
        from release.rehearse import has_passed, rehearse

        say, token = progress(), hub_token()
        with locked(folder):
            held = withdrawing.look(loaded, folder, document, to, token, say)
            for line in withdrawing.lines(document, held):
                say(line)
            if dry_run:
                if as_json:
                    print_json(withdrawing.as_json(document, held))
                return
            withdrawal = withdrawing.record(loaded, document, who, why, held)
            loaded, _ = load_pinned(recipe, folder, scale, sets)
            if not held.tags:
                if as_json:
                    print_json(withdrawing.as_json(document, held))
                    return
                print(f"{document} is recorded; nothing is published, the next run leaves it out.")
                return
            withdrawing.check_version(loaded, held)
            gone = (
                withdrawing.to_squash(loaded, withdrawal, loaded.release.published_corpora)
                if squash
                else {}
            )
            ran = run_recipe(loaded, folder, scale, sets, None)
            notes.take(loaded, folder, to, token, say)
            publication, content = assemble(loaded, ran.artefacts, folder)
            if not has_passed(publication, folder):
                rehearse(publication, content, folder, 0, say)
            home = folder / "hf-home"
            published = outside.publish(content, to, token, home, say, key, squash=gone)
        if as_json:
            print_json(published.model_dump(mode="json"))
            return
        print(f"{published.tag} is published without {document}.")
        if not squash and held.published:
            versions = ", ".join(one.version for one in held.published)
            print(f"Still held by {versions}: --squash takes that and its history away.")
