"""Web pages, PDF, APIs, dumps, parallel text and tables: what is taken and what is not."""

import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import zstandard

from corpus.build import source_digest
from corpus.document import SourceDocument
from corpus.languages import identify, in_language
from corpus.readers import rows
from corpus.readers.registry import read
from corpus.readers.wikitext import plain
from corpus.settings import ReaderName, SourceSettings
from hub.failure import BadInput


def _read(
    reader: ReaderName, path: Path, content: str | bytes, **settings: Any
) -> list[SourceDocument]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read("s", SourceSettings(reader=reader, files="*", **settings), path))


_NOTICE = """<html lang="fr"><head>
<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">
<title>Titre</title></head><body><div id="menuhaut"><a href="index.php">Accueil</a></div>
<script>menu.AddRub("Posologie")</script><div id="textDocument">
<p>4.2. Posologie<a href='#HautDePage'>Retour en haut de la page</a></p>
<p><span style='font-family:Symbol'>·</span>L’œdème : <span style="font-family:Symbol">³</span> 5
 <span style="font-family: 'Symbol'">m</span>g, 10<sup>5</sup> UI</p>
<table><tr><td>&lt; 20 ml/mn</td><td>100&nbsp;mg</td></tr></table>
<table class="finpage"><tr><td>Retour</td></tr></table></div>
<div>Plan du site</div></body></html>"""


def test_a_notice_without_the_site_around_it(tmp_path: Path) -> None:
    (document,) = _read("html", tmp_path / "1.html", _NOTICE.encode("cp1252"))
    assert document.language == "fr"
    assert document.text.split("\n\n") == [
        "4.2. Posologie", "•L’œdème : ≥ 5 μg, 10⁵ UI", "< 20 ml/mn", "100\u00a0mg",
    ]  # fmt: skip


def test_hal_gives_a_document_a_language(tmp_path: Path) -> None:
    record = {
        "halId_s": "hal-1", "language_s": ["fr"], "title_s": ["Fièvre", "Fever"],
        "fr_title_s": ["Fièvre"], "en_title_s": ["Fever"], "fr_abstract_s": ["Dose ≥ 5 mg."],
        "authFullName_s": ["A B", "C D"], "licence_s": "CC BY 4.0",
    }  # fmt: skip
    plain_one = {"halId_s": "hal-2", "language_s": ["fr"], "title_s": ["Toux"]}
    answer = {"response": {"docs": [record, plain_one, {"halId_s": "hal-3"}, 7]}}
    found = _read("hal", tmp_path / "page.json", json.dumps(answer))
    assert [(d.id, d.language, d.text, bool(d.problem)) for d in found] == [
        ("hal-1", "fr", "Fièvre\n\nDose ≥ 5 mg.", False), ("hal-1:en", "en", "Fever", False),
        ("hal-2", "fr", "Toux", False), ("hal-3", "", "", True), ("page:4", "", "", True),
    ]  # fmt: skip
    assert found[0].attribution == "A B, C D"
    assert found[0].evidence[0].rank == 1


_WIKITEXT = """{{Infobox Médicament|masse=5}}
Le '''paracétamol''' ({{formule chimique|C|8|H|9}}) se prend à {{unité|500|mg}}<ref>Vidal.</ref>,
soit {{nobr|10 à 15 mg/kg}}, 10{{e|5}} [[unité internationale|UI]] ou moins de {{unité|4|g|/jour}}.
[[Fichier:A.jpg|vignette|droite|200px|Une ''boîte'' de {{unité|8|comprimés}}.]]
== Effets ==
* rares : &lt; 1&nbsp;%
{| class="wikitable"
! Âge !! Dose
|-
| 2 ans || 5 mg
|}
== Notes et références ==
{{Références}} un livre
=== Ouvrages ===
encore un
== Suite ==
Fin. [[Catégorie:Antalgique]] [http://a.fr lien]"""


def test_wikitext_keeps_doses_and_leaves_the_frame() -> None:
    text = plain(_WIKITEXT)
    for kept in ("500\u00a0mg,", "10 à 15 mg/kg", "10⁵ UI", "4\u00a0g/jour", "C8H9", "< 1\u00a0%",
                 "Une boîte de 8\u00a0comprimés.", "5 mg", "Effets", "Fin.", "lien"):  # fmt: skip
        assert kept in text, kept
    for left in ("Infobox", "Vidal", "vignette", "200px", "livre", "encore", "Catégorie", "a.fr"):
        assert left not in text, left


