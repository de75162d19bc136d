"""The repo of the Space: the app as it stands, told where its results are and what it shows.

`snapshot/` holds the same results, so that the page shows them, with their date, where the Hub is
away: all but the answers, which are large, and `release.json`, which lists this very repo.
"""

from pathlib import Path

from huggingface_hub import RepoCard

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
    card = RepoCard.load(source / "README.md")
    card.data.title = context.recipe.release.release
    card.data.models = [context.repo(name) for name in context.models]
    card.data.datasets = [context.repo("results")]
    # a new file: the one placed above may be a link to the source itself
    text = str(card).replace("NAMESPACE/SPACE", context.repo("space"))
    write_atomically(folder / "README.md", text.encode())
    return describe(context, "space", "space", "space", "", folder)


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
