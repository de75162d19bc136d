"""Documents to token ids: one end-of-text after each document, and the proof that none is lost.

    documents(corpus)             the column `text` of the corpus' Parquet shards, in shard order
    tokenise(texts, tokenizer)    ids of each document, end of text included
    check_packed(ids, packed, …)  each id occurs as often after packing as before, or it is an error

Comparing counts per id, not only totals, also notices a token that was replaced by another.
"""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from hub.manifest import Artefact
from training.settings import TrainingError

if TYPE_CHECKING:
    import numpy as np
    from datasets import Dataset
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerBase

SHARDS = "data/*.parquet"
TEXT = "text"


class Packing(NamedTuple):
    """What packing did to the corpus."""

    num_documents: int
    num_tokens: int
    num_sequences: int
    fill_percent: float


def documents(corpus: Artefact) -> Iterator[str]:
    """Every document's text; raises TrainingError where a shard is broken or nothing is there."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    shards = [file.path for file in corpus.manifest.files if fnmatchcase(file.path, SHARDS)]
    empty = True
    for shard in sorted(shards):
        try:
            for batch in pq.ParquetFile(corpus.folder / shard).iter_batches(columns=[TEXT]):
                texts = batch.column(TEXT).to_pylist()
                empty = empty and not any(texts)
                yield from texts
        except (pa.ArrowException, OSError, KeyError) as error:
            raise TrainingError(
                f"{shard} of corpus {corpus.manifest.name} cannot be read as Parquet with a column "
                f"`{TEXT}` ({_first_line(error)}): build the corpus again"
            ) from error
    if empty:
        raise TrainingError(
            f"corpus {corpus.manifest.name} has no text in {SHARDS}: see its licence ledger and "
            "excluded documents for what was left out"
        )


def tokenise(texts: Iterable[str], tokenizer: "PreTrainedTokenizerBase") -> list[list[int]]:
    """Ids of each document; the tokenizer's own special tokens are kept, end of text comes once.

    A document that merely mentions a special token by its name does not get that token's meaning.
    """
    end = tokenizer.eos_token_id
    if end is None:
        raise TrainingError(
            "the base model's tokenizer has no end-of-text token: without one, documents run into "
            "each other; set eos_token in its tokenizer_config.json"
        )
    encoded = tokenizer(
        list(texts), split_special_tokens=True, return_attention_mask=False, verbose=False
    )
    ids: list[list[int]] = encoded["input_ids"]
    return [document if document[-1:] == [end] else [*document, end] for document in ids]


def histogram(sequences: "Iterable[NDArray[np.int64]]", vocab_size: int) -> "NDArray[np.int64]":
    """How often each token id occurs."""
    import numpy as np

    counts = np.zeros(vocab_size, dtype=np.int64)
    for ids in sequences:
        counts += np.bincount(ids, minlength=vocab_size)
    return counts


def check_packed(
    ids: list[list[int]], packed: "Dataset", max_length: int, vocab_size: int
) -> Packing:
    """Raises TrainingError unless the packed sequences hold exactly the corpus' tokens."""
    import numpy as np

    before = histogram((np.asarray(document) for document in ids), vocab_size)
    after = histogram(_flat_batches(packed), vocab_size)
    if not np.array_equal(before, after):
        raise TrainingError(
            f"packing changed the corpus: {int(before.sum())} tokens went in and "
            f"{int(after.sum())} came out; use packing_strategy bfd_split"
        )
    num_tokens, num_sequences = int(after.sum()), len(packed)
    fill_percent = 100 * num_tokens / (num_sequences * max_length)
    return Packing(len(ids), num_tokens, num_sequences, fill_percent)


def _flat_batches(packed: "Dataset") -> "Iterator[NDArray[np.int64]]":
    for table in packed.select_columns(["input_ids"]).with_format("arrow").iter(1000):
        for chunk in table.column("input_ids").chunks:
            yield chunk.flatten().to_numpy()


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
