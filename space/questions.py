"""The words of the questions, where their licence allows it and the release asked for it.

questions.parquet   task, item, question, options, answer, licence, attribution; optional
"""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from tables import read_rows, tame

COLUMNS = {
    **dict.fromkeys(("task", "item", "question", "licence", "attribution"), pa.string()),
    "options": pa.list_(pa.string()),
    "answer": pa.int64(),
}
MAX_PASSAGE = 6000
"""characters; PubMedQA's passages have up to 4,000"""


@dataclass(frozen=True)
class Question:
    text: str
    options: tuple[str, ...]
    answer: int | None
    """the number of the right option"""
    licence: str
    attribution: str


def read_questions(path: Path) -> dict[tuple[str, str], Question]:
    """By task and item."""
    rows = read_rows(path, COLUMNS)
    return {
        (str(rows["task"][i]), str(item)): Question(
            tame(rows["question"][i] or "", MAX_PASSAGE, lines=True),
            tuple(tame(option, MAX_PASSAGE, lines=True) for option in rows["options"][i] or ()),
            rows["answer"][i],
            tame(rows["licence"][i] or ""),
            tame(rows["attribution"][i] or ""),
        )
        for i, item in enumerate(rows["item"])
    }
