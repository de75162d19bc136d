"""Documents to token ids, once: memory-mapped shards that every run with the same tokenizer reads.

    store = tokenised(corpus, tokenizer, cache)      made on the first call, opened on the next ones

    cache/1a2b3c4d5e6f/      the digest of corpus, tokenizer and end-of-text policy
      00000.ids              little-endian uint16 or uint32, one document after the other
      00000.ends             uint64, where each document of the shard ends
      tokens.json            written last: sizes, sha256, documents and tokens of each source

One end of text comes after each document. What is written is read back and counted against what the
tokenizer gave: a store that lost or changed a token never becomes whole.
"""

import json
import multiprocessing
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from fnmatch import fnmatchcase
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hub.disk import sha256_file, sync_tree, write_json
from hub.environment import secrets_hidden
from hub.manifest import Artefact, canonical_sha256
from training.encoding import described, encoder, end_of_text, fast_encoder
from training.settings import TrainingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerBase

SHARDS = "data/*.parquet"
TEXT = "text"
SOURCE = "source"
WHOLE = "tokens.json"
POLICY = "one end of text after each document, none where the tokenizer already put it"
DOCUMENTS_AT_ONCE = 512
PARALLEL_BYTES = 32 << 20
"""of Parquet, from which on shards are tokenised in processes of their own"""


class Document(NamedTuple):
    source: str
    """name of the source; empty where the corpus has no such column"""
    text: str


class Store(NamedTuple):
    """The tokens of a corpus, as one long array; nothing is in memory until it is read."""

    ids: "Sequence[NDArray[Any]]"
    """one memory-mapped array a shard"""
    lengths: "NDArray[np.int64]"
    """tokens of each document, its end of text included"""
    sources: dict[str, dict[str, int]]
    """documents and tokens of each source"""

    @property
    def num_tokens(self) -> int:
        return int(self.lengths.sum())

    def read(self, start: int, length: int) -> "NDArray[np.int64]":
        """`length` tokens from `start` on, counted over all shards."""
        import numpy as np

        parts = []
        for shard in self.ids:
            if start < len(shard) and length:
                parts.append(shard[start : start + length])
                length -= len(parts[-1])
            start = max(0, start - len(shard))
        return np.concatenate(parts).astype(np.int64)


def documents(corpus: Artefact) -> Iterator[str]:
    """Every document's text; raises TrainingError where a shard is broken or nothing is there."""
    for batch in _shards(corpus):
        for document in batch:
            yield document.text


def _shards(corpus: Artefact) -> Iterator[list[Document]]:
    empty = True
    for shard in _shard_paths(corpus):
        found = _read_shard(corpus.folder / shard, corpus.manifest.name)
        empty = empty and not any(document.text for document in found)
        yield found
    if empty:
        raise _no_text(corpus)


def _shard_paths(corpus: Artefact) -> list[str]:
    return sorted(f.path for f in corpus.manifest.files if fnmatchcase(f.path, SHARDS))


def _no_text(corpus: Artefact) -> TrainingError:
    return TrainingError(
        f"corpus {corpus.manifest.name} has no text in {SHARDS}: see its licence ledger and "
        "excluded documents for what was left out"
    )


def _read_shard(path: Path, corpus: str) -> list[Document]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        columns = [name for name in (SOURCE, TEXT) if name in file.schema_arrow.names]
        table = file.read(columns=columns)
        texts = table.column(TEXT).to_pylist()
        sources = table.column(SOURCE).to_pylist() if SOURCE in columns else [""] * len(texts)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise TrainingError(
            f"{path.parent.name}/{path.name} of corpus {corpus} cannot be read as Parquet with a "
            f"column `{TEXT}` ({_first_line(error)}): build the corpus again"
        ) from error
    return [Document(*pair) for pair in zip(sources, texts, strict=True)]


def tokenised(corpus: Artefact, tokenizer: "PreTrainedTokenizerBase", cache: Path) -> Store:
    """The store of `corpus` in `cache`; made where it is not there, checked where it is."""
    key = store_key(corpus, tokenizer)
    folder = cache / key[:12]
    if not (folder / WHOLE).is_file():
        shutil.rmtree(folder, ignore_errors=True)
        _make(corpus, tokenizer, key, folder)
    return open_store(folder)


def store_key(corpus: Artefact, tokenizer: "PreTrainedTokenizerBase") -> str:
    """Equal keys mean: the same texts, the same tokenizer, the same end-of-text policy."""
    rules = described(tokenizer) or sorted(tokenizer.get_vocab().items())
    return canonical_sha256(
        {
            "corpus": corpus.manifest.digest,
            "tokenizer": canonical_sha256(rules),
            "end_of_text": tokenizer.eos_token_id,
            "policy": POLICY,
        }
    )


class _Shard(NamedTuple):
    """One shard to be written; everything a process of its own has to know."""

    path: Path
    corpus: str
    ids: Path
    ends: Path
    dtype: str
    vocabulary: int


