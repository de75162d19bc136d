"""Which partition of a task dataset a document is from: train, validation or test.

    >>> partition_of(("train", "EMEA", "1.txt")), partition_of(("refomed_val.csv",))
    ('train', 'validation')
    >>> partition_of(("data", "test-00000-of-00003.parquet",)), partition_of(("contest.json",))
    ('test', '')

All partitions of a task dataset went into the papers' corpora, so that a model may have been
trained on the questions it is examined with. The mark goes with the document, into the ledger and
the published rows; `partitions: [train]` on a source leaves the others out.
"""

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

_NAMES = {
    "train": "train", "training": "train",
    "dev": "validation", "devel": "validation", "development": "validation", "val": "validation",
    "valid": "validation", "validation": "validation",
    "test": "test", "testing": "test", "eval": "test",
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z]+")


def partition_name(said: str) -> str:
    """The partition that a record's own field names; empty where it names none."""
    return _NAMES.get(said.strip().lower(), "")


def partition_of(parts: Sequence[str]) -> str:
    """From the folders and the file name below the folder of the source.

    A folder counts by its whole name, a file by the first or last word of its own.
    """
    *folders, name = parts
    words = [word for word in _WORD.findall(name.partition(".")[0]) if word != "of"]
    said = [*folders, *words[-1:], *words[:1]]
    return next((found for word in reversed(said) if (found := partition_name(word))), "")


def below(path: Path, folder: str) -> tuple[str, ...]:
    """The parts of a file's path below `folder`; its name alone where that is not on the way."""
    parts, names = path.parts, PurePosixPath(folder).parts
    for start in range(len(parts) - len(names) - 1, -1, -1):
        if names and parts[start : start + len(names)] == names:
            return parts[start + len(names) :]
    return parts[-1:]
