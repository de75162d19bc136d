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
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hub.disk import sha256_file, sync_tree, write_json
from hub.manifest import Artefact, canonical_sha256
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
    shards = sorted(f.path for f in corpus.manifest.files if fnmatchcase(f.path, SHARDS))
    empty = True
    for shard in shards:
        found = _read_shard(corpus, shard)
        empty = empty and not any(document.text for document in found)
        yield found
    if empty:
        raise TrainingError(
            f"corpus {corpus.manifest.name} has no text in {SHARDS}: see its licence ledger and "
            "excluded documents for what was left out"
        )


def _read_shard(corpus: Artefact, shard: str) -> list[Document]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(corpus.folder / shard)
        columns = [name for name in (SOURCE, TEXT) if name in file.schema_arrow.names]
        table = file.read(columns=columns)
        texts = table.column(TEXT).to_pylist()
        sources = table.column(SOURCE).to_pylist() if SOURCE in columns else [""] * len(texts)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise TrainingError(
            f"{shard} of corpus {corpus.manifest.name} cannot be read as Parquet with a column "
            f"`{TEXT}` ({_first_line(error)}): build the corpus again"
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
    backend: Any = tokenizer
    rules = getattr(backend, "backend_tokenizer", None)
    described = rules.to_str() if rules is not None else sorted(tokenizer.get_vocab().items())
    return canonical_sha256(
        {
            "corpus": corpus.manifest.digest,
            "tokenizer": canonical_sha256(described),
            "end_of_text": tokenizer.eos_token_id,
            "policy": POLICY,
        }
    )


def end_of_text(tokenizer: "PreTrainedTokenizerBase") -> int:
    end: int | None = tokenizer.eos_token_id
    if end is None:
        raise TrainingError(
            "the base model's tokenizer has no end-of-text token: without one, documents run into "
            "each other; set eos_token in its tokenizer_config.json"
        )
    return end


def encoder(
    tokenizer: "PreTrainedTokenizerBase",
) -> "Callable[[list[str]], list[NDArray[np.int64]]]":
    """Texts to ids; the tokenizer's own special tokens are kept, end of text comes once.

    A document that merely mentions a special token by its name does not get that token's meaning.
    The Rust tokenizer is asked directly: it works on all cores and computes no offsets.
    """
    import numpy as np

    end = end_of_text(tokenizer)
    rules: Any = getattr(tokenizer, "backend_tokenizer", None)
    if rules is not None:
        rules = type(rules).from_str(rules.to_str())  # the caller's keeps its settings
        rules.no_truncation()
        rules.no_padding()
        rules.encode_special_tokens = True

    def encode(texts: list[str]) -> "list[NDArray[np.int64]]":
        if rules is None:
            plain: Any = tokenizer
            found = plain(texts, split_special_tokens=True, return_attention_mask=False)
            every = iter(found["input_ids"])
        else:
            every = (encoding.ids for encoding in rules.encode_batch_fast(texts))
        return [
            np.array(ids if ids[-1:] == [end] else [*ids, end], dtype=np.int64) for ids in every
        ]

    return encode


def _make(corpus: Artefact, tokenizer: "PreTrainedTokenizerBase", key: str, folder: Path) -> None:
    import numpy as np

    encode = encoder(tokenizer)
    folder.mkdir(parents=True)
    width = np.dtype("<u2") if len(tokenizer) <= 1 << 16 else np.dtype("<u4")
    num_documents: Counter[str] = Counter()
    num_tokens: Counter[str] = Counter()
    shards = []
    for number, found in enumerate(_shards(corpus)):
        ids_path, ends_path = folder / f"{number:05}.ids", folder / f"{number:05}.ends"
        lengths: list[int] = []
        given = np.zeros(len(tokenizer), dtype=np.int64)
        with ids_path.open("wb") as stream:
            for start in range(0, len(found), DOCUMENTS_AT_ONCE):
                batch = found[start : start + DOCUMENTS_AT_ONCE]
                encoded = encode([document.text for document in batch])
                for document, ids in zip(batch, encoded, strict=True):
                    num_documents[document.source] += 1
                    num_tokens[document.source] += len(ids)
                    lengths.append(len(ids))
                joined = np.concatenate(encoded)
                given += np.bincount(joined, minlength=len(given))
                joined.astype(width).tofile(stream)
        np.cumsum(lengths, dtype=np.dtype("<u8")).tofile(ends_path)
        written = np.fromfile(ids_path, dtype=width)
        if not np.array_equal(np.bincount(written, minlength=len(given)), given):
            raise TrainingError(
                f"{ids_path.name} does not hold the tokens that were written: is the disk full?"
            )
        shards.append({"ids": _described(ids_path), "ends": _described(ends_path)})
    sync_tree(folder)
    sources = {
        name: {"documents": num_documents[name], "tokens": num_tokens[name]}
        for name in sorted(num_documents)
    }
    whole = {
        "key": key, "dtype": width.str, "end_of_text": tokenizer.eos_token_id, "policy": POLICY,
        "corpus": corpus.manifest.digest, "shards": shards, "sources": sources,
        "num_tokens": sum(num_tokens.values()), "num_documents": sum(num_documents.values()),
    }  # fmt: skip
    write_json(folder / WHOLE, whole)


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
