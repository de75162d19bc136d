"""The repo of a model: its payload, its card, the summary of what it was trained on."""

from pathlib import Path

from hub.cards import model as model_card
from hub.disk import write_atomically, write_json
from hub.manifest import verify_payload
from hub.publication import Repo
from release.beside import beside_model
from release.publication.context import Context
from release.publication.files import describe, place

FIGURE = "front.png"


def repo(context: Context, building: Path, name: str) -> Repo:
    artefact = context.artefacts[name]
    verify_payload(artefact)
    folder = building / "model" / context.repo(name)
    for file in artefact.manifest.files:
        place(artefact.folder / file.path, folder / file.path)
    write_atomically(folder / "README.md", _card(context, name).encode())
    _training_content(context, name, folder)
    if picture := _drawn(context, name):
        write_atomically(folder / FIGURE, picture)
    if (configuration := artefact.folder / "mergekit_config.yml").is_file():
        place(configuration, folder / configuration.name)
    write_json(folder / "manifest.json", artefact.manifest.model_dump(mode="json"))
    return describe(
        context, "model", name, artefact.manifest.kind, artefact.manifest.digest, folder
    )


def _card(context: Context, name: str) -> str:
    release = context.recipe.release
    manifest = context.artefacts[name].manifest
    parents = [entry.name for entry in manifest.inputs if entry.name in context.models]
    corpora = context.training_corpora(name)
    made_by = {"merge": "merge", "quantised": "quantized"}
    relation = made_by.get(manifest.kind, "finetune" if parents else None)
    return model_card.render(
        model_card.ModelCard(
            repo=context.repo(name),
            tag=context.tag,
            name=name,
            title=context.title(name),
            description=release.description,
            manifest=manifest,
            languages=context.languages(corpora),
            base_models=[context.repo(parent) for parent in parents],
            relation=relation,
            datasets=[context.repo(corpus) for corpus in corpora],
            results_repo=context.repo("results"),
            scores=context.scores,
            confidence=context.confidence,
            links=context.links,
            corpora=[context.artefacts[corpus].manifest for corpus in corpora],
            position=release.training_position,
            front=context.front(name),
            picture=FIGURE if _drawn(context, name) else "",
        )
    )


def _drawn(context: Context, name: str) -> bytes | None:
    """The figure of a merge's sweep, where the release file names the two groups."""
    settings = context.recipe.release.merging.get(name)
    rows = context.front(name)
    if not rows or settings is None or settings.sweep is None or not settings.sweep.general:
        return None
    from merging.figure import draw

    return draw(rows, settings.sweep.domain, settings.sweep.general)


def _training_content(context: Context, name: str, folder: Path) -> None:
    corpora = context.training_corpora(name)
    parents = [entry.name for entry in context.artefacts[name].manifest.inputs]
    beside_model(
        folder,
        context.recipe.release,
        context.repo(name),
        [context.repo(parent) for parent in parents if parent in context.models],
        {corpus: context.artefacts[corpus] for corpus in corpora},
        context.languages(corpora),
        context.links,
    )
