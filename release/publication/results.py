"""The repo of the results of all models, which also takes `release.json`."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evaluation.calibration import reliability
from evaluation.results import Sample, read_answers, read_scores
from hub.cards import results as results_card
from hub.disk import place, write_atomically, write_json
from hub.manifest import verify_payload
from hub.publication import Repo
from release import columns, pictures, questions, table
from release.beside import lineage_of
from release.publication import judged as judge_figures
from release.publication.context import Context
from release.publication.files import describe
from release.ranking import RANKS, rank_rows
from release.record import publish_record
from release.steps.evaluation import RESULTS
from release.steps.judge import NAME as JUDGE


def repo(context: Context, building: Path) -> Repo:
    folder = building / "dataset" / context.repo("results")
    evaluation = context.recipe.release.evaluation
    tasks: list[dict[str, Any]] = []
    answers: dict[str, list[Sample]] = {}
    bins: list[dict[str, Any]] = []
    for model in evaluation.answering if evaluation else []:
        artefact = context.artefacts[model + RESULTS]
        verify_payload(artefact)
        samples = folder / "samples" / f"{model}.parquet"
        place(artefact.folder / "samples.parquet", samples)
        answers[model] = read_answers(samples)
        bins += [asdict(each) for each in reliability(answers[model], context.confidence)]
        tasks += [asdict(score) for score in read_scores(artefact)]
    columns.write(folder / "tasks.parquet", tasks, columns.TASKS)
    if bins:
        columns.write(folder / "calibration.parquet", bins, columns.CALIBRATION)
    found = context.differences
    columns.write(folder / "scores.parquet", context.scores, columns.SCORES)
    ranks = rank_rows(context.scores, context.confidence, answers) if context.scores else []
    columns.write(folder / "ranks.parquet", ranks, RANKS)
    write_json(folder / "models.json", {"models": _models(context)})
    rows = [columns.difference(each) for each in found]
    columns.write(folder / "differences.parquet", rows, columns.DIFFERENCES)
    points = [row for name in context.recipe.release.merging for row in context.front(name)]
    if points:
        write_json(folder / "front.json", points)
    shown = list(questions.rows(context.recipe.release, context.artefacts))
    if shown:
        questions.write(folder / "questions.parquet", shown)
    judged = judge_figures.publish(context.artefacts[JUDGE], folder) if context.judged else []
    curves = [
        row
        for name in (evaluation.checkpoints if evaluation else ())
        for point in context.checkpoints(name)
        for row in columns.checkpoint(point)
    ]
    if curves:
        columns.write(folder / "checkpoints.parquet", curves, columns.CHECKPOINTS)
    if context.claims:
        write_json(folder / "claims.json", [claim.row() for claim in context.claims])
    publish_record(folder, context.recipe, context.artefacts)
    lineage_of(folder, context.graph, context.artefacts, context.scores)
    if context.changed:
        context.changed.write(folder)
    tables: dict[str, Sequence[Any]] = {
        "scores": context.scores, "tasks": tasks, "differences": rows, "ranks": ranks,
        "calibration": bins, "checkpoints": curves, "questions": shown, "judged": judged,
        "samples": [name for name, said in answers.items() if said],
    }  # fmt: skip
    drawn = pictures.of_results(folder, context.scores, context.graph, bins)
    card = results_card.ResultsCard(
        repo=context.repo("results"),
        tag=context.tag,
        title=context.title("results"),
        description=context.recipe.release.description,
        scores=context.scores,
        confidence=context.confidence,
        claims=[claim.sentence() for claim in context.claims],
        changes=context.changes(),
        judged=table.judged_how(evaluation, found),
        fronts=[
            (rows, pictures.of_front(folder, rows, f"front-{name}.svg"))
            for name in context.recipe.release.merging
            if (rows := context.front(name))
        ],
        links=context.links,
        pictures=drawn,
        bins=bins,
        changelog=context.changed.changelog if context.changed else "",
        notes=context.notes("results"),
        texts=questions.licences(context.recipe.release, context.artefacts),
        opinions=judged,
        tables=[name for name, lines in tables.items() if lines],
    )
    write_atomically(folder / "README.md", results_card.render(card).encode())
    return describe(context, "dataset", "results", "results", "", folder)


def _models(context: Context) -> list[dict[str, Any]]:
    """What the Space says about each model without asking its repo."""
    evaluation = context.recipe.release.evaluation
    answering = set(evaluation.answering if evaluation else [])
    starts = [name for name in context.recipe.release.models if name in answering]
    manifests = {name: context.artefacts[name].manifest for name in [*starts, *context.models]}
    return [
        {
            "name": name,
            "kind": manifest.kind,
            "repo": context.repo(name) if name in (*context.models, *context.bases) else "",
            "parents": [entry.name for entry in manifest.inputs if entry.name in manifests],
            "licence": list(manifest.licence),
            "parameters": manifest.numbers["parameters"].value
            if "parameters" in manifest.numbers
            else None,
            "languages": context.languages(context.training_corpora(name)),
        }
        for name, manifest in manifests.items()
    ]
