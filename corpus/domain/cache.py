"""Answers on disk, one JSON line each, by the content that was asked about.

A run appends as answers come, so that what a killed run paid for is not paid again; the half line
of a killed write is dropped. Another prompt or model is another file.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from corpus.domain.answers import Answer
from corpus.domain.settings import Labeller
from hub.manifest import canonical_sha256


def content_key(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def labeller_key(settings: Labeller) -> str:
    """What decides an answer beside the text: not how fast or where it is asked."""
    asked = settings.model_dump(mode="json")
    if asked["endpoint"]:
        for name in (
            "url",
            "send",
            "key_variable",
            "concurrency",
            "timeout_seconds",
            "retries",
            "price_per_million_input",
            "price_per_million_output",
            "currency",
        ):
            del asked["endpoint"][name]
    return canonical_sha256(asked)


class Cache:
    """Answers by content key."""

    def __init__(self, folder: Path, settings: Labeller) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{labeller_key(settings)[:16]}.jsonl"
        self.answers: dict[str, Answer] = {}
        self._read()

    def keep(self, answers: Iterable[tuple[str, Answer]]) -> None:
        """Append and flush to disk; what was not answered is not kept."""
        kept = [(key, answer) for key, answer in answers if answer.outcome != "unanswered"]
        with self.path.open("ab") as stream:
            for key, answer in kept:
                line = json.dumps({"key": key, **asdict(answer)}, ensure_ascii=False)
                stream.write(line.encode("utf-8", "replace") + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        self.answers.update(kept)

    def _read(self) -> None:
        if not self.path.exists():
            return
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            with self.path.open("r+b") as stream:
                stream.truncate(len(whole))
        for line in whole.splitlines():
            row = json.loads(line)
            key = row.pop("key")
            self.answers[key] = Answer(**row)
