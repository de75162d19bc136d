"""The sources of a corpus as its card shows them: counts, shares, tokens, the paper's numbers.

What the corpus artefact says (`statistics.json`) is joined with what the release file and the
entries say of each source. Tokens are counted once for a corpus and a tokenizer and kept in the
work folder.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from corpus.sources.entry import entries
from hub.cards.sources import Source
from hub.disk import sha256_file, write_json
from hub.manifest import Artefact
from release.publication.context import statistics
from release.schema import Release

_BATCH = 256
"""documents tokenised at once"""


def sources_of(
    release: Release, artefact: Artefact, tokens: Mapping[str, int] | None
) -> list[Source]:
    """One a source of the corpus, in the order of the release file; `tokens` by source."""
    return [_source(release, row, tokens) for row in statistics(artefact)]


def _source(release: Release, row: Mapping[str, Any], tokens: Mapping[str, int] | None) -> Source:
    settings = release.sources[row["source"]]
    entry = entries().get(settings.entry)
    paper = entry.paper if entry and settings.complete else None
    known_type = entry.document_type if entry and entry.document_type != "any" else ""
    return Source(
        name=row["source"],
        document_type=settings.document_type or known_type,
        documents=row["documents"],
        words=row["words"],
        tokens=None if tokens is None else tokens.get(row["source"], 0),
        licences=row["licences"],
        right=settings.rights_basis.words,
        paper=(paper.documents, paper.words) if paper else None,
    )


def token_counts(corpus: Artefact, model: Artefact, workdir: Path) -> dict[str, int] | None:
    """Tokens by source, without special ones; None where the model has no tokenizer.json."""
    tokenizer = model.folder / "tokenizer.json"
    if not tokenizer.is_file():
        return None
    key = f"{corpus.manifest.digest[:12]}-{sha256_file(tokenizer)[:12]}"
    kept = workdir / "tokens" / f"{key}.json"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_json(kept, _count(corpus, tokenizer))
    counts: dict[str, int] = json.loads(kept.read_bytes())
    return counts


def _count(corpus: Artefact, tokenizer: Path) -> dict[str, int]:
    from pyarrow import parquet
    from tokenizers import Tokenizer

    encoder = Tokenizer.from_file(str(tokenizer))
    encoder.no_truncation()
    encoder.no_padding()
    counts: dict[str, int] = {}
    for path in sorted((corpus.folder / "data").glob("*.parquet")):
        with parquet.ParquetFile(path) as shard:
            for batch in shard.iter_batches(_BATCH, columns=["source", "text"]):
                texts, sources = (batch.column(c).to_pylist() for c in ("text", "source"))
                encoded = encoder.encode_batch_fast(texts, add_special_tokens=False)
                for source, one in zip(sources, encoded, strict=True):
                    counts[source] = counts.get(source, 0) + len(one.ids)
    return counts
