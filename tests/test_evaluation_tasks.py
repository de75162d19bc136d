"""Held-out documents become questions: same bytes anywhere, and nothing gives the answer away."""

import json
import random
from collections import Counter
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from evaluation_models import whole
from pydantic import ValidationError

from evaluation.cloze import CONTEXT_WORDS, OPTION_WORDS, Document, make_questions
from evaluation.settings import EvaluationError, EvaluationSettings, TaskSettings
from evaluation.tasks.artefact import read_definition, read_items
from evaluation.tasks.heldout import export
from hub.manifest import (
    Artefact,
    Outcome,
)

TEXT = TaskSettings(corpus="heldout", measure="bits_per_byte", group="medical")
CLOZE = TaskSettings(corpus="heldout", measure="accuracy", group="medical", questions=20)
VOCABULARY = (
    "le la patient fièvre toux 38,5 °C mg/l bilan sanguin normal traitement par amoxicilline"
    " pendant sept jours puis contrôle clinique sans récidive à trois mois malgré une anémie"
)


def _documents(num: int, num_words: int = 80, seed: int = 0) -> list[Document]:
    draw = random.Random(seed)
    return [
        Document(f"doc-{index:03d}", " ".join(draw.choices(VOCABULARY.split(), k=num_words)))
        for index in range(num)
    ]


def _corpus(folder: Path, documents: list[Document], shards: int = 1) -> Artefact:
    (folder / "data").mkdir(parents=True)
    for shard in range(shards):
        rows = [document._asdict() for document in documents[shard::shards]]
        path = folder / "data" / f"{shard:05d}.parquet"
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    paths = tuple(f"data/{shard:05d}.parquet" for shard in range(shards))
    return whole(folder, "corpus", "heldout", Outcome(paths, {}, ("CC0-1.0",)))


@pytest.mark.parametrize("settings", [TEXT, CLOZE])
def test_equal_documents_give_equal_bytes_however_they_are_sharded(
    tmp_path: Path, settings: TaskSettings
) -> None:
    documents = _documents(30)
    one = _corpus(tmp_path / "one", documents)
    three = _corpus(tmp_path / "three", documents[::-1], shards=3)
    exports = [
        whole(out, "tasks", "medical", export("medical", settings, corpus, out))
        for corpus, out in [(one, tmp_path / "a"), (three, tmp_path / "deep" / "b")]
    ]
    assert exports[0].manifest.digest == exports[1].manifest.digest
    assert exports[0].manifest.licence == ("CC0-1.0",)
    assert [file.path for file in exports[0].manifest.files] == ["items.jsonl", "task.yaml"]
    assert str(tmp_path).encode() not in b"".join(path.read_bytes() for path in exports[0].payload)


def test_every_document_with_text_is_read_and_the_rest_is_counted(tmp_path: Path) -> None:
    documents = [*_documents(3), Document("empty", "")]
    outcome = export("text", TEXT, _corpus(tmp_path / "corpus", documents), tmp_path / "out")
    task = whole(tmp_path / "out", "tasks", "text", outcome)
    assert read_items(task) == [{"id": each.id, "text": each.text} for each in documents[:3]]
    assert outcome.numbers["documents"].value == 4
    assert outcome.numbers["documents_without_item"].value == 1
    assert read_definition(task)["task"] == "text"


def test_questions_go_on_where_their_document_does(tmp_path: Path) -> None:
    documents = {document.id: document.text for document in _documents(40)}
    corpus = _corpus(tmp_path / "corpus", [Document(*each) for each in documents.items()])
    outcome = export("cloze", CLOZE, corpus, tmp_path / "out")
    items = read_items(whole(tmp_path / "out", "tasks", "cloze", outcome))
    assert len(items) == CLOZE.questions == outcome.numbers["items"].value
    for item in items:
        truth = item["options"][item["answer"]]
        assert documents[item["document"]].startswith(f"{item['context']} {truth}")
        assert len(item["context"].split()) == CONTEXT_WORDS
        assert {len(option.split()) for option in item["options"]} == {OPTION_WORDS}
        assert len(set(item["options"])) == CLOZE.options
        wrong = [option for option in item["options"] if option != truth]
        assert all(option not in documents[item["document"]] for option in wrong)
        assert all(any(option in text for text in documents.values()) for option in wrong)


