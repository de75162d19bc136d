"""The repo of a domain classifier: its payload and its card."""

from pathlib import Path

from hub.cards import classifier as classifier_card
from hub.disk import place, write_atomically, write_json
from hub.manifest import verify_payload
from hub.publication import Repo
from release.publication.context import Context
from release.publication.files import describe


def repo(context: Context, building: Path, name: str) -> Repo:
    artefact = context.artefacts[name]
    verify_payload(artefact)
    folder = building / "model" / context.repo(name)
    for file in artefact.manifest.files:
        place(artefact.folder / file.path, folder / file.path)
    release = context.recipe.release
    applied = [n for n in context.corpora if release.corpora[n].domain_filter == name]
    card = classifier_card.ClassifierCard(
        repo=context.repo(name),
        tag=context.tag,
        title=context.title(name),
        description=release.description,
        manifest=artefact.manifest,
        settings=release.filters[name].model_dump(mode="json"),
        datasets=[context.links[corpus] for corpus in applied],
        links=context.links,
        notes=context.notes(name),
    )
    write_atomically(folder / "README.md", classifier_card.render(card).encode())
    write_json(folder / "manifest.json", artefact.manifest.model_dump(mode="json"))
    return describe(
        context, "model", name, artefact.manifest.kind, artefact.manifest.digest, folder
    )
