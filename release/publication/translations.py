"""The repo of a translated benchmark: its questions, how they are asked, its card."""

from pathlib import Path

from hub.cards import translation as translation_card
from hub.disk import place, write_atomically, write_json
from hub.manifest import verify_payload
from hub.publication import Repo
from release.publication.context import Context
from release.publication.files import describe


def repo(context: Context, building: Path, name: str) -> Repo:
    artefact = context.artefacts[name]
    verify_payload(artefact)
    folder = building / "dataset" / context.repo(name)
    for file in artefact.manifest.files:
        place(artefact.folder / file.path, folder / file.path)
    card = translation_card.TranslationCard(
        repo=context.repo(name),
        tag=context.tag,
        name=name,
        title=context.title(name),
        description=context.recipe.release.description,
        manifest=artefact.manifest,
        settings=context.translations[name].model_dump(mode="json"),
        results_repo=context.repo("results"),
        links=context.links,
    )
    write_atomically(folder / "README.md", translation_card.render(card).encode())
    write_json(folder / "manifest.json", artefact.manifest.model_dump(mode="json"))
    return describe(
        context, "dataset", name, artefact.manifest.kind, artefact.manifest.digest, folder
    )
