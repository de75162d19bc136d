"""Whatever the bytes, a reader answers with documents: random, cut short, some bytes changed."""

import bz2
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import openpyxl
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.document import SourceDocument
from corpus.readers import wikitext
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

_HAL = json.dumps(
    {"response": {"docs": [{"halId_s": "hal-1", "language_s": ["fr"], "fr_title_s": ["Fièvre"],
                            "title_s": ["Fièvre"], "licence_s": "CC BY"}]}}
).encode()  # fmt: skip
_WIKI = """<mediawiki><page><title>Fièvre</title><ns>0</ns><id>7</id><revision><text>La ''fièvre''
{{unité|38|°C}} [[corps|du corps]] {| class="a"
| b || c
|}
== Notes ==
* [[Fichier:a.jpg|vignette|légende]]</text></revision></page></mediawiki>""".encode()
_HTML = (
    "<html><meta charset=utf-8><body><nav>Menu</nav><main><p>À jeun&nbsp;: <b>5</b> mg"
    "<table><tr><td>a<td>b</table></main></html>"
).encode()

_PUBMED = """<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article>
<ArticleTitle>[Iron.]</ArticleTitle><Abstract><AbstractText Label="AIM">Ferritin.</AbstractText>
</Abstract><Language>fre</Language><VernacularTitle>Le fer à 5 mg.</VernacularTitle></Article>
</MedlineCitation></PubmedArticle></PubmedArticleSet>""".encode()
_MODS = """<mods xmlns="http://www.loc.gov/mods/v3"><titleInfo><title>Fièvre</title></titleInfo>
<abstract lang="fr">De 38 °C.</abstract></mods>""".encode()


def _pdf() -> bytes:
    drawn = b"BT /F1 12 Tf 72 720 Td (La fi\xe8vre) Tj 0 -14 Td (de 38,5 degr\xe9s) Tj ET"
    fonts = b"/Resources<</Font<</F1 5 0 R>>>>>>"
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R" + fonts,
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]  # fmt: skip
    content, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    ends = b"trailer<</Root 1 0 R/Size 6>>\nstartxref\n%d\n%%%%EOF" % len(content)
    return content + b"xref\n0 6\n0000000000 65535 f \n" + table + ends


def _xlsx() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["code", "avis"])
    book.active.append([12.0, "Important"])
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


SAMPLES: dict[ReaderName, bytes] = {
    "brat": (_DEMO / "cases" / "brat" / "cas-033.txt").read_bytes(),
    "csv": 'code;avis\n1;"Modéré, ""IV"""\n2;a\n'.encode(),
    "dialogues": _DIALOGUE,
    "hal": _HAL,
    "html": _HTML,
    "jats": (_DEMO / "articles" / "article-01.xml").read_bytes(),
    "json": _JSON,
    "jsonl": _JSON + b"\n" + _JSON,
    "markdown": _MARKDOWN,
    "mediawiki": _WIKI,
    "mods": _MODS,
    "moses": b"Une phrase.\nUne autre.\n" * 15,
    "parquet": (_DEMO / "general" / "web.parquet").read_bytes(),
    "pdf": _pdf(),
    "pubmed": _PUBMED,
    "questions": _QUESTIONS,
    "sentences": b"Une phrase.\nUne autre.\n" * 15,
    "tables": (_DEMO / "care" / "medicaments.txt").read_bytes(),
    "tei": (_DEMO / "articles" / "tei" / "article-46.xml").read_bytes(),
    "text": "Une phrase.\n\nUne autre, à 5 mg.\n".encode(),
    "tmx": (_DEMO / "hygiene" / "gestes.tmx").read_bytes(),
    "xlsx": _xlsx(),
    "xmi": (_DEMO / "cases" / "xmi" / "cas-081.xmi").read_bytes(),
}
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("damage")
    (found / "a.ann").write_text("")
    return found


def _read(reader: ReaderName, folder: Path, content: bytes) -> list[SourceDocument]:
    path = folder / ("a.fr" if reader == "moses" else "a.txt")
    path.write_bytes(content)
    (folder / "a.en").write_bytes(SAMPLES["moses"])
    source = SourceSettings(reader=reader, files="*", language="fr")
    documents = list(READERS[reader]("s", source, path))
    for document in documents:
        assert document.text.strip() or document.problem
        json.dumps(asdict(document), ensure_ascii=False).encode("utf-8")
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
            st.sampled_from(
                [
                    "id",
                    "text",
                    "question",
                    "options",
                    "answer",
                    "licence",
                    "name",
                    "response",
                    "docs",
                    "fr_title_s",
                    "title_s",
                    "language_s",
                    "query",
                    "pages",
                    "revisions",
                    "slots",
                    "*",
                ]
            ),
            inner,
        )
    ),
    max_leaves=20,
)


@pytest.mark.parametrize("reader", ["hal", "json", "jsonl", "mediawiki", "questions"])
@given(value=_VALUES)
@quick
def test_json_of_any_shape_never_raises(folder: Path, reader: ReaderName, value: object) -> None:
    _read(reader, folder, json.dumps(value).encode())


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lambda data: zstandard.ZstdCompressor().compress(data)]
)
@given(share=st.floats(0, 0.99))
@quick
def test_a_packed_file_cut_short_says_so(
    folder: Path, pack: Callable[[bytes], bytes], share: float
) -> None:
    lines = b"".join(b'{"text": "phrase %d"}\n' % number for number in range(300))
    whole = pack(lines)
    assert len(_read("jsonl", folder, whole)) == 300
    cut = whole[: max(5, int(len(whole) * share))]
    assert any(document.problem for document in _read("jsonl", folder, cut))


@given(content=st.text(alphabet="ab1[]{}|='<>/re f\n*#:&;!-éFichier", max_size=300))
@quick
def test_wikitext_never_raises(content: str) -> None:
    wikitext.plain(content)


@given(content=st.text(alphabet="ab1 \n\t*_[](){}<>#.:-\\&;|^`'\"!", max_size=300))
@quick
def test_markup_characters_never_raise(folder: Path, content: str) -> None:
    _read("markdown", folder, content.encode())
