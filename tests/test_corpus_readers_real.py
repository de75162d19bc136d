"""Every real set of a supported form is read whole: counts, and problems only in broken files.

Needs ../shared/data; skipped without it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from medical_sets import COUNTED

from corpus.readers.registry import READERS
from corpus.settings import SourceSettings

_DATA = Path(__file__).parents[2] / "shared" / "data"
SETS: dict[str, tuple[int, dict[str, Any]]] = COUNTED | {
    "gesetze_de_nonmedical/*.md": (64, {"reader": "markdown"}),
    "10kgnad_news_de/*.csv": (514, {"reader": "csv", "columns": ("topic", "text"), "quote": "'"}),
    "bdpm_html_spc/*.html": (1, {"reader": "html"}),
    "bdpm_html_spc/anx*.txt": (1, {"reader": "text"}),
    "germediq_de/*.csv": (55, {"reader": "csv"}),
    "refomed_clear_fr/*.csv": (5044, {"reader": "csv"}),
    "tico19_tmx/*.csv": (642, {"reader": "csv", "fields": {"text": "targetString"}}),
    "e3c_l3_fr_scale/*.jsonl.zst": (4903, {"reader": "jsonl"}),
    "biblio_xml_pubmed/*.xml": (2, {"reader": "pubmed"}),
    "istex_sisyphe_fixtures/*.mods.xml": (1, {"reader": "mods"}),
    "code_civil_fr/*.jsonl": (1371, {"reader": "jsonl"}),
}

pytestmark = pytest.mark.skipif(
    not _DATA.is_dir(), reason="the real sets (../shared/data) lie apart"
)


def _problems(files: str, **settings: Any) -> tuple[int, Counter[str]]:
    source = SourceSettings(files=files, **settings)
    read = READERS[source.reader]
    paths = sorted(path for path in _DATA.glob(files) if path.is_file())
    documents = [document for path in paths for document in read("s", source, path)]
    texts = sum(bool(document.text.strip()) for document in documents)
    return texts, Counter(document.problem for document in documents if document.problem)


@pytest.mark.parametrize("files", SETS)
def test_a_real_set_is_read_whole(files: str) -> None:
    count, settings = SETS[files]
    assert _problems(files, **settings) == (count, Counter())


def test_istexs_broken_fixtures_are_set_aside() -> None:
    count, problems = _problems("istex_sisyphe_fixtures/*.xml", reader="tei")
    assert count == 1
    assert sorted(problem.partition(":")[0] for problem in problems) == [
        "no TEI document in it", "not well-formed XML",
    ]  # fmt: skip


def test_no_chemical_name_is_taken_for_a_link() -> None:
    path = _DATA / "gesetze_de_medizinrecht" / "btmg_1981.md"
    settings = SourceSettings(reader="markdown", files="*")
    (document,) = READERS["markdown"]("s", settings, path)
    for name in ("benzodiazepin", "triazolo", "dioxol"):
        assert document.text.count(name) == path.read_text(encoding="utf-8").count(name)


_LEFT_OUT: dict[str, set[str]] = {
    "jats": {
        "ref-list", "ack", "fn-group", "tex-math", "object-id", "journal-meta", "contrib-group",
        "aff", "author-notes", "pub-date", "volume", "issue", "permissions", "article-id",
        "elocation-id", "kwd-group", "article-categories", "history", "counts", "fpage", "lpage",
        "related-article", "alt-title", "funding-group", "custom-meta-group", "self-uri",
        "issue-id", "msup", "mfrac", "msubsup",
    },
    "tei": {
        # what describes the record and not the article, and authors, who are credited
        "teiHeader", "idno", "listOrg", "author", "editor", "respStmt", "publicationStmt",
        "textClass", "notesStmt", "seriesStmt", "editionStmt", "monogr", "langUsage", "funder",
        "listBibl",
    },
}  # fmt: skip
"""elements whose text is no part of the document's; formulas are set anew"""


def _pieces(root: etree._Element, left_out: set[str]) -> Iterator[str]:
    """Every run of characters between two tags, without what is left out."""
    name = root.tag.rpartition("}")[2] if isinstance(root.tag, str) else ""
    if name and name not in left_out:
        yield root.text or ""
        for child in root:
            yield from _pieces(child, left_out)
            yield child.tail or ""


def _bare(text: str) -> str:
    """Without spaces, raised figures as figures."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


@pytest.mark.parametrize(
    ("reader", "files"),
    [("jats", "jats_plos/*.xml"), ("jats", "jats_pmc_mixed/*.nxml"), ("tei", "hal_tei/*.xml"),
     ("tei", "istex_sisyphe_fixtures/test-tei.xml")],
)  # fmt: skip
def test_all_text_between_tags_is_in_the_document_or_listed_as_left_out(
    reader: str, files: str
) -> None:
    settings = SourceSettings.model_validate({"reader": reader, "files": files})
    lost: list[str] = []
    pieces = 0
    for path in sorted(_DATA.glob(files)):
        read = _bare("".join(document.text for document in READERS[reader]("s", settings, path)))
        for element in etree.parse(str(path)).getroot().iter("{*}TEI", "article"):
            for record in [element, *element.iter("{*}biblFull")]:
                for piece in _pieces(record, _LEFT_OUT[reader]):
                    pieces += 1
                    if _bare(piece) not in read:
                        lost.append(f"{path.name}: {piece.strip()[:60]}")
    assert pieces > 20
    assert lost == []
