"""`.eval_results/*.yaml`: scores that the Hub shows beside a model, read and checked locally.

    - dataset: {id: cais/hle, task_id: default, revision: 5503434}
      value: 20.9
      date: "2026-01-15"
      source: {url: https://..., name: Eval logs}       user or org: whom to thank
      notes: no-tools

By the rules of hub-docs and of huggingface_hub's `EvalResultEntry`. A file that breaks one does not
stop a commit: it is listed with its error, as the client expects. Whether a dataset is a registered
benchmark, and whether `task_id` is one of its tasks, only the Hub knows.
"""

import re
from datetime import datetime
from typing import Any

from hub.rehearsal.names import is_name
from hub.rehearsal.plain import load_yaml, plain
from hub.rehearsal.repository import Repository
from hub.rehearsal.tree import Folder

FOLDER = ".eval_results"
MAX_FILES, MAX_BYTES, MAX_NOTES = 500, 256 << 10, 500
_KEYS = {"dataset", "value", "verifyToken", "date", "source", "notes"}
_DATASET_KEYS = {"id", "task_id", "revision", "config", "split"}
_SOURCE_KEYS = {"url", "name", "user", "org"}


def of_repo(repository: Repository, root: Folder) -> list[dict[str, Any]]:
    """The entries of every file, `{filename, data}`, or `{filename, error}` for a bad file."""
    folder = root.find(FOLDER)
    if not isinstance(folder, Folder):
        return []
    found: list[dict[str, Any]] = []
    names = [entry.path for entry in folder.entries() if entry.path.endswith((".yaml", ".yml"))]
    for name in names[:MAX_FILES]:
        path = f"{FOLDER}/{name}"
        entries, error = read(repository.text(root, path) or "")
        if error is not None:
            found.append({"filename": path, "error": error})
        found += [{"filename": path, "data": entry} for entry in entries]
    return found


def read(text: str) -> tuple[list[dict[str, Any]], str | None]:
    """The entries of one file, or none and the first thing that is wrong with it."""
    if len(text) > MAX_BYTES:
        return [], f"over {MAX_BYTES} bytes"
    try:
        raw = load_yaml(text, max_aliases=0)
    except ValueError as error:
        return [], f"invalid YAML: {error}"
    data = plain(raw)
    if not isinstance(data, list) or not data:
        return [], "must be a list of results"
    for number, (entry, as_read) in enumerate(zip(data, raw, strict=True), 1):
        if problem := _problem(entry) or _date_problem(as_read):
            return [], f"result {number}: {problem}"
    return data, None


def _problem(entry: object) -> str | None:
    """What is wrong with one result, in a few words."""
    if not isinstance(entry, dict):
        return "must be a mapping"
    if strange := sorted(map(str, entry.keys() - _KEYS)):
        return f"unknown key {strange[0]!r}"
    if problem := _dataset_problem(entry.get("dataset")):
        return problem
    value = entry.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return '"value" must be a finite number'
    for key, most in (("notes", MAX_NOTES), ("verifyToken", 10_000)):
        if entry.get(key) is not None and not _is_text(entry[key], most):
            return f'"{key}" must be text of at most {most} characters'
    return _source_problem(entry.get("source"))


def _date_problem(as_read: dict[str, Any]) -> str | None:
    date = as_read.get("date")
    if date is not None and not (isinstance(date, str) and _is_date(date)):
        return '"date" must be an ISO 8601 date in quotes'
    return None


def _dataset_problem(dataset: object) -> str | None:
    if not isinstance(dataset, dict):
        return '"dataset" must be a mapping with "id" and "task_id"'
    if strange := sorted(map(str, dataset.keys() - _DATASET_KEYS)):
        return f'unknown key {strange[0]!r} in "dataset"'
    parts = str(dataset.get("id")).split("/")
    if len(parts) != 2 or not all(is_name(part) for part in parts):
        return '"dataset.id" must be the id of a dataset on the Hub'
    if not _is_text(dataset.get("task_id"), 200):
        return '"dataset.task_id" must be a task of the benchmark'
    revision = dataset.get("revision")
    if revision is not None and not re.fullmatch(r"[0-9a-f]{7,40}", str(revision)):
        return '"dataset.revision" must be a git commit'
    return None


def _source_problem(source: object) -> str | None:
    if source is None:
        return None
    if not isinstance(source, dict) or source.keys() - _SOURCE_KEYS:
        return f'"source" may have {", ".join(sorted(_SOURCE_KEYS))}'
    if not re.match(r"https?://\S+$", str(source.get("url"))):
        return '"source.url" is required where there is a source, and must be a link'
    return None


def _is_text(value: object, most: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= most


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
