"""The command `imprimatur`. A verb parses, loads the release file, calls one function, says where
the result is.

Everything heavy is imported inside the verb that needs it, so that `--help` answers at once.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from release.console import errors, print_json, print_scores, progress

if TYPE_CHECKING:
    from hub.licences.rights import Use
    from hub.manifest import Artefact
    from release.recipe import Recipe
    from release.run import Ran

app = typer.Typer(
    name="imprimatur",
    help="A publishing kit around the Hugging Face Hub for domain-adapted language models.",
    epilog="Example: imprimatur run release/recipes/demo.yaml, then rehearse the same file.",
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
hub_app = typer.Typer(help="The rehearsal Hub.", rich_markup_mode=None, no_args_is_help=True)
app.add_typer(hub_app, name="hub")

RecipePath = Annotated[Path, typer.Argument(metavar="R", help="the release file")]
Workdir = Annotated[Path | None, typer.Option(help="where to work; runs/NAME unless given")]
Scale = Annotated[str | None, typer.Option(help="one of the file's `scales`")]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="A.B=VALUE", help="override a field; repeatable"),
]
Json = Annotated[bool, typer.Option("--json", help="the result as JSON on standard output")]
Debug = Annotated[bool, typer.Option("--debug", help="show tracebacks")]


def main() -> None:
    app()


@app.command()
def plan(
    recipe: RecipePath,
    workdir: Workdir = None,
    scale: Scale = None,
    sets: Sets = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Check everything before any compute; say what would run, what is up to date, and why.

    Example: imprimatur plan release/recipes/demo.yaml
    """
    with errors(debug):
        loaded, folder = _load(recipe, workdir, scale, sets)
        from dataclasses import asdict

        from hub.failure import BadInput
        from release.claims import register
        from release.plan import plan as plan_release

        register(loaded, folder)
        found = plan_release(loaded, folder)
        if as_json:
            print_json(asdict(found))
        else:
            for step in found.steps:
                print(f"{step.stage:11} {step.name:32} {step.state:11} {step.why}")
        if found.problems:
            raise BadInput("\n".join(found.problems))


@app.command()
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
        loaded, folder = _load(recipe, workdir, scale, sets)
        from hub.disk import locked

        with locked(folder):
            ran = _run(loaded, folder, scale, sets, until)
            rows = _summarise(loaded, folder, ran.artefacts) if until is None else []
        if as_json:
            print_json({"workdir": str(folder), "made": ran.made, "summary": rows})
            return
        if not ran.made:
            print(f"Everything is up to date in {folder}: nothing to do.")
        else:
            print(f"Made {', '.join(ran.made)} in {folder}.")
        if rows:
            print_scores(loaded, ran.artefacts, rows)


