"""What each model says to each query, kept with everything that made it say so.

`answers.parquet`, one row an answer: model and item; the digests of the model, the template and the
question as the model read it; the text, its length in tokens, how it ended. The settings are in
the file's metadata. Answers are made in fixed batches, each kept when it is whole: a killed run
goes on at its batch, and what it leaves is what an undisturbed run would have left.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from evaluation.language_model.cache import append, read_lines
from evaluation.language_model.chat import Chat
from evaluation.language_model.settings import Generation
from hub.manifest import canonical_sha256

ANSWERS = "answers.parquet"


class Asked(NamedTuple):
    """A query or a prompt of the safety set."""

    item: str
    text: str
    """what the model is asked, context included"""


class Model(NamedTuple):
    name: str
    digest: str
    """of the model's artefact"""
    folder: Path
    template: str
    """Jinja; empty for the model's own"""


class Answer(NamedTuple):
    model: str
    model_digest: str
    template_sha256: str
    """empty where the model used its own"""
    item: str
    prompt_sha256: str
    text: str
    tokens: int
    ended: str
    """stop, length, or too long: see `chat.Said`"""


def answers(
    model: Model,
    asked: Sequence[Asked],
    how: Generation,
    kept: Path,
    progress: Callable[[str], None],
) -> list[Answer]:
    """In the order asked; `kept` is the file of what an earlier try left."""
    batches = [asked[at : at + how.batch] for at in range(0, len(asked), how.batch)]
    keys = [_key(model, batch, how, number) for number, batch in enumerate(batches)]
    found = {line["key"]: line["answers"] for line in read_lines(kept) if "answers" in line}
    missing = [number for number, key in enumerate(keys) if key not in found]
    if missing:
        progress(f"{model.name}: answering {len(asked):,} questions, {len(missing):,} batches")
        chat = Chat(model.name, model.folder, model.template)
        for number in missing:
            batch = batches[number]
            messages = [[{"role": "user", "content": one.text}] for one in batch]
            said = chat.answer(messages, how.max_new_tokens, how, seed=how.seed + number)
            found[keys[number]] = [list(one) for one in said]
            append(kept, [{"key": keys[number], "answers": found[keys[number]]}])
    template = hashlib.sha256(model.template.encode()).hexdigest() if model.template else ""
    return [
        Answer(
            model.name, model.digest, template, one.item,
            prompt_sha256=said[1], text=said[0], tokens=said[3], ended=said[4],
        )
        for key, batch in zip(keys, batches, strict=True)
        for one, said in zip(batch, found[key], strict=True)
    ]  # fmt: skip


def write_answers(path: Path, rows: Iterable[Answer], settings: dict[str, Any]) -> None:
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.Table.from_pylist([row._asdict() for row in rows])
    said = {b"settings": json.dumps(settings, sort_keys=True, ensure_ascii=False).encode()}
    pyarrow.parquet.write_table(table.replace_schema_metadata(said), path, compression="zstd")


def read_answers(path: Path) -> list[Answer]:
    import pyarrow.parquet

    return [Answer(**row) for row in pyarrow.parquet.read_table(path).to_pylist()]


def _key(model: Model, batch: Sequence[Asked], how: Generation, number: int) -> str:
    """Everything that decides the batch; its number, because sampling is seeded by it."""
    return canonical_sha256(
        [model.digest, model.template, how.model_dump(mode="json"), number, [a.text for a in batch]]
    )
