"""Lines that survive a kill: replies that were paid for, answers of the models.

One JSON object a line, appended and flushed to disk; a line that a kill tore is dropped when the
file is read, and what comes next starts on a line of its own.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        return
    for line in path.read_bytes().split(b"\n"):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found


def append(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Each batch begins with a line break: a torn line before it stays a line of its own."""
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    if not lines:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as stream:
        stream.write(("\n" + "\n".join(lines) + "\n").encode("utf-8", "surrogatepass"))
        stream.flush()
        os.fsync(stream.fileno())
