"""The repo of the Space: the app as it stands, told where its results are and what it shows.

`snapshot/` holds the same results, so that the page shows them, with their date, where the Hub is
away: all but the answers, which are large, and `release.json`, which lists this very repo.
"""

from pathlib import Path

from hub.cards import space as space_card
from hub.disk import place, write_atomically, write_json
from hub.failure import BadInput
from hub.publication import Repo
from release import papers
from release.publication.context import Context
from release.publication.files import describe
from release.steps.evaluation import RESULTS

SNAPSHOT = ("*.parquet", "models.json", "front.json")


def repo(context: Context, building: Path) -> Repo:
    settings = context.recipe.release.space
    source = context.recipe.path.parent / (settings.folder if settings else "")
    if not (source / "app.py").is_file():
        raise BadInput(f"{source} is not a Space: there is no app.py in it")
    folder = building / "space" / context.repo("space")
    for path in sorted(source.rglob("*")):
        parts = path.relative_to(source).parts
        if path.is_file() and not any(part.startswith((".", "__")) for part in parts):
            place(path, folder / path.relative_to(source))
    papers.write(folder / "papers")
    _snapshot(context, building / "dataset" / context.repo("results"), folder / "snapshot")
    write_json(
        folder / "source.json", {"results_repo": context.repo("results"), "revision": context.tag}
    )
    # a new file: the one placed above may be a link to the source itself
    write_atomically(folder / "README.md", _card(context, source / "README.md").encode())
    return describe(context, "space", "space", "space", "", folder)


def _card(context: Context, readme: Path) -> str:
    manifests = {name: artefact.manifest for name, artefact in context.artefacts.items()}
    return space_card.render(
        space_card.SpaceCard(
            repo=context.repo("space"),
            tag=context.tag,
            title=context.recipe.release.release,
            description=context.recipe.release.description,
            readme=readme.read_text(encoding="utf-8"),
            results_repo=context.repo("results"),
            models={context.repo(name): manifests[name] for name in context.models},
            corpora={context.repo(name): manifests[name] for name in context.corpora},
            links=context.links,
            examples=_examples(context),
            notes=context.notes("space"),
        )
    )


def _examples(context: Context) -> dict[str, str | None]:
    """What the app's README calls BEFORE, AFTER, GROUP, METRIC and CORPUS."""
    score = next(iter(context.scores), None)
    models = list(dict.fromkeys(str(row["model"]) for row in context.scores))
    return {
        "BEFORE": models[0] if models else None,
        "AFTER": models[-1] if models else None,
        "GROUP": str(score["group"]) if score else None,
        "METRIC": str(score["metric"]) if score else None,
        "CORPUS": context.corpora[0] if context.corpora else None,
    }


def _snapshot(context: Context, results: Path, folder: Path) -> None:
    """Of the day on which the last model was evaluated, as its manifest says; of results that do
    not say it there is no snapshot, for nobody could tell how old it is."""
    evaluation = context.recipe.release.evaluation
    answered = evaluation.answering if evaluation else []
    days = [context.artefacts[name + RESULTS].manifest.made_by.finished for name in answered]
    if not days or not all(days):
        return
    for pattern in SNAPSHOT:
        for path in sorted(results.glob(pattern)):
            place(path, folder / path.name)
    write_json(
        folder / "snapshot.json",
        {"date": max(days), "results_repo": context.repo("results"), "revision": context.tag},
    )
