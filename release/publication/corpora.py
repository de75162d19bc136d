"""The repo of a corpus: its payload, its card, what stands beside it."""

from pathlib import Path

from hub.cards import dataset as dataset_card
from hub.disk import write_atomically, write_json
from hub.manifest import verify_payload
from hub.publication import Repo
from release.beside import beside_corpus
from release.publication.context import Context, statistics
from release.publication.files import describe, place


def repo(context: Context, building: Path, name: str) -> Repo:
    artefact = context.artefacts[name]
    verify_payload(artefact)
    folder = building / "dataset" / context.repo(name)
    for file in artefact.manifest.files:
        place(artefact.folder / file.path, folder / file.path)
    write_atomically(folder / "README.md", _card(context, name, folder).encode())
    beside_corpus(folder, context.title(name), artefact)
    write_json(folder / "manifest.json", artefact.manifest.model_dump(mode="json"))
    return describe(
        context, "dataset", name, artefact.manifest.kind, artefact.manifest.digest, folder
    )


def _card(context: Context, name: str, folder: Path) -> str:
    release = context.recipe.release
    artefact = context.artefacts[name]
    return dataset_card.render(
        dataset_card.DatasetCard(
            repo=context.repo(name),
            tag=context.tag,
            title=context.title(name),
            description=release.description,
            use=release.corpora[name].use,
            manifest=artefact.manifest,
            statistics=statistics(artefact),
            languages=context.languages([name]),
            rights={
                s: release.sources[s].rights_basis.words for s in release.corpora[name].sources
            },
            decisions=_decisions(context, name),
            personal_data=release.corpora[name].personal_data,
            names=release.corpora[name].names,
            links=context.links,
        ),
        folder,
    )


def _decisions(context: Context, name: str) -> list[tuple[str, str, str, str]]:
    """(rule, what it is about, who, why) of every recorded decision about a source of `name`."""
    sources = set(context.recipe.release.corpora[name].sources)
    return [
        (one.rule, ", ".join([*one.sources, *one.documents]), one.who, one.why)
        for one in context.recipe.release.decisions
        if one.documents or sources & set(one.sources)
    ]
