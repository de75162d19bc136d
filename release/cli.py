"""The command `imprimatur`. A verb parses, loads the release file, calls one function, says where
the result is.

Everything heavy is imported inside the verb that needs it, so that `--help` answers at once.
"""

import typer

from release.verbs.annotate import annotate
from release.verbs.audit import audit
from release.verbs.diff import diff
from release.verbs.hub import serve
from release.verbs.plan import plan
from release.verbs.publish import publish
from release.verbs.rehearse import rehearse
from release.verbs.reproduce import reproduce
from release.verbs.results import export, import_
from release.verbs.rollback import rollback
from release.verbs.run import run
from release.verbs.space import space
from release.verbs.stats import stats
from release.verbs.verify import verify
from release.verbs.withdraw import withdraw

app = typer.Typer(
    name="imprimatur",
    help="A publishing kit around the Hugging Face Hub for domain-adapted language models.",
    epilog="Example: imprimatur run release/recipes/demo.yaml, then rehearse the same file.",
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for verb in (
    plan, run, annotate, audit, rehearse, publish, rollback, withdraw, verify, diff, reproduce,
    stats, space,
):  # fmt: skip
    app.command()(verb)

hub_app = typer.Typer(help="The rehearsal Hub.", rich_markup_mode=None, no_args_is_help=True)
hub_app.command()(serve)
app.add_typer(hub_app, name="hub")

results_app = typer.Typer(help="Results of lm-eval.", rich_markup_mode=None, no_args_is_help=True)
results_app.command("import")(import_)
results_app.command("export")(export)
app.add_typer(results_app, name="results")


def main() -> None:
    app()
