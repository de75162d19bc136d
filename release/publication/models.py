"""The repo of a model: its payload, its card, the summary of what it was trained on."""

from pathlib import Path

from hub.cards import model as model_page
from hub.cards.model_card import ModelCard
from hub.disk import place, write_atomically, write_json
from hub.manifest import verify_payload
from hub.publication import Repo
from release import benchmarks, pictures
from release.beside import beside_model, lineage_of
from release.publication.context import Context
from release.publication.files import describe
from release.publication.prompt import prompt
from release.steps.evaluation import RESULTS


def repo(context: Context, building: Path, name: str) -> Repo:
    artefact = context.artefacts[name]
    verify_payload(artefact)
    folder = building / "model" / context.repo(name)
    for file in artefact.manifest.files:
        place(artefact.folder / file.path, folder / file.path)
    write_atomically(folder / "README.md", _card(context, name, folder).encode())
    _training_content(context, name, folder)
    if (configuration := artefact.folder / "mergekit_config.yml").is_file():
        place(configuration, folder / configuration.name)
    if rows := context.checkpoints(name):
        write_json(folder / "checkpoints.json", rows)
    _eval_results(context, name, folder, building.parent.parent)
    lineage_of(folder, context.graph.ancestry(name), context.artefacts, context.scores)
    write_json(folder / "manifest.json", artefact.manifest.model_dump(mode="json"))
    return describe(
        context, "model", name, artefact.manifest.kind, artefact.manifest.digest, folder
    )


def _card(context: Context, name: str, folder: Path) -> str:
    release = context.recipe.release
    manifest = context.artefacts[name].manifest
    parents = context.parents(name)
    corpora = context.training_corpora(name)
    made_by = {"merge": "merge", "quantised": "quantized"}
    learnt = [corpus for corpus in corpora if corpus in context.corpora]
    relation = made_by.get(manifest.kind, "finetune" if parents else None)
    return model_page.render(
        ModelCard(
            repo=context.repo(name),
            tag=context.tag,
            name=name,
            title=context.title(name),
            description=release.description,
            manifest=manifest,
            languages=context.languages(corpora),
            base_models=parents,
            relation=relation,
            datasets=[context.repo(corpus) for corpus in learnt],
            results_repo=context.repo("results"),
            scores=context.scores,
            confidence=context.confidence,
            links=context.links,
            prompt=prompt(context.artefacts[one].folder for one in reversed(learnt)),
            position=release.training_position,
            front=context.front(name),
            front_picture=pictures.of_front(folder, context.front(name)),
            checkpoints=context.checkpoints(name),
            checkpoints_picture=pictures.of_checkpoints(folder, context.checkpoints(name)),
            mergekit=context.mergekit(name),
            changes=context.changes(name),
            claims=[one.sentence() for one in context.claims if one.row()["model"] == name],
            trained_on={corpus: context.artefacts[corpus].manifest for corpus in corpora},
            pictures=pictures.of_model(folder, context.artefacts[name], context.graph),
            notes=context.notes(name),
            learnt=[
                (one.document, versions, one.who, one.why) for one, versions in context.learnt(name)
            ],
        )
    )


def _eval_results(context: Context, name: str, folder: Path, workdir: Path) -> None:
    results = context.artefacts.get(name + RESULTS)
    if results is None:
        return
    source = context.repo("results"), context.tag
    found = benchmarks.files(context.recipe.release, name, results, source, workdir)
    for path, text in found.items():
        (folder / path).parent.mkdir(exist_ok=True)
        write_atomically(folder / path, text.encode())


def _training_content(context: Context, name: str, folder: Path) -> None:
    corpora = context.training_corpora(name)
    beside_model(
        folder,
        context.recipe.release,
        context.repo(name),
        context.parents(name),
        {corpus: context.artefacts[corpus] for corpus in corpora},
        context.languages(corpora),
        context.links,
        context.examples(name),
    )