_DUMP = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/">
<page><title>A</title><ns>0</ns><id>1</id><revision><id>9</id>
<text>''Un'' texte.</text></revision></page>
<page><title>B</title><ns>0</ns><id>2</id><redirect title="A"/>
<revision><text>#REDIRECTION [[A]]</text></revision></page>
<page><title>Discussion:A</title><ns>1</ns><id>3</id>
<revision><text>Bavardage</text></revision></page>
</mediawiki>"""


def test_a_dump_gives_articles_only(tmp_path: Path) -> None:
    for packed in (_DUMP.encode(), gzip.compress(_DUMP.encode())):
        found = _read("mediawiki", tmp_path / "dump.xml", packed)
        assert [(d.id, d.text) for d in found] == [("1", "A\n\nUn texte.")]
    cut = _read("mediawiki", tmp_path / "dump.xml", _DUMP[:250])
    assert [bool(d.problem) for d in cut] == [False, True]


@pytest.mark.parametrize("pages", [
    [{"pageid": 4, "title": "T", "revisions": [{"slots": {"main": {"content": "''Corps''"}}}]}],
    {"4": {"pageid": 4, "title": "T", "revisions": [{"*": "''Corps''"}]}},
    {"4": {"pageid": 4, "title": "T", "extract": "Corps"}},
])  # fmt: skip
def test_the_api_in_each_of_its_forms(tmp_path: Path, pages: Any) -> None:
    rights = {"text": "Creative Commons Attribution-Share Alike 4.0", "url": "https://a"}
    answer = {"query": {"pages": pages, "rightsinfo": rights}}
    (document,) = _read("mediawiki", tmp_path / "a.json", json.dumps(answer))
    assert (document.id, document.text) == ("4", "T\n\nCorps")
    assert document.evidence[0].rank == 2
    assert document.attribution == "T (its authors: the page's history)"


def test_moses_reads_one_side_and_counts_the_other(tmp_path: Path) -> None:
    (tmp_path / "E.en-fr.en").write_text("One.\nTwo.\n")
    (side,) = _read("moses", tmp_path / "E.en-fr.fr", "Un.\nDeux.\n", language="fr")
    assert side.text == "Un.\nDeux."
    assert _read("moses", tmp_path / "E.en-fr.en", "One.\nTwo.\n", language="fr") == []
    text, problem = _read("moses", tmp_path / "E.en-fr.fr", "Un.\n", language="fr")
    assert text.text == "Un."
    assert "cut short" in problem.problem


def test_csv_by_its_header_with_prose_in_it(tmp_path: Path) -> None:
    rows = 'id;text;licence\n1;"a, b, c;\nd, e";CC BY 4.0\n2;f, g, h;\n3;i;;;x\n'
    found = _read("csv", tmp_path / "a.csv", rows)
    assert [(d.id, d.text, len(d.evidence), bool(d.problem)) for d in found] == [
        ("1", "a, b, c;\nd, e", 1, False), ("2", "f, g, h", 0, False), ("a:4", "", 0, True),
    ]  # fmt: skip


def test_a_workbook_sheet_by_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["id", "Nom", "Dose (mg)"])
    book.active.append([7, "Fer", 37.5])
    book.create_sheet("Vide")
    book.save(tmp_path / "b.xlsx")
    settings = SourceSettings(reader="xlsx", files="*", language="fr")
    (document,) = read("s", settings, tmp_path / "b.xlsx")
    assert (document.id, document.text) == ("7", "Nom : Fer ; Dose (mg) : 37.5")


def test_a_workbook_that_is_too_large_is_not_called_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "_MAX_WORKBOOK", 1 << 20)
    (tmp_path / "b.xlsx").write_bytes(bytes(2 << 20))
    (document,) = read("s", SourceSettings(reader="xlsx", files="*"), tmp_path / "b.xlsx")
    assert document.problem.endswith("larger than 1 MiB")


def test_a_file_that_disappeared_is_set_aside(tmp_path: Path) -> None:
    settings = SourceSettings(reader="pdf", files="*")
    (document,) = read("s", settings, tmp_path / "gone.pdf")
    assert "No such file" in document.problem


_BOMB = "<!DOCTYPE a [<!ENTITY a '" + "a" * 1000 + "'>" + "".join(
    f"<!ENTITY {new} '{f'&{old};' * 50}'>" for old, new in zip("abcde", "bcdef", strict=True)
) + "]>"  # fmt: skip


@pytest.mark.parametrize("reader", ["jats", "mediawiki", "mods", "pubmed", "tei", "tmx", "xmi"])
def test_an_entity_bomb_is_set_aside(tmp_path: Path, reader: ReaderName) -> None:
    bomb = f"{_BOMB}<article><body><p>&f;</p></body><page><text>&f;</text></page></article>"
    tracemalloc.start()
    found = _read(reader, tmp_path / "a.xml", bomb, language="fr")
    assert tracemalloc.get_traced_memory()[1] < 100 * 2**20
    tracemalloc.stop()
    assert all(document.problem for document in found)


@pytest.mark.parametrize("reader", ["csv", "jsonl", "html", "tei"])
def test_500_mb_on_one_line_in_bounded_memory(tmp_path: Path, reader: ReaderName) -> None:
    """Packed here; the limits count what is unpacked, so it is the same as on the disk."""
    path = tmp_path / "long.fr"
    (tmp_path / "long.en").write_text("x\n")
    chunk, packer = b"{" * 2**20, zstandard.ZstdCompressor().compressobj()
    with path.open("wb") as out:
        for _ in range(500):
            out.write(packer.compress(chunk))
        out.write(packer.flush())
    tracemalloc.start()
    settings = SourceSettings(reader=reader, files="*", language="fr")
    found = list(read("s", settings, path))
    assert tracemalloc.get_traced_memory()[1] < 300 * 2**20
    tracemalloc.stop()
    assert found
    assert all(document.problem for document in found)


_FRENCH = "Le patient présente une fièvre depuis trois jours, avec une toux sèche et des douleurs."
_GERMAN = "Der Patient klagt seit drei Tagen über Fieber, trockenen Husten und starke Schmerzen."


def test_languages_are_told_and_short_texts_are_not() -> None:
    assert identify(_FRENCH * 2).language == "fr"
    assert identify((_FRENCH * 2).upper()).language == "fr"
    assert identify(_GERMAN * 2).language == "de"
    for short in ("Hépatite B chronique", "", "12 345 678 " * 100):
        assert identify(short).language == ""


def test_another_language_is_set_aside_and_a_short_text_is_believed() -> None:
    settings = SourceSettings(reader="text", files="*", languages=("fr",))
    here = Path()

    def judged(text: str, said: str = "") -> SourceDocument:
        return in_language(SourceDocument("1", "s", "", said), text, settings, here)

    assert judged(_FRENCH * 2).problem == ""
    assert judged(_FRENCH * 2).language == "fr"
    assert judged(_GERMAN * 2, "fr").problem.startswith("in de (")
    assert judged("Hepatitis", "").problem == ""
    assert judged("Hepatitis", "de").problem == "in de, asked for fr"


@pytest.mark.parametrize("content", [None, b"no model"])
def test_a_language_model_that_cannot_be_used_is_one_sentence(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "glotlid.bin"
    if content:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=r"glotlid\.bin is not (there|a fastText model)"):
        identify(_FRENCH * 2, path)


def test_a_fetched_pdf_has_the_licence_of_its_record(tmp_path: Path) -> None:
    fields = {"halId_s": "hal-7", "licence_s": "https://creativecommons.org/licenses/by/4.0/",
              "authFullName_s": ["A. Roux", "B. Weil"], "language_s": ["fr"]}  # fmt: skip
    (tmp_path / "hal-7.pdf").write_bytes(_pdf("Une dose de 2,5 mg"))
    settings = SourceSettings(reader="pdf", files="*.pdf")
    (alone,) = read("hal", settings, tmp_path / "hal-7.pdf")
    assert alone.evidence == () and alone.text == "Une dose de 2,5 mg"
    before = source_digest(settings, tmp_path)
    (tmp_path / "hal-7.json").write_text(json.dumps(fields), "utf-8")
    (found,) = read("hal", settings, tmp_path / "hal-7.pdf")
    assert (found.id, found.language, found.text) == ("hal-7:file", "fr", alone.text)
    assert [(e.rank, e.statement) for e in found.evidence] == [(1, fields["licence_s"])]
    assert "A. Roux" in found.attribution and "B. Weil" in found.attribution
    assert source_digest(settings, tmp_path) != before
    (tmp_path / "hal-7.json").write_text("[", "utf-8")
    (broken,) = read("hal", settings, tmp_path / "hal-7.pdf")
    assert broken.problem == "hal-7.json beside it is not a record" and not broken.text


def _pdf(line: str) -> bytes:
    """The least that is a page with a line on it."""
    content = f"BT /F1 12 Tf 50 700 Td ({line}) Tj ET".encode("cp1252")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    parts = [b"%d 0 obj\n%s\nendobj\n" % entry for entry in enumerate(objects, start=1)]
    return b"%PDF-1.4\n" + b"".join(parts) + b"trailer << /Root 1 0 R /Size 6 >>\n%%EOF\n"
