"""BRAT, tables, Markdown, dialogues and lines of text: what is taken and what is set aside."""

from pathlib import Path
from typing import Any

import pytest

from corpus.document import SourceDocument
from corpus.readers import files
from corpus.readers.markdown import plain
from corpus.readers.registry import READERS
from corpus.settings import ReaderName, SourceSettings


def _read(
    reader: ReaderName, path: Path, content: str | bytes, **settings: Any
) -> list[SourceDocument]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(READERS[reader]("s", SourceSettings(reader=reader, files="*", **settings), path))


def test_brat_takes_texts_that_have_annotations_beside_them(tmp_path: Path) -> None:
    text = " Epivir 10 mg / ml . \n L ’ enfant\n"
    (tmp_path / "118_1.ann").write_text("T1\tCHEM 1 7\tEpivir\n")
    assert _read("brat", tmp_path / "118_1.txt", text)[0].text == text
    for name in ("118_1.ann", "118_1.ann~", "annotation.conf"):
        assert _read("brat", tmp_path / name, "T1\tCHEM 1 7\tEpivir") == []
    assert "README.ann" in _read("brat", tmp_path / "README.txt", "About")[0].problem


_DRUGS: dict[str, Any] = {
    "columns": ("code", "nom", "", "forme", "avis"),
    "fields": {"id": "code", "title": "nom", "text": "avis"},
    "language": "fr",
}


def test_tables_in_cp1252_with_mixed_line_ends(tmp_path: Path) -> None:
    rows = (
        "600\tKENZEN 8\u00a0mg\tx\tcomprimé\tT score < -3.<br><br>L’avis “A”, 5 €\t\r\n"
        '700\tSÉRUM "A"\t\tcollyre\n'
        "\r\n"
        "600\tKENZEN 8\u00a0mg\t\tgélule\t\t\r\n"
    )
    documents = _read("tables", tmp_path / "CIS.txt", rows.encode("cp1252"), **_DRUGS)
    assert [(document.id, document.text) for document in documents] == [
        ("600", "KENZEN 8\u00a0mg\n\nForme : comprimé\n\nT score < -3.\n\nL’avis “A”, 5 €"),
        ("700", 'SÉRUM "A"\n\nForme : collyre'),
        ("600", "KENZEN 8\u00a0mg\n\nForme : gélule"),
    ]


def test_rows_of_one_code_are_one_document(tmp_path: Path) -> None:
    rows = "1\tA\t\tgel\n1\tA\t\tgel\n1\tA\t\tpoudre\tAvis.\n2\tB\n"
    first, second = _read("tables", tmp_path / "CIS.txt", rows, **_DRUGS)
    assert first.text == "A\n\nForme : gel\nForme : poudre\n\nAvis."
    assert second.text == "B"


def test_a_row_with_more_cells_than_columns_is_set_aside(tmp_path: Path) -> None:
    rows = "1\tA\t\tgel\tAvis.\tlost?\n2\tB\n"
    first, second = _read("tables", tmp_path / "CIS.txt", rows, **_DRUGS)
    assert first.problem == "6 cells, 5 columns"
    assert second.text == "B"


def test_without_columns_the_first_line_names_them(tmp_path: Path) -> None:
    (document,) = _read("tables", tmp_path / "a.tsv", "\ufeffid\tdose\ttext\n7\t5 mg\tFieber\n")
    assert (document.id, document.text) == ("7", "Dose: 5 mg\n\nFieber")


def test_the_majority_of_lines_decides_the_encoding(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"columns": ("text",)}
    mostly_utf8 = "é\nè\n".encode() + "à\n".encode("cp1252")
    mostly_cp1252 = "é\nà\n".encode("cp1252") + "CAFÉ»\n".encode("cp1252")
    for content, texts in ((mostly_utf8, "éèà"), (mostly_cp1252, ["é", "à", "CAFÉ»"])):
        documents = _read("tables", tmp_path / "a.tsv", content, **settings)
        assert [document.text for document in documents] == list(texts)
    assert _read("tables", tmp_path / "a.tsv", "é".encode("utf-16"), **settings)[0].problem


def test_a_line_or_file_beyond_the_limit_is_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 1_000)
    content = "1\tA\n" + "x" * 2_500 + "\n2\tB\n"
    documents = _read("tables", tmp_path / "a.tsv", content, **_DRUGS)
    assert [(document.id, bool(document.problem)) for document in documents] == [
        ("1", False), ("a:2", True), ("2", False),
    ]  # fmt: skip
    lines = _read("sentences", tmp_path / "a.txt", content)
    assert [bool(document.problem) for document in lines] == [True, False]
    assert _read("markdown", tmp_path / "a.md", content)[0].problem.startswith("larger than")


def test_sentences_set_a_broken_line_aside_and_go_on(tmp_path: Path) -> None:
    broken, rest = _read("sentences", tmp_path / "a.txt", b"un\n\xe9\xe9\ndeux\n")
    assert broken.problem.startswith("not UTF-8")
    assert rest.text == "un\ndeux"


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("---\nTitle: Gesetz\nslug: g\n---\n\n# Gesetz (G)\n\nText", "Gesetz (G)\n\nText"),
        ("---\ntitle: 'Dose'\n---\nDeux\nlignes", "Dose\n\nDeux lignes"),
        ("Datum\n:   2006-12-05\n", "Datum : 2006-12-05"),
        ("(1) wer\n\n1.  einen\n    Hof\n\n\n2.  lebt", "(1) wer\n1.  einen Hof\n2.  lebt"),
        ("<div class='x'>\n\n**Aérez** [ici](https://a.fr/b_(c) \"t\")\n</div>", "Aérez ici"),
        ("1<sup>er</sup> jour, 10<sup>-3</sup>, a<b, p <0,05", "1er jour, 10⁻³, a<b, p <0,05"),
        (".. toc:: Plan\n    :depth: 2\n\n.. question:: Où ?\n    :l: 3\n\n    Là.", "Où ?\n\nLà."),
        ("1. {.si-vaccine} Restez", "1. Restez"),
        ("4 H-[1,2,4]triazolo[4,3-a](1,4)diazepin und [1,5-a][1,4]x", None),
        ("2*3*4 et 5 * 6 et snake_case_name", None),
        ("> cité\n> 5 mg", "cité\n> 5 mg".replace("\n", " ")),
        ("5&nbsp;mg &lt; 6 &amp; R&D", "5\u00a0mg < 6 & R&D"),
        ("Text[^F1_01] mehr\n\n[^F1_01]:     Fußnote", "Text mehr\n\nFußnote"),
    ],
)  # fmt: skip
def test_markdown_keeps_words_and_drops_marks(markdown: str, text: str | None) -> None:
    assert plain(markdown) == (markdown if text is None else text)


def test_dialogues_name_their_speakers(tmp_path: Path) -> None:
    lines = (
        "d02050001 Où avez-vous mal ? \np02050001 Là.\nEt là.\n"
        "MTF0001 +++ bonjour.\nMTF0001 +++ P0002\n"
    )
    named = {"d": "Médecin", "p": "Patient"}
    (document,) = _read("dialogues", tmp_path / "a.txt", lines, speakers=named, language="fr")
    turns = "Médecin : Où avez-vous mal ?|Patient : Là. Et là.|— bonjour."
    assert document.text.split("\n") == turns.split("|")