class _Written(NamedTuple):
    documents: Counter[str]
    tokens: Counter[str]
    empty: bool


def _make(corpus: Artefact, tokenizer: "PreTrainedTokenizerBase", key: str, folder: Path) -> None:
    end = end_of_text(tokenizer)
    folder.mkdir(parents=True)
    dtype = "<u2" if len(tokenizer) <= 1 << 16 else "<u4"
    shards = [
        _Shard(
            corpus.folder / path, corpus.manifest.name, folder / f"{number:05}.ids",
            folder / f"{number:05}.ends", dtype, len(tokenizer),
        )
        for number, path in enumerate(_shard_paths(corpus))
    ]  # fmt: skip
    written = _write_all(shards, tokenizer, end)
    if all(each.empty for each in written):
        raise _no_text(corpus)
    sync_tree(folder)
    num_documents = sum((each.documents for each in written), Counter[str]())
    num_tokens = sum((each.tokens for each in written), Counter[str]())
    whole = {
        "key": key, "dtype": dtype, "end_of_text": end, "policy": POLICY,
        "corpus": corpus.manifest.digest,
        "shards": [{"ids": _described(one.ids), "ends": _described(one.ends)} for one in shards],
        "sources": {
            name: {"documents": num_documents[name], "tokens": num_tokens[name]}
            for name in sorted(num_documents)
        },
        "num_tokens": num_tokens.total(), "num_documents": num_documents.total(),
    }  # fmt: skip
    write_json(folder / WHOLE, whole)


def _write_all(
    shards: list[_Shard], tokenizer: "PreTrainedTokenizerBase", end: int
) -> list[_Written]:
    """One process a core where there is enough to do; starting one takes about a second."""
    rules = described(tokenizer)
    large = sum(shard.path.stat().st_size for shard in shards) > PARALLEL_BYTES
    processes = min(len(shards), os.cpu_count() or 1)
    if rules is None or not large or processes < 2:
        encode = encoder(tokenizer)
        return [_write(shard, encode) for shard in shards]
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"))
    with secrets_hidden(), pool:
        return list(pool.map(_write_alone, shards, repeat(rules), repeat(end)))


def _write_alone(shard: _Shard, rules: str, end: int) -> _Written:
    return _write(shard, fast_encoder(rules, end))


def _write(shard: _Shard, encode: "Callable[[list[str]], list[NDArray[np.int64]]]") -> _Written:
    import numpy as np

    found = _read_shard(shard.path, shard.corpus)
    num_documents: Counter[str] = Counter()
    num_tokens: Counter[str] = Counter()
    lengths: list[int] = []
    given = np.zeros(shard.vocabulary, dtype=np.int64)
    with shard.ids.open("wb") as stream:
        for start in range(0, len(found), DOCUMENTS_AT_ONCE):
            batch = found[start : start + DOCUMENTS_AT_ONCE]
            encoded = encode([document.text for document in batch])
            for document, ids in zip(batch, encoded, strict=True):
                num_documents[document.source] += 1
                num_tokens[document.source] += len(ids)
                lengths.append(len(ids))
            joined = np.concatenate(encoded)
            given += np.bincount(joined, minlength=len(given))
            joined.astype(shard.dtype).tofile(stream)
    np.cumsum(lengths, dtype=np.dtype("<u8")).tofile(shard.ends)
    written = np.fromfile(shard.ids, dtype=shard.dtype)
    if not np.array_equal(np.bincount(written, minlength=len(given)), given):
        raise TrainingError(
            f"{shard.ids.name} does not hold the tokens that were written: is the disk full?"
        )
    return _Written(num_documents, num_tokens, not any(document.text for document in found))


def open_store(folder: Path) -> Store:
    """Memory-map a store; raises TrainingError for a shard that is not what was written.

    Every byte is read once for its digest: reading is a thousand times as fast as training on it.
    """
    import numpy as np

    whole = json.loads((folder / WHOLE).read_bytes())
    ids, lengths = [], []
    for shard in whole["shards"]:
        for part in shard.values():
            path = folder / part["path"]
            if not path.is_file() or _described(path) != part:
                raise TrainingError(
                    f"token shard {path.name} in {folder} was cut short or changed since it was "
                    "written: delete that folder, it is made again"
                )
        if shard["ids"]["size"]:
            ids.append(np.memmap(folder / shard["ids"]["path"], whole["dtype"], "r"))
        ends = np.fromfile(folder / shard["ends"]["path"], dtype="<u8").astype(np.int64)
        lengths.append(np.diff(ends, prepend=0))
    store = Store(ids, np.concatenate(lengths), whole["sources"])
    if store.num_tokens != whole["num_tokens"] or len(store.lengths) != whole["num_documents"]:
        raise TrainingError(f"the token shards in {folder} do not add up: delete that folder")
    return store


def _described(path: Path) -> dict[str, Any]:
    return {"path": path.name, "size": path.stat().st_size, "sha256": sha256_file(path)}


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
