"""JSON, questions and Parquet: fields, lists, answers, and records set aside one by one."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from corpus.document import SourceDocument
from corpus.readers.registry import READERS, read
from corpus.settings import ReaderName, SourceSettings
from hub.licences.evidence import Evidence


def _read(reader: ReaderName, path: Path, value: Any, **settings: Any) -> list[SourceDocument]:
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return list(READERS[reader]("s", SourceSettings(reader=reader, files="*", **settings), path))


def test_e3cs_authors_are_credited_and_its_licence_is_the_collectors(tmp_path: Path) -> None:
    record = {
        "id": "FR1", "text": "Un cas.", "language": "fr", "licence": "CC BY 4.0",
        "authors": [{"author": "Ana  Canestri"}, {"author": " Lionnet François"}],
    }  # fmt: skip
    fields = {"attribution": "authors"}
    (document,) = _read("json", tmp_path / "a.json", record, fields=fields, licence_by="aggregator")
    assert document.attribution == "Ana Canestri, Lionnet François"
    assert document.evidence == (Evidence(3, "CC BY 4.0"),)


def test_several_licences_are_several_statements(tmp_path: Path) -> None:
    record = {"text": ["Un.", "Deux."], "licence": ["CC BY 4.0", "CC BY-NC 4.0"]}
    (document,) = _read("json", tmp_path / "a.json", record)
    assert document.text == "Un.\n\nDeux."
    assert [entry.statement for entry in document.evidence] == ["CC BY 4.0", "CC BY-NC 4.0"]


def test_records_are_set_aside_one_by_one(tmp_path: Path) -> None:
    lines = '{"text": "a"}\n{"text": ""}\n[1]\n{broken\n' + "[" * 100_000 + '\n{"text": "\\ud83d"}'
    documents = _read("jsonl", tmp_path / "a.jsonl", lines)
    assert [document.problem.partition(":")[0] for document in documents] == [
        "", "no text", "not a JSON object", "not JSON", "not JSON", "",
    ]  # fmt: skip
    assert documents[-1].text == "\ufffd"


def _mcq(tmp_path: Path, record: dict[str, Any], language: str = "fr", **fields: str) -> str:
    settings = {"fields": fields, "language": language}
    (document,) = _read("questions", tmp_path / "dev.json", [record], **settings)
    assert document.id == "dev:q1"
    return document.text


def test_questions_a_line_also_packed_with_their_partition(tmp_path: Path) -> None:
    record = {"id": "q1", "question": "Lequel ?", "options": ["Fer"], "answer": 0, "split": "dev"}
    path = tmp_path / "all.jsonl.gz"
    path.write_bytes(gzip.compress(f"{json.dumps(record)}\n".encode() * 2))
    settings = SourceSettings.model_validate(
        {"reader": "questions", "files": "*", "language": "fr-FR", "fields": {"partition": "split"}}
    )
    for document in (found := list(read("s", settings, path))):
        assert document.text == "Lequel ?\na. Fer\nRéponse : a. Fer"
        assert document.partition == "validation"
    assert len(found) == 2


def test_questions_with_letters_positions_words_or_no_answer(tmp_path: Path) -> None:
    base = {"id": "q1", "question": "Lequel ?"}
    fields = {"options": "answers", "answer": "correct_answers"}
    french = base | {"answers": {"a": "Fer", "b": "Zinc"}, "correct_answers": ["a", "b"]}
    expected = "Lequel ?\na. Fer\nb. Zinc\nRéponses : a. Fer ; b. Zinc"
    assert _mcq(tmp_path, french, **fields) == expected
    german = base | {"options": ["Eisen", "Zink"], "answer": 1}
    assert _mcq(tmp_path, german, "de") == "Lequel ?\na. Eisen\nb. Zink\nAntwort: b. Zink"
    assert _mcq(tmp_path, base | {"answer": "Fer"}) == "Lequel ?\nRéponse : Fer"
    assert _mcq(tmp_path, base | {"options": ["Fer"]}) == "Lequel ?\na. Fer"


def _parquet(path: Path, columns: dict[str, list[Any]]) -> list[SourceDocument]:
    pq.write_table(pa.table(columns), path)
    return list(READERS["parquet"]("s", SourceSettings(reader="parquet", files="*"), path))


def test_parquet_in_finewebs_columns(tmp_path: Path) -> None:
    documents = _parquet(
        tmp_path / "000.parquet",
        {
            "text": ["Un texte.", None], "id": ["<urn:uuid:1>", "2"],
            "language": ["fra", "fra"], "language_score": [0.9, 0.8], "date": ["x", "y"],
        },
    )  # fmt: skip
    assert documents[0] == SourceDocument("<urn:uuid:1>", "s", "Un texte.", "fr")
    assert documents[1].problem == "no text"


def test_parquet_without_text_or_broken(tmp_path: Path) -> None:
    (document,) = _parquet(tmp_path / "a.parquet", {"content": ["x"]})
    assert "no column text" in document.problem
    path = tmp_path / "b.parquet"
    _parquet(path, {"text": ["x"] * 100})
    path.write_bytes(path.read_bytes()[:-20])
    (document,) = READERS["parquet"]("s", SourceSettings(reader="parquet", files="*"), path)
    assert document.problem.startswith("not readable as Parquet")