@app.command()
def audit(
    path: Annotated[
        Path, typer.Argument(help="a corpus, work folder, release file or data folder")
    ],
    out: Annotated[Path, typer.Option(help="where ledger.parquet and report.html go")],
    use: Annotated[str, typer.Option(help="commercial or research")] = "commercial",
    licence_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="the column of a data folder that states it")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Judge the licence of every document; exit 3 unless all of them allow the asked use.

    Example: imprimatur audit ../data --use commercial --out audit
    """
    with errors(debug):
        from hub.failure import BadInput, Refused
        from hub.licences.report import as_json as summary_as_json
        from hub.licences.report import lines, verdict_sentence
        from hub.licences.rights import USES
        from release.audit import audit as audit_path

        asked: Use | None = next((known for known in USES if known == use), None)
        if asked is None:
            raise BadInput(f"there is no use {use}: --use takes commercial or research")
        summary = audit_path(path, asked, licence_column, out)
        if as_json:
            print_json(summary_as_json(summary))
        else:
            print("\n".join(lines(summary)))
            print(f"\nEvery document: {out / 'ledger.parquet'}; to read: {out / 'report.html'}")
        if not summary.allowed:
            raise Refused(verdict_sentence(summary))


@app.command()
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
        loaded, folder = _load(recipe, workdir, scale, sets)
        from hub.disk import locked
        from release.publication import assemble
        from release.rehearse import rehearse as rehearse_publication

        with locked(folder):
            ran = _run(loaded, folder, scale, sets, None)
            rows = _summarise(loaded, folder, ran.artefacts)
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


@app.command()
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
        loaded, folder = _load(recipe, workdir, scale, sets)
        from hub.disk import locked
        from release import outside
        from release.publication import assemble
        from release.rehearse import rehearsed_digest, require_rehearsal

        rehearsed, token = "" if dry_run else rehearsed_digest(folder), _token()
        with locked(folder):
            ran = _run(loaded, folder, scale, sets, None)
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


@app.command()
def rollback(
    recipe: RecipePath,
    to_version: Annotated[str, typer.Option("--to", metavar="VERSION", help="such as 0.1.0")],
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
        loaded, folder = _load(recipe, workdir, scale, sets)
        from hub.disk import locked
        from release import outside

        release, tag = loaded.release, f"v{to_version.removeprefix('v')}"
        results = f"{release.namespace}/{release.release}-results"
        token = _token()
        with locked(folder):
            home = folder / "hf-home"
            record = outside.rollback(results, tag, at, token, home, progress())
        if as_json:
            print_json(record.model_dump(mode="json"))
        else:
            print(f"{record.tag} is the present release again: {at}/datasets/{results}")


@app.command()
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
        loaded, _ = _load(recipe, workdir, scale, sets)
        import tempfile

        from release import outside

        release = loaded.release
        results = f"{release.namespace}/{release.release}-results"
        with tempfile.TemporaryDirectory(prefix="imprimatur-") as home:
            tag, into = f"v{release.version}", Path(home)
            record = outside.verify(results, tag, source, into, progress(), key)
        if as_json:
            print_json(record.model_dump(mode="json"))
        else:
            print(f"{len(record.repos)} repos of {record.tag} are what they say.")


@app.command()
def stats(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="TABLE", help="a tidy table of results or answers, or published samples"
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="D", help="the folder to write into")],
    ties: Annotated[str, typer.Option(help="average, min or first (table order)")] = "average",
    rule: Annotated[
        str | None,
        typer.Option(
            help="unpaired-z (the default), overlap-1se, or paired (a table of answers, and then"
            " the default)"
        ),
    ] = None,
    correction: Annotated[str, typer.Option(help="holm, bh or none")] = "holm",
    scale: Annotated[
        str | None, typer.Option(help="proportion or percent; told from the scores unless given")
    ] = None,
    base: Annotated[
        str | None, typer.Option(help="of published samples: what the other models are compared to")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Ranks, groups, changes and inconsistencies of any table of results.

    Example: imprimatur stats results.csv --out statistics --ties first
    """
    with errors(debug):
        from release.stats import stats as compute

        said = compute(table, out, ties, rule, correction, scale, base)
        if as_json:
            print_json(said.counts)
        else:
            print("\n".join(said.lines))


@hub_app.command()
def serve(
    root: Annotated[Path, typer.Option(help="where the repos are kept")],
    port: Annotated[int, typer.Option(help="0: a free one")] = 8000,
    users_file: Annotated[
        Path | None, typer.Option(help="JSON: user name to token, readable by you only")
    ] = None,
    user: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=TOKEN", help="for tests; shows in process lists"),
    ] = None,
    org: Annotated[list[str] | None, typer.Option(help="an organisation; repeatable")] = None,
    chaos: Annotated[
        str | None,
        typer.Option(
            metavar="SEED[:KIND…]", help="misbehave: 429, 500, 502, reset, slow, token, disk"
        ),
    ] = None,
    debug: Debug = False,
) -> None:
    """Serve a Hub on 127.0.0.1 until interrupted; without users it makes one and prints its token.

    Example: imprimatur hub serve --root runs/demo/rehearsal-hub
    """
    with errors(debug):
        from hub.rehearsal.serve import serve_for_a_person

        serve_for_a_person(root, port, users_file, user or [], org or [], chaos)


def _load(
    path: Path, workdir: Path | None, scale: str | None, sets: list[str] | None
) -> "tuple[Recipe, Path]":
    from release.recipe import load

    recipe = load(path, scale, sets or [])
    return recipe, workdir or Path("runs") / recipe.release.release


def _run(
    recipe: "Recipe", workdir: Path, scale: str | None, sets: list[str] | None, until: str | None
) -> "Ran":
    from hub.failure import BadInput
    from release.claims import register
    from release.run import run as run_release
    from release.steps import STAGES

    stage = next((stage for stage in STAGES if stage == until), None)
    if until is not None and stage is None:
        raise BadInput(f"there is no stage {until}: --until takes {', '.join(STAGES)}")
    command = " ".join(
        ["imprimatur run", recipe.path.name]
        + ([f"--scale {scale}"] if scale else [])
        + [f"--set {entry}" for entry in sets or [] if not entry.startswith("data=")]
    )
    register(recipe, workdir)
    return run_release(recipe, workdir, command, progress(), stage)


def _summarise(
    recipe: "Recipe", workdir: Path, artefacts: "dict[str, Artefact]"
) -> list[dict[str, Any]]:
    from hub.disk import write_json
    from release import table

    rows = table.scores(recipe.release, artefacts)
    write_json(workdir / "summary.json", rows)
    return rows


def _token() -> str:
    from huggingface_hub import get_token

    from hub.failure import BadInput

    token = get_token()
    if not token:
        raise BadInput("no token: set HF_TOKEN, or log in with `hf auth login`")
    return token
