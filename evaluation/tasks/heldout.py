"""A held-out corpus becomes a task: its texts to be read, or questions about how they go on.

The corpus gives its text in Parquet shards `data/*.parquet` with string columns `id` and `text`.
Shards and their order leave no trace: equal documents give equal bytes.
"""

import itertools
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evaluation.cloze import Document, make_questions
from evaluation.settings import EvaluationError, TaskSettings
from evaluation.tasks.artefact import ITEMS, SPLIT, write_task
from hub.manifest import Artefact, Number, Outcome

QUESTIONS = 60
"""of a corpus, unless told"""

_ASK: Mapping[str, Mapping[str, Any]] = {
    "bits_per_byte": {
        "output_type": "loglikelihood_rolling",
        "doc_to_text": "",
        "doc_to_target": "text",
        "metric_list": [
            {
                "metric": "bits_per_byte",
                "aggregation": "bits_per_byte",
                "higher_is_better": False,
            }
        ],
    },
    "accuracy": {
        "output_type": "multiple_choice",
        "doc_to_text": "context",
        "doc_to_choice": "options",
        "doc_to_target": "answer",
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
    },
}


def export(name: str, settings: TaskSettings, corpus: Artefact, out: Path) -> Outcome:
    """Write the questions of task `name` about `corpus` into the folder `out`."""
    documents = read_documents(corpus)
    items = _items(name, settings, documents)
    payload = write_task(out, _definition(name, settings), {ITEMS: items})
    unit = "documents" if settings.measure == "bits_per_byte" else "questions"
    numbers = {
        "items": Number(value=len(items), unit=unit),
        "documents": Number(value=len(documents), unit="documents"),
        "documents_without_item": Number(value=len(documents) - len(items), unit="documents"),
    }
    return Outcome(payload, numbers, corpus.manifest.licence)


def read_documents(corpus: Artefact) -> list[Document]:
    """Every document of a corpus artefact, sorted by id; ids are unique."""
    from pyarrow import parquet

    name = corpus.manifest.name
    shards = sorted(
        file.path
        for file in corpus.manifest.files
        if file.path.startswith("data/") and file.path.endswith(".parquet")
    )
    if not shards:
        raise EvaluationError(f"corpus {name!r} has no data/*.parquet to make a task from")
    documents: list[Document] = []
    for shard in shards:
        columns = parquet.read_schema(corpus.folder / shard).names
        if not {"id", "text"} <= set(columns):
            raise EvaluationError(f"{shard} of corpus {name!r} lacks the columns id and text")
        table = parquet.read_table(corpus.folder / shard, columns=["id", "text"])
        documents += map(Document, table["id"].to_pylist(), table["text"].to_pylist())
    documents.sort()
    for previous, document in itertools.pairwise(documents):
        if previous.id == document.id:
            raise EvaluationError(f"corpus {name!r} has two documents with the id {document.id!r}")
    return documents


def _items(name: str, settings: TaskSettings, documents: list[Document]) -> list[dict[str, Any]]:
    if settings.measure == "accuracy":
        try:
            made = make_questions(
                documents, settings.options, settings.questions or QUESTIONS, settings.seed
            )
        except EvaluationError as error:
            raise EvaluationError(f"task {name!r} on corpus {settings.corpus!r}: {error}") from None
        return [{"id": question.document, **asdict(question)} for question in made]
    # A text without a byte has no bits per byte.
    items = [{"id": document.id, "text": document.text} for document in documents if document.text]
    if len(items) < 2:
        raise EvaluationError(
            f"task {name!r} needs at least 2 documents with text, and corpus"
            f" {settings.corpus!r} has {len(items)}"
        )
    return items


def _definition(name: str, settings: TaskSettings) -> dict[str, Any]:
    return {
        "task": name,
        # A file name and no path: lm-eval reads it from the folder it is started in, and our
        # harness hands the items over in memory.
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {SPLIT: ITEMS}},
        "test_split": SPLIT,
        "num_fewshot": 0,
        **_ASK[settings.measure],
        "metadata": {"version": 1},
    }
