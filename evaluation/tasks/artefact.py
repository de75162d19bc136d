"""A `tasks` artefact: the questions on one side, how to ask on the other.

    items.jsonl   one item a line
                  a text      {"id", "text"}
                  a question  {"id", "context", "options": [...], "answer": index, ...}
    shots.jsonl   questions of the same form that are shown with their answers, never asked
    docs.jsonl    of a task of lm-eval's library: its own documents, as they came from the Hub
    task.yaml     lm-eval's own task definition

Training data is decontaminated against `items.jsonl`, which is why the texts are an artefact of
their own. No path enters: `task.yaml` names files of its folder.
"""

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evaluation.settings import EvaluationError
from hub.disk import write_atomically
from hub.manifest import Artefact

ITEMS = "items.jsonl"
SHOTS = "shots.jsonl"
DOCS = "docs.jsonl"
DEFINITION = "task.yaml"
SPLIT = "test"
SHOWN = "shots"
"""the split that examples are drawn from"""

Item = Mapping[str, Any]


def write_task(
    out: Path, definition: Mapping[str, Any], files: Mapping[str, Sequence[Item]]
) -> tuple[str, ...]:
    """Write `files` (name -> items) and the definition into `out`; returns the names."""
    out.mkdir(parents=True, exist_ok=True)
    for name, items in files.items():
        write_atomically(out / name, _lines(items))
    write_atomically(out / DEFINITION, _yaml(definition))
    return (*files, DEFINITION)


def read_items(task: Artefact, name: str = ITEMS) -> list[dict[str, Any]]:
    """Raises EvaluationError where the file is gone or no longer what the manifest says."""
    path = task.folder / name
    known = {file.path: file for file in task.manifest.files}
    if name not in known:
        return []
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise EvaluationError(f"{name} of task {task.manifest.name!r} is gone: run it again") from (
            None
        )
    if len(data) != known[name].size:
        raise EvaluationError(
            f"{name} of task {task.manifest.name!r} has changed since it was exported"
            f" ({len(data)} bytes, {known[name].size} were written): remove its folder and run"
            " again"
        )
    return [json.loads(line) for line in data.splitlines()]


def read_definition(task: Artefact) -> dict[str, Any]:
    """The lm-eval configuration in `task`, as plain values."""
    return load_yaml(task.folder / DEFINITION)


def load_yaml(path: Path) -> dict[str, Any]:
    from ruamel.yaml import YAML

    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    return loaded


def _lines(items: Iterable[Item]) -> bytes:
    lines = (json.dumps(item, ensure_ascii=False, sort_keys=True) for item in items)
    return "".join(line + "\n" for line in lines).encode()


def _yaml(definition: Mapping[str, Any]) -> bytes:
    from ruamel.yaml import YAML

    stream = io.BytesIO()
    YAML().dump(dict(definition), stream)
    return stream.getvalue()
