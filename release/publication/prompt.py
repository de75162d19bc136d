"""How a text begins of the kind that a model learnt: for the snippet on its card."""

from collections.abc import Iterable
from pathlib import Path

from pyarrow import parquet

_WORDS = 3
_LOOKED_AT = 200
"""documents of each shard"""
OF_ANY_LANGUAGE = "1, 2, 3,"


def prompt(corpora: Iterable[Path]) -> str:
    """The first words of the first document that begins with words, from published corpora only.

    `corpora` are folders of artefacts; without any, something that is of no language.
    """
    for folder in corpora:
        for path in sorted((folder / "data").glob("*.parquet")):
            with parquet.ParquetFile(path) as shard:
                batch = next(shard.iter_batches(_LOOKED_AT, columns=["text"]), None)
            for text in batch.column("text").to_pylist() if batch else ():
                words = text.split(maxsplit=_WORDS)[:_WORDS]
                if len(words) == _WORDS and all(word.isalpha() for word in words):
                    return " ".join(words)
    return OF_ANY_LANGUAGE
