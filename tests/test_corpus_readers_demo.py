"""The demo corpus, form by form: how many documents, and where its planted trouble lies."""

from pathlib import Path
from typing import Any

import pytest

from corpus.clean import clean
from corpus.document import SourceDocument
from corpus.fingerprint import Shares, fingerprint, split_of, words
from corpus.readers.registry import READERS
from corpus.settings import SourceSettings

_DEMO = Path(__file__).parents[1] / "release" / "recipes" / "demo"
_TABLE: dict[str, Any] = {
    "columns": ("code", "denomination", "forme", "texte"),
    "fields": {"id": "code", "title": "denomination", "text": "texte"},
    "language": "fr",
}
FORMS: dict[str, tuple[int, dict[str, Any]]] = {
    "general/*.jsonl": (171, {"reader": "jsonl"}),
    "general/*.parquet": (40, {"reader": "parquet"}),
    "articles/*.xml": (46, {"reader": "jats"}),
    "articles/tei/*.xml": (6, {"reader": "tei"}),
    "cases/*.jsonl": (69, {"reader": "jsonl"}),
    "cases/brat/*.txt": (20, {"reader": "brat"}),
    "cases/xmi/*.xmi": (8, {"reader": "xmi"}),
    "care/*.jsonl": (80, {"reader": "jsonl"}),
    "care/*.txt": (12, {"reader": "tables", **_TABLE}),
    "hygiene/*.tmx": (3, {"reader": "tmx", "language": "fr"}),
}


def _read(files: str) -> list[SourceDocument]:
    settings = SourceSettings(files=files, **FORMS[files][1])
    read = READERS[settings.reader]
    return [found for path in sorted(_DEMO.glob(files)) for found in read("s", settings, path)]


def _find(files: str, id: str) -> SourceDocument:
    return next(document for document in _read(files) if document.id == id)


@pytest.mark.parametrize("files", FORMS)
def test_every_form_is_read_whole(files: str) -> None:
    documents = _read(files)
    assert len(documents) == FORMS[files][0]
    assert not any(document.problem for document in documents)


def test_no_document_is_there_twice() -> None:
    documents = [document for files in FORMS for document in _read(files)]
    assert len({document.id for document in documents}) == len(documents) == 455


def test_the_table_is_cp1252_with_mixed_line_ends() -> None:
    content = (_DEMO / "care" / "medicaments.txt").read_bytes()
    assert 0 < content.count(b"\r\n") < content.count(b"\n")
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    assert "L'adrénaline est le traitement" in _find("care/*.txt", "90000009").text


@pytest.mark.parametrize(
    ("files", "original", "variant"),
    [
        ("cases/*.jsonl", "cas-061", "cas-variante"),
        ("care/*.jsonl", "soin-028", "soin-variante"),
    ],
)
def test_near_duplicates_are_near_and_no_copies(files: str, original: str, variant: str) -> None:
    first, second = (_shingles(_find(files, id).text) for id in (original, variant))
    assert 0.85 < len(first & second) / len(first | second) < 0.95


@pytest.mark.parametrize("id", ["soin-variante", "soin-personnel", "soin-mojibake"])
def test_planted_trouble_is_trained_on(id: str) -> None:
    text = clean(_find("care/*.jsonl", id).text).text
    assert split_of(fingerprint(text), Shares(held_out=0.15, validation=0.1)) == "train"


def test_the_planted_nir_has_a_valid_key() -> None:
    text = _find("care/*.jsonl", "soin-personnel").text
    digits = text.split("sociale : ")[1].split(".")[0].replace(" ", "")
    assert int(digits[13:]) == 97 - int(digits[:13]) % 97


def test_the_planted_mojibake_is_repaired() -> None:
    text = _find("care/*.jsonl", "soin-mojibake").text
    assert text == clean(text).text.encode().decode("cp1252")


def _shingles(text: str) -> set[tuple[str, ...]]:
    """Five words, as near duplicates are found."""
    found = words(text)
    return {tuple(found[place : place + 5]) for place in range(len(found) - 4)}
