"""Files that a publication owes beside its payload: notices by a corpus, a summary by a model."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from hub.cards import notices, training_content
from hub.disk import write_atomically, write_json
from hub.lineage import graph as lineage
from hub.lineage.bom import BOM, Score, bom
from hub.lineage.croissant import CROISSANT, croissant
from hub.manifest import Artefact
from release.gate import terms
from release.schema import Release

TRAINING_CONTENT = "TRAINING_CONTENT.md"


def beside_corpus(folder: Path, title: str, artefact: Artefact) -> None:
    """ATTRIBUTION.parquet, NOTICE and LICENSES/, from the ledger."""
    from pyarrow import parquet

    columns = ["id", "source", "status", "licence", "attribution"]
    rows = parquet.read_table(artefact.folder / "ledger.parquet", columns=columns).to_pylist()
    notices.write(folder, title, [row for row in rows if row["status"] == "kept"])


def croissant_of(
    folder: Path, release: Release, repo: str, title: str, artefact: Artefact,
    languages: Sequence[str],
) -> None:  # fmt: skip
    text = croissant(
        folder, title, release.description, repo, release.version, artefact.manifest, languages
    )
    write_atomically(folder / CROISSANT, text.encode())


def lineage_of(
    folder: Path,
    graph: lineage.Graph,
    artefacts: Mapping[str, Artefact],
    scores: Sequence[Score],
) -> None:
    """`lineage.json` and the bill of materials of a model's ancestry, or of the whole release."""
    manifests = {name: artefact.manifest for name, artefact in artefacts.items()}
    write_json(folder / "lineage.json", lineage.as_json(graph))
    write_atomically(folder / BOM, bom(graph, manifests, scores).encode())


def beside_model(
    folder: Path,
    release: Release,
    repo: str,
    base: Sequence[str],
    corpora: Mapping[str, Artefact],
    languages: Sequence[str],
    links: Mapping[str, str],
    examples: Sequence[str] = (),
) -> None:
    """The summary of training content; `corpora` and `examples` (sources) are all that went into
    it, by any ancestor."""
    content = training_content.TrainingContent(
        provider=release.namespace,
        model=repo,
        tag=f"v{release.version}",
        base=base,
        languages=languages,
        corpora=[_corpus(release, name, corpora[name], links) for name in corpora],
        examples=[(name, ", ".join(terms(release.sources[name]))) for name in examples],
    )
    write_atomically(folder / TRAINING_CONTENT, training_content.render(content).encode())


def _corpus(
    release: Release, name: str, artefact: Artefact, links: Mapping[str, str]
) -> training_content.Corpus:
    settings = release.corpora[name]
    sources = {source: release.sources[source] for source in settings.sources}
    return training_content.Corpus(
        link=links.get(name, name),
        use=settings.use,
        manifest=artefact.manifest,
        statistics=json.loads((artefact.folder / "statistics.json").read_bytes()),
        rights={source: entry.rights_basis.words for source, entry in sources.items()},
        terms={
            source: "; ".join(f"{said.licence} {said.url}".strip() for said in entry.terms)
            for source, entry in sources.items()
            if entry.terms
        },
        masks=settings.personal_data != "count",
    )
