"""The repo of the results of all models, which also takes `release.json`."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from evaluation.results import read_scores
from hub.cards import results as results_card
from hub.disk import write_atomically, write_json
from hub.manifest import verify_payload
from hub.publication import Repo
from release import columns, table
from release.front import fronts
from release.publication.context import Context
from release.publication.files import describe, place
from release.steps.evaluation import RESULTS


def repo(context: Context, building: Path) -> Repo:
    folder = building / "dataset" / context.repo("results")
    evaluation = context.recipe.release.evaluation
    tasks: list[dict[str, Any]] = []
    for model in evaluation.models if evaluation else []:
        artefact = context.artefacts[model + RESULTS]
        verify_payload(artefact)
        place(artefact.folder / "samples.parquet", folder / "samples" / f"{model}.parquet")
        tasks += [asdict(score) for score in read_scores(artefact)]
    columns.write(folder / "tasks.parquet", tasks, columns.TASKS)
    found = table.differences(context.recipe.release, context.artefacts)
    columns.write(folder / "scores.parquet", context.scores, columns.SCORES)
    rows = [columns.difference(each) for each in found]
    columns.write(folder / "differences.parquet", rows, columns.DIFFERENCES)
    points = fronts(context.recipe.release, context.artefacts)
    if points:
        write_json(folder / "front.json", [asdict(point) for point in points])
    if context.claims:
        write_json(folder / "claims.json", [judged.row() for judged in context.claims])
    card = results_card.ResultsCard(
        repo=context.repo("results"),
        tag=context.tag,
        title=context.title("results"),
        description=context.recipe.release.description,
        scores=context.scores,
        confidence=context.confidence,
        claims=[judged.sentence() for judged in context.claims],
        changes=[
            (
                f"{what}, {change.group}",
                change.before,
                change.after,
                table.interval(change),
                verdict,
            )
            for what, change, _, _, verdict in found
        ],
        judged=table.judged_how(evaluation, found),
        front=[asdict(point) for point in points],
        links=context.links,
    )
    write_atomically(folder / "README.md", results_card.render(card).encode())
    return describe(context, "dataset", "results", "results", "", folder)
