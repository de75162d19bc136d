"""Whatever the bytes, a reader answers with documents: random, cut short, some bytes changed."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.document import SourceDocument
from corpus.readers.registry import READERS
from corpus.settings import ReaderName, SourceSettings

_DEMO = Path(__file__).parents[1] / "release" / "recipes" / "demo"
_QUESTIONS = b'[{"id": "q1", "question": "Lequel ?", "options": ["Fer", "Zinc"], "answer": [0, 1]}]'
_MARKDOWN = (
    "---\ntitle: Fièvre\n---\n# Fièvre\n\n1. **Buvez** [de l'eau](https://a.fr) *souvent*\n\n"
    ".. question:: Où ?\n    :level: 3\n\n<table><tr><td>38\u00a0°C</td></tr></table>\n"
).encode()
_DIALOGUE = "d02050001 Où avez-vous mal ?\np02050001 Là.\nMTF0001 +++ bonjour.\n".encode()
_JSON = (_DEMO / "cases" / "cas.jsonl").read_bytes().split(b"\n")[0]

SAMPLES: dict[ReaderName, bytes] = {
    "brat": (_DEMO / "cases" / "brat" / "cas-033.txt").read_bytes(),
    "dialogues": _DIALOGUE,
    "jats": (_DEMO / "articles" / "article-01.xml").read_bytes(),
    "json": _JSON,
    "jsonl": _JSON + b"\n" + _JSON,
    "markdown": _MARKDOWN,
    "parquet": (_DEMO / "general" / "web.parquet").read_bytes(),
    "questions": _QUESTIONS,
    "sentences": b"Une phrase.\nUne autre.\n" * 15,
    "tables": (_DEMO / "care" / "medicaments.txt").read_bytes(),
    "tei": (_DEMO / "articles" / "tei" / "article-46.xml").read_bytes(),
    "tmx": (_DEMO / "hygiene" / "gestes.tmx").read_bytes(),
    "xmi": (_DEMO / "cases" / "xmi" / "cas-081.xmi").read_bytes(),
}
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("damage")
    (found / "a.ann").write_text("")
    return found


def _read(reader: ReaderName, folder: Path, content: bytes) -> list[SourceDocument]:
    path = folder / "a.txt"
    path.write_bytes(content)
    source = SourceSettings(reader=reader, files="*", language="fr")
    documents = list(READERS[reader]("s", source, path))
    for document in documents:
        assert document.text.strip() or document.problem
        json.dumps(document.to_json(), ensure_ascii=False).encode("utf-8")
    return documents


def test_every_reader_has_a_sample() -> None:
    assert set(SAMPLES) == set(READERS)


@pytest.mark.parametrize("reader", SAMPLES)
def test_the_samples_are_whole(folder: Path, reader: ReaderName) -> None:
    documents = _read(reader, folder, SAMPLES[reader])
    assert documents
    assert not any(document.problem for document in documents)


@pytest.mark.parametrize("reader", SAMPLES)
@given(content=st.binary(max_size=400))
@quick
def test_random_bytes_never_raise(folder: Path, reader: ReaderName, content: bytes) -> None:
    _read(reader, folder, content)


@pytest.mark.parametrize("reader", SAMPLES)
@given(share=st.floats(0, 1))
@quick
def test_a_file_cut_short_never_raises(folder: Path, reader: ReaderName, share: float) -> None:
    sample = SAMPLES[reader]
    _read(reader, folder, sample[: int(len(sample) * share)])


@pytest.mark.parametrize("reader", SAMPLES)
@given(changes=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=8))
@quick
def test_changed_bytes_never_raise(
    folder: Path, reader: ReaderName, changes: list[tuple[float, int]]
) -> None:
    content = bytearray(SAMPLES[reader])
    for place, byte in changes:
        content[int(place * len(content))] = byte
    _read(reader, folder, bytes(content))


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "text", "question", "options", "answer", "licence", "name"]),
            inner,
        )
    ),
    max_leaves=20,
)


@pytest.mark.parametrize("reader", ["json", "jsonl", "questions"])
@given(value=_VALUES)
@quick
def test_json_of_any_shape_never_raises(folder: Path, reader: ReaderName, value: object) -> None:
    _read(reader, folder, json.dumps(value).encode())


@given(content=st.text(alphabet="ab1 \n\t*_[](){}<>#.:-\\&;|^`'\"!", max_size=300))
@quick
def test_markup_characters_never_raise(folder: Path, content: str) -> None:
    _read("markdown", folder, content.encode())
