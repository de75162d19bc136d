"""The published corpora: what they hold, what was left out and why, and their ledgers to search.

    statistics.json   one entry a source: documents, words, languages, licences, what was excluded
    manifest.json     numbers of the whole: read, kept, excluded by reason, personal data masked
    ledger.parquet    one row a document that was read: status, reason, rule, evidence, never text

A ledger is searched here and sent a page at a time; it may have millions of rows.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from published import Release
from pyarrow import parquet
from source import Source, read_json
from tables import MAX_BYTES, MAX_ROWS, Unreadable, tame

SHOWN = (
    "id", "source", "language", "status", "reason", "rule", "verdict", "licence", "evidence",
    "attribution", "kept_id", "num_words",
)  # fmt: skip
CHOICES = ("source", "status", "reason", "licence")
PAGE_ROWS = 50
MAX_CHOICES = 200
MAX_CORPORA = 50


@dataclass
class Corpus:
    name: str
    repo: Mapping[str, str]
    source: Source

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Sizes and reasons as the corpus publishes them."""
        found: dict[str, Any] = {"name": self.name, "repo": self.repo["id"], "problems": []}
        found |= {"sources": [], "numbers": {}, "licence": [], "use": ""}
        try:
            manifest = self._json("manifest.json")
            found["numbers"] = _numbers(manifest.get("numbers"))
            licence = manifest.get("licence")
            found["licence"] = [tame(x) for x in licence] if isinstance(licence, list) else []
            found["use"] = _use(manifest)
            found["sources"] = self._sources()
        except Unreadable as error:
            found["problems"].append(str(error))
        return found

    def _json(self, path: str) -> dict[str, Any]:
        found = self.source.corpus(self.repo, path)
        if found is None:
            raise Unreadable(f"{tame(self.name)} publishes no {path}")
        return read_json(found)

    def _sources(self) -> list[dict[str, Any]]:
        path = self.source.corpus(self.repo, "statistics.json")
        if path is None:
            return []
        rows = read_json(path, list)
        try:
            return [
                {
                    "source": tame(row["source"]),
                    "documents": int(row["documents"]),
                    "words": int(row["words"]),
                    **{
                        name: _counts(row.get(name))
                        for name in ("languages", "licences", "excluded")
                    },
                }
                for row in rows
            ]
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Unreadable(
                f"statistics.json of {tame(self.name)} does not hold what is expected of it"
            ) from None

    @cached_property
    def ledger(self) -> pa.Table:
        path = self.source.corpus(self.repo, "ledger.parquet")
        if path is None:
            raise Unreadable(f"{tame(self.name)} publishes no ledger")
        try:
            with parquet.ParquetFile(path) as file:
                about = file.metadata
                size = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
                if about.num_rows > MAX_ROWS or size > MAX_BYTES:
                    raise Unreadable(
                        f"the ledger of {tame(self.name)} has {about.num_rows:,} rows: more than "
                        "this page searches; load it with the datasets library"
                    )
                names = [name for name in SHOWN if name in file.schema_arrow.names]
                if "id" not in names:
                    raise Unreadable(f"the ledger of {tame(self.name)} names no documents")
                table = file.read(columns=names)
            return pa.table(
                {
                    name: table.column(name).cast(
                        pa.int64() if name == "num_words" else pa.string()
                    )
                    for name in names
                }
            )
        except (pa.ArrowException, OSError, ValueError):
            raise Unreadable(f"the ledger of {tame(self.name)} cannot be read") from None

    def search(self, sought: str, chosen: Mapping[str, str], page: int) -> dict[str, Any]:
        """Rows that hold `sought` anywhere and have the chosen values, one page of them."""
        table = self.ledger
        keep = None
        for name, value in chosen.items():
            if value and name in table.column_names:
                keep = _both(keep, pc.equal(table.column(name), value))
        if sought.strip():
            found = None
            for name in table.column_names:
                if name != "num_words":
                    here = pc.match_substring(table.column(name), sought.strip(), ignore_case=True)
                    here = pc.fill_null(here, False)
                    found = here if found is None else pc.or_(found, here)
            keep = _both(keep, found)
        rows = table if keep is None else table.filter(pc.fill_null(keep, False))
        pages = max(1, -(-rows.num_rows // PAGE_ROWS))
        page = max(0, min(page, pages - 1))
        shown = rows.slice(page * PAGE_ROWS, PAGE_ROWS).to_pylist()
        return {
            "total": table.num_rows, "found": rows.num_rows, "page": page, "pages": pages,
            "columns": table.column_names, "choices": self.choices,
            "rows": [[x if isinstance(x, int) else tame(x or "") for x in row.values()]
                     for row in shown],
        }  # fmt: skip

    @cached_property
    def choices(self) -> dict[str, list[str]]:
        table = self.ledger
        return {
            name: sorted(x for x in pc.unique(table.column(name)).to_pylist() if x)[:MAX_CHOICES]
            for name in CHOICES
            if name in table.column_names
        }


def corpora_of(source: Source | None, release: Release | None) -> dict[str, Corpus]:
    if source is None or release is None:
        return {}
    repos = [repo for repo in release.repos if repo["kind"] == "corpus"][:MAX_CORPORA]
    return {repo["artefact"]: Corpus(repo["artefact"], repo, source) for repo in repos}


def _both(one: Any, other: Any) -> Any:
    return other if one is None else pc.and_kleene(one, other)


def _numbers(found: object) -> dict[str, int | float]:
    if not isinstance(found, Mapping):
        return {}
    values = {tame(k): v.get("value") for k, v in found.items() if isinstance(v, Mapping)}
    return {
        name: value
        for name, value in values.items()
        if isinstance(value, int | float) and math.isfinite(value)
    }


def _use(manifest: Mapping[str, Any]) -> str:
    recipe = manifest.get("recipe")
    corpus = recipe.get("corpus") if isinstance(recipe, Mapping) else None
    return tame(corpus.get("use") or "") if isinstance(corpus, Mapping) else ""


def _counts(found: object) -> dict[str, int]:
    return {tame(k): int(v) for k, v in found.items()} if isinstance(found, Mapping) else {}
