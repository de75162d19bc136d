"""`imprimatur audit PATH`: finds the documents in whatever PATH is, and judges every one.

    a release file          its sources, by their readers and terms, with its decisions
    a corpus artefact       its ledger, judged anew
    a model artefact        its lineage: it, what it was made from, the ledgers of their corpora
    a work folder           the ledgers of all its corpora, and all its models
    a folder, or one file   Parquet, JSON lines (also .gz, .zst), JSON, CSV; JATS and TEI files

In anybody's folder a licence column is rank 3: somebody else's collection put it there. The card
beside the files (README.md) is a claim of the same rank.
"""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from hub.disk import write_atomically, write_json
from hub.failure import BadInput
from hub.licences.audit import Row, Stated, Summary, audit_one
from hub.licences.lineage import ancestors, judge_models
from hub.licences.report import as_json, html
from hub.licences.rights import LICENCE_ONLY, RecordedDecision, RightsBasis, Use
from hub.manifest import Artefact, read_artefact
from release.audit_files import documents_in

LEDGER = "ledger.parquet"
_BATCH = 10_000


class Subject(NamedTuple):
    documents: Iterator[Stated]
    recorded: tuple[RecordedDecision, ...] = ()
    artefacts: tuple[Artefact, ...] = ()
    """of a lineage or a work folder"""


def audit(path: Path, use: Use, column: str | None, out: Path) -> Summary:
    """Write ledger.parquet, report.html and summary.json below `out`."""
    subject = _subject(path, column)
    out.mkdir(parents=True, exist_ok=True)
    summary = Summary(use, models=judge_models(subject.artefacts, use))
    _write_ledger(out / "ledger.parquet", subject, summary)
    if not summary.documents and not summary.models:
        raise BadInput(f"no documents in {path}: give a corpus, a release file or a data folder")
    write_atomically(out / "report.html", html(summary, path.name).encode("utf-8", "replace"))
    write_json(out / "summary.json", as_json(summary))
    return summary


def _subject(path: Path, column: str | None) -> Subject:
    if not path.exists():
        raise BadInput(f"there is no {path}")
    if path.is_file() and path.suffix in (".yaml", ".yml"):
        return _release(path)
    artefacts = _artefacts(path) if path.is_dir() else []
    if artefacts:
        corpora = [each for each in artefacts if each.manifest.kind == "corpus"]
        return Subject(_from_ledgers(corpora), artefacts=tuple(artefacts))
    return Subject(documents_in(path, column))


def _release(path: Path) -> Subject:
    from corpus.build import source_files
    from corpus.readers.registry import READERS
    from hub.licences.evidence import Evidence
    from release.recipe import load

    recipe = load(path)

    def read() -> Iterator[Stated]:
        for name, settings in recipe.release.sources.items():
            terms = tuple(Evidence(said.rank, said.licence) for said in settings.terms)
            for file in source_files(settings, recipe.data):
                for found in READERS[settings.reader](name, settings, file):
                    yield Stated(
                        found.id, name, (*found.evidence, *terms),
                        found.attribution or settings.attribution,
                        settings.rights_basis, found.problem,
                    )  # fmt: skip

    return Subject(read(), recipe.release.decisions)


def _artefacts(folder: Path) -> list[Artefact]:
    """Of a work folder all; of an artefact's own folder it and what went into it."""
    itself = read_artefact(folder)
    if itself is None:
        return _whole(sorted(folder.glob("*/*/manifest.json")))
    return ancestors(itself, _whole(sorted(folder.parent.parent.glob("*/*/manifest.json"))))


def _whole(manifests: list[Path]) -> list[Artefact]:
    """Those whose corpora still have their ledger."""
    found = [read_artefact(path.parent) for path in manifests]
    return [
        each
        for each in found
        if each and (each.manifest.kind != "corpus" or (each.folder / LEDGER).is_file())
    ]


def _from_ledgers(corpora: list[Artefact]) -> Iterator[Stated]:
    """The documents that are in the corpora: what was left out is judged already."""
    from pyarrow import parquet

    from hub.licences.evidence import Evidence
    from hub.licences.recognise import recognise

    columns = ["id", "source", "status", "licence", "evidence", "rank", "attribution"]
    for corpus in corpora:
        prefix = f"{corpus.folder.name}/" if len(corpora) > 1 else ""
        is_published = corpus.manifest.recipe.get("corpus", {}).get("publish", True)
        rights = _rights(corpus)
        ledger = parquet.ParquetFile(corpus.folder / LEDGER)
        for batch in ledger.iter_batches(_BATCH, columns=columns):
            for row in batch.to_pylist():
                if row["status"] != "kept":
                    continue
                # words that a recorded decision read are known by the licence it read in them
                words = row["evidence"]
                words = words if recognise(words) == row["licence"] else row["licence"]
                said = (Evidence(row["rank"], words),) if row["rank"] else ()
                yield Stated(
                    row["id"], prefix + row["source"], said, row["attribution"],
                    rights.get(row["source"], LICENCE_ONLY), is_published=is_published,
                )  # fmt: skip


def _rights(corpus: Artefact) -> dict[str, RightsBasis]:
    """By source, as its release file said."""
    sources = corpus.manifest.recipe.get("sources", {})
    return {
        name: RightsBasis.model_validate(settings["rights_basis"])
        for name, settings in sources.items()
        if "rights_basis" in settings
    }


def _write_ledger(path: Path, subject: Subject, summary: Summary) -> None:
    """In batches: a folder may hold more documents than memory does."""
    import pyarrow as pa
    from pyarrow import parquet

    types = {"rank": pa.int64()}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in Row.__annotations__])
    temporary = path.with_suffix(".tmp")
    rows: list[dict[str, Any]] = []
    with parquet.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for document in subject.documents:
            row = audit_one(document, summary.use, subject.recorded)
            summary.add(row)
            rows.append({k: _storable(v) for k, v in asdict(row).items()})
            if len(rows) == _BATCH:
                writer.write_table(pa.Table.from_pylist(rows, schema=schema))
                rows = []
        writer.write_table(pa.Table.from_pylist(rows, schema=schema))
    temporary.replace(path)


def _storable(value: Any) -> Any:
    """Lone surrogates are in no UTF-8 file."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
