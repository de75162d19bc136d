"""Which releases were published with a document, and which of their models learnt from it.

Read from the Hub, tag by tag: each corpus's ledger says whether it held the document or kept
another for it, the manifests in the results repo say what was made from that corpus.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from huggingface_hub import HfApi
from huggingface_hub.errors import EntryNotFoundError, RevisionNotFoundError

from hub.licences.rights import Holder
from hub.manifest import Manifest
from hub.publication import PublishedRepo, ReleaseRecord
from hub.publish.patience import patiently
from hub.publish.remote import Address, read_file, record_at, refs_of, see

LEDGER = "ledger.parquet"
_MODELS = {"model", "checkpoint", "merge", "quantised"}


class Found(NamedTuple):
    tags: list[str]
    """of every release that is there"""
    holders: list[Holder]


def holders(api: HfApi, results: str, document: str) -> Found:
    """In the order of the tags' names; nothing where no such release was published."""
    where = Address("dataset", results)
    if see(api, where) is None:
        return Found([], [])
    tags, found = [], []
    for tag in refs_of(api, where).tags:
        record = record_at(api, where, tag)
        if record is None or record.tag != tag:
            continue
        tags.append(tag)
        corpora = [
            repo.artefact
            for repo in record.repos
            if repo.kind == "corpus" and _held(api, repo, tag, document)
        ]
        if corpora:
            published = {repo.artefact for repo in record.repos if repo.type == "model"}
            learnt = descendants(_manifests(api, where, record, tag), corpora)
            models = tuple(name for name in learnt if name in published)
            found.append(Holder(version=tag, corpora=tuple(corpora), models=models))
    return Found(tags, found)


def descendants(manifests: Mapping[str, Manifest], corpora: Iterable[str]) -> list[str]:
    """The models that were trained on one of `corpora`, or made from a model that was."""
    reached = set(corpora)
    models = {name: one for name, one in manifests.items() if one.kind in _MODELS}
    while more := {
        name
        for name, one in models.items()
        if name not in reached and any(entry.name in reached for entry in one.inputs)
    }:
        reached |= more
    return [name for name in models if name in reached]


def in_ledger(ledger: Path, document: str) -> bool:
    """Whether a corpus has the text: the document itself, or one that was kept in its place."""
    from pyarrow import parquet

    columns = ["id", "status", "kept_id"]
    rows = parquet.read_table(ledger, columns=columns, filters=[("id", "=", document)]).to_pylist()
    return any(row["status"] == "kept" or row["kept_id"] for row in rows)


def _held(api: HfApi, repo: PublishedRepo, tag: str, document: str) -> bool:
    try:
        path = patiently(
            lambda: api.hf_hub_download(repo.id, LEDGER, repo_type=repo.type, revision=tag)
        )
    except (RevisionNotFoundError, EntryNotFoundError):
        return False  # taken away with an earlier withdrawal
    return in_ledger(Path(path), document)


def _manifests(api: HfApi, where: Address, record: ReleaseRecord, tag: str) -> dict[str, Manifest]:
    (results,) = (repo for repo in record.repos if repo.id == where.id)
    paths = [file.path for file in results.files if file.path.startswith("manifests/")]
    found = {path: read_file(api, where, path, tag) for path in paths}
    return {
        Path(path).stem: Manifest.model_validate_json(data)
        for path, data in found.items()
        if data is not None
    }
