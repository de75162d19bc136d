"""`imprimatur audit`"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from release.console import errors, print_json
from release.verbs.common import Debug, Json

if TYPE_CHECKING:
    from hub.licences.rights import Use


def audit(
    path: Annotated[
        Path, typer.Argument(help="a corpus, model, work folder, release file or data folder")
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
