"""The words of questions, for whoever opens a score: only of tasks that the release file names, and
only where every licence of the task allows it.

    evaluation: {publish_questions: [medical-cloze]}

    questions.parquet   task, item, question, options, answer, licence, attribution
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hub.licences.expression import is_allowed
from hub.licences.table import Act
from hub.manifest import Artefact
from release.schema import Release

ACTS: tuple[Act, ...] = ("publish_verbatim", "publish_adapted")
"""of a benchmark the words themselves, of a corpus what the cleaning made of them"""


def refusals(release: Release, artefacts: Mapping[str, Artefact]) -> Iterator[str]:
    """Why the questions of a named task may not be shown, for the gate."""
    for task in asked(release):
        licences = artefacts[task].manifest.licence
        if not licences:
            yield f"{task}: no licence is stated for its questions, so their text stays here"
        for licence in licences:
            if not is_allowed(licence, ACTS):
                yield f"{task}: {licence} does not allow publishing the text of its questions"


def rows(release: Release, artefacts: Mapping[str, Artefact]) -> Iterator[dict[str, Any]]:
    """A row a question of every named task."""
    from evaluation.tasks.artefact import read_items

    for task in asked(release):
        artefact = artefacts[task]
        corpus = release.evaluation.tasks[task].corpus if release.evaluation else ""
        credits = _attributions(artefacts[corpus].folder) if corpus else {}
        for item in read_items(artefact):
            yield {
                "task": task,
                "item": item["id"],
                "question": item.get("context") or item.get("text") or "",
                "options": item.get("options") or [],
                "answer": item.get("answer"),
                "licence": ", ".join(artefact.manifest.licence),
                "attribution": credits.get(item["id"], ""),
            }


def licences(release: Release, artefacts: Mapping[str, Artefact]) -> list[str]:
    """Of all texts that are shown, for the header of the card."""
    return sorted({each for task in asked(release) for each in artefacts[task].manifest.licence})


def write(path: Path, found: Iterable[Mapping[str, Any]]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    text = ("task", "item", "question", "licence", "attribution")
    types = dict.fromkeys(text, pa.string())
    types |= {"options": pa.list_(pa.string()), "answer": pa.int64()}
    schema = pa.schema(list(types.items()))
    parquet.write_table(pa.Table.from_pylist(list(found), schema=schema), path)


def asked(release: Release) -> tuple[str, ...]:
    return release.evaluation.publish_questions if release.evaluation else ()


def _attributions(corpus: Path) -> dict[str, str]:
    from pyarrow import parquet

    ledger = corpus / "ledger.parquet"
    if not ledger.is_file():
        return {}
    table = parquet.read_table(ledger, columns=["id", "attribution"])
    return dict(zip(table["id"].to_pylist(), table["attribution"].to_pylist(), strict=True))
