"""Partitions of task datasets: told by files or records, in every row, left out on demand."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpus.build import build
from corpus.fingerprint import Shares
from corpus.partitions import below, partition_of
from corpus.readers.registry import read
from corpus.settings import CorpusSettings, SourceSettings


@pytest.mark.parametrize(
    ("place", "partition"),
    [("train.json", "train"), ("dev.json", "validation"), ("refomed_val.csv", "validation"),
     ("test/EMEA/1.txt", "test"), ("data/test-00000-of-00003.parquet", "test"),
     ("train/test.txt", "test"), ("latest/contest.json", ""), ("blood-test-kit.md", ""),
     ("fr_gsd-ud-dev.conllu.txt", "validation"), ("1.txt", "")],
)  # fmt: skip
def test_a_partition_is_told_by_whole_words_of_folders_and_file(place: str, partition: str) -> None:
    assert partition_of(place.split("/")) == partition


def test_only_what_lies_below_the_source_counts() -> None:
    path = Path("/srv/test/data/quaero/dev/EMEA/1.txt")
    assert below(path, "quaero") == ("dev", "EMEA", "1.txt")
    assert below(path, "") == ("1.txt",)


def _built(tmp_path: Path, **settings: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    for name in ("train", "dev", "test"):
        folder = tmp_path / "data" / "exam"
        folder.mkdir(parents=True, exist_ok=True)
        question = {"id": name, "question": f"Question {name} ?", "options": ["a", "b"]}
        (folder / f"{name}.json").write_text(json.dumps([question]))
    source = SourceSettings(reader="questions", path="exam", files="*.json", task_dataset=True,
                            terms={"licence": "CC0-1.0"}, **settings)  # fmt: skip
    build(
        CorpusSettings(sources=("exam",), use="commercial", personal_data="count"),
        {"exam": source}, tmp_path / "data", {}, Shares(0.0, 0.0), 1, tmp_path / "out",
        tmp_path / "excluded", tmp_path / "scratch", lambda _: None,
    )  # fmt: skip
    rows = pq.read_table(tmp_path / "out" / "data").to_pylist()
    return rows, pq.read_table(tmp_path / "out" / "ledger.parquet").to_pylist()


def test_all_partitions_are_taken_and_every_row_says_which(tmp_path: Path) -> None:
    rows, ledger = _built(tmp_path)
    found = {"dev:dev": "validation", "test:test": "test", "train:train": "train"}
    assert {row["id"]: row["partition"] for row in rows} == found
    assert {row["id"]: row["partition"] for row in ledger} == found
    (statistics,) = json.loads((tmp_path / "out" / "statistics.json").read_text())
    assert statistics["partitions"] == {"test": 1, "train": 1, "validation": 1}


def test_partitions_that_are_not_asked_for_are_set_aside_with_the_reason(tmp_path: Path) -> None:
    rows, ledger = _built(tmp_path, partitions=("train",))
    assert [row["id"] for row in rows] == ["train:train"]
    rules = {row["id"]: row["rule"] for row in ledger if row["status"] != "kept"}
    assert rules == {
        "dev:dev": "of the partition validation, asked for train",
        "test:test": "of the partition test, asked for train",
    }


def test_a_record_says_its_own_partition(tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    path.write_text('{"text": "Un.", "split": "Dev"}\n{"text": "Deux.", "split": "x"}\n')
    settings = SourceSettings(reader="jsonl", files="*", fields={"partition": "split"})
    assert [document.partition for document in read("s", settings, path)] == ["validation", ""]


def test_tokens_become_the_texts_of_their_documents(tmp_path: Path) -> None:
    """DEFT2021's rows: a sentence each, those of a document not always beside each other."""
    path = tmp_path / "train-00000-of-00001.parquet"
    rows = [
        {"document_id": 7, "tokens": ["Dose", "de", "37", ",", "5", "mg"], "ner_tags": [0] * 6},
        {"document_id": 8, "tokens": ["Un", "autre", "cas", "."], "ner_tags": [0] * 4},
        {"document_id": 7, "tokens": ["≥", "2", "fois", "."], "ner_tags": [0] * 4},
    ]
    pq.write_table(pa.Table.from_pylist(rows), path)
    settings = SourceSettings(entry="deft2021")
    seven, eight = read("deft2021", settings, path)
    assert (seven.id, seven.text) == ("7", "Dose de 37 , 5 mg\n≥ 2 fois .")
    assert (eight.text, eight.partition) == ("Un autre cas .", "train")
