"""The repo of a corpus: its payload, its card, what stands beside it."""

from pathlib import Path

from hub.cards import dataset as dataset_card
from hub.cards.sources import Source
from hub.disk import place, write_atomically, write_json
from hub.manifest import Artefact, Manifest, verify_payload
from hub.publication import Repo
from release import pictures
from release.beside import beside_corpus, croissant_of
from release.publication.context import Context
from release.publication.files import describe
from release.publication.sources import sources_of, token_counts


def repo(context: Context, building: Path, name: str) -> Repo:
    artefact = context.artefacts[name]
    verify_payload(artefact)
    folder = building / "dataset" / context.repo(name)
    for file in artefact.manifest.files:
        place(artefact.folder / file.path, folder / file.path)
    counts, counter = _tokens(context, artefact, building.parent.parent)
    sources = sources_of(context.recipe.release, artefact, counts)
    write_atomically(folder / "README.md", _card(context, name, folder, sources, counter).encode())
    beside_corpus(folder, context.title(name), artefact)
    about = context.repo(name), context.title(name)
    croissant_of(folder, context.recipe.release, *about, artefact, context.languages([name]))
    write_json(folder / "manifest.json", artefact.manifest.model_dump(mode="json"))
    described = describe(
        context, "dataset", name, artefact.manifest.kind, artefact.manifest.digest, folder
    )
    gate = context.recipe.release.gates.get(name)
    return described.model_copy(update={"gated": gate.approval}) if gate else described


def _tokens(context: Context, corpus: Artefact, workdir: Path) -> tuple[dict[str, int] | None, str]:
    """By source, and whose tokens: the first model that this release trains, if it trains one."""
    model = next(iter(context.recipe.release.training), "")
    if model not in context.artefacts:
        return None, ""
    counts = token_counts(corpus, context.artefacts[model], workdir)
    return counts, f"`{context.repo(model)}`" if counts is not None else ""


def _card(context: Context, name: str, folder: Path, sources: list[Source], tokenizer: str) -> str:
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
            sources=sources,
            tokenizer=tokenizer,
            languages=context.languages([name]),
            decisions=_decisions(context, name),
            domain_filter=_filter(context, name),
            personal_data=release.corpora[name].personal_data,
            names=release.corpora[name].names,
            links=context.links,
            pictures=pictures.of_corpus(folder, sources),
            notes=context.notes(name),
            results_repo=context.repo("results"),
            withdrawn=[
                (
                    one.document,
                    ", ".join(h.version for h in one.held_by if name in h.corpora),
                    one.who,
                    one.why,
                )
                for one in context.withdrawn_from(name)
            ],
            gate=_gate(context, name),
        ),
        folder,
    )


def _gate(context: Context, name: str) -> tuple[str, dict[str, str]] | None:
    """What readers agree to and are asked."""
    gate = context.recipe.release.gates.get(name)
    return (gate.agreement, dict(gate.fields)) if gate else None


def _decisions(context: Context, name: str) -> list[tuple[str, str, str, str]]:
    """(rule, what it is about, who, why) of every recorded decision about a source of `name`."""
    sources = set(context.recipe.release.corpora[name].sources)
    return [
        (one.rule, ", ".join([*one.sources, *one.documents]), one.who, one.why)
        for one in context.recipe.release.decisions
        if one.documents or sources & set(one.sources)
    ]


def _filter(context: Context, name: str) -> Manifest | None:
    used = context.recipe.release.corpora[name].domain_filter
    return context.artefacts[used].manifest if used else None