@pytest.mark.parametrize("num_documents", [20, 400])
def test_neither_place_nor_length_gives_the_answer_away(num_documents: int) -> None:
    """Guessing by place, or by rank in length, is right about one time in four."""
    questions = [
        question
        for corpus in range(800 // num_documents)
        for question in make_questions(_documents(num_documents, seed=corpus), 4, 800, seed=corpus)
    ]
    places = Counter(question.answer for question in questions)
    lengths = Counter(
        sorted(question.options, key=lambda option: (len(option), option)).index(
            question.options[question.answer]
        )
        for question in questions
    )
    # Binomial(800, 1/4): 200 ± 12.2; four standard deviations.
    assert all(151 < count[rank] < 249 for count in (places, lengths) for rank in range(4))


def test_a_question_does_not_depend_on_how_many_others_are_asked() -> None:
    few = make_questions(_documents(50), 4, 5, seed=7)
    many = make_questions(_documents(50), 4, 50, seed=7)
    assert len(few) == 5
    assert set(few) < set(many)
    assert few != make_questions(_documents(50), 4, 5, seed=8)


def test_short_documents_and_copies_give_no_question() -> None:
    documents = _documents(6)
    short = Document("short", "trop court")
    copy = Document("zz-copy", documents[0].text)
    questions = make_questions([*documents, short, copy], 4, 60, seed=0)
    assert [question.document for question in questions] == [each.id for each in documents]


@pytest.mark.parametrize(
    ("settings", "documents", "complaint"),
    [
        (TEXT, _documents(1), "'task' needs at least 2 documents with text, and corpus 'heldout'"),
        (CLOZE, _documents(3), "at least 4 different documents of 48 words"),
        (CLOZE, _documents(9, num_words=10), "and the corpus has 0"),
        (TEXT, [*_documents(2), *_documents(1)], "two documents with the id 'doc-000'"),
    ],
)
def test_a_corpus_that_is_too_small_is_refused(
    tmp_path: Path, settings: TaskSettings, documents: list[Document], complaint: str
) -> None:
    corpus = _corpus(tmp_path / "corpus", documents)
    with pytest.raises(EvaluationError, match=complaint):
        export("task", settings, corpus, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_documents_that_contain_each_other_give_no_question() -> None:
    texts = [" ".join(f"{word}{index}" for word in range(48)) for index in range(4)]
    everything = Document("all", " ".join(texts))
    others = [Document(f"doc-{index}", text) for index, text in enumerate(texts)][1:]
    with pytest.raises(EvaluationError, match="'all' contains the continuations"):
        make_questions([everything, *others], 4, 60, seed=0)


def test_a_corpus_without_the_right_columns_or_shards_is_refused(tmp_path: Path) -> None:
    (tmp_path / "columns" / "data").mkdir(parents=True)
    table = pyarrow.table({"id": ["a"], "texte": ["b"]})
    pyarrow.parquet.write_table(table, tmp_path / "columns" / "data" / "0.parquet")
    columns = whole(tmp_path / "columns", "corpus", "heldout", Outcome(("data/0.parquet",), {}))
    with pytest.raises(EvaluationError, match=r"data/0.parquet of corpus 'heldout' lacks"):
        export("task", TEXT, columns, tmp_path / "out")
    (tmp_path / "none").mkdir()
    none = whole(tmp_path / "none", "corpus", "heldout", Outcome((), {}))
    with pytest.raises(EvaluationError, match=r"no data/\*\.parquet"):
        export("task", TEXT, none, tmp_path / "out")


@pytest.mark.parametrize(
    "change",
    [
        {"tasks": {}},
        {"confidence": 95},
        {"tasks": {"text": {"corpus": "c", "measure": "bpb", "group": "g"}}},
        {"tasks": {"text": {"corpus": "c", "measure": "accuracy", "group": "g", "shots": 3}}},
    ],
)
def test_settings_that_say_nothing_sensible_are_refused(change: dict[str, object]) -> None:
    good = {"models": ["base"], "tasks": {"text": json.loads(TEXT.model_dump_json())}}
    EvaluationSettings.model_validate(good)
    with pytest.raises(ValidationError):
        EvaluationSettings.model_validate(good | change)
