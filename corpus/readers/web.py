"""HTML pages: the notices of the French drug database (BDPM), and other pages with one text.

Taken: the text of `#textDocument` (BDPM), else of `<main>` or `<article>`, else of the body, block
by block. Left out: the page's title, navigation, footer, forms, scripts, and the links that lead
back to the top.

Word wrote these notices: a span in the font Symbol says `³` where it shows ≥ and `m` where it shows
μ, so its letters are read by that font's table. Pages name an encoding that is not theirs: what
says Latin-1 is cp1252, as every browser takes it.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree
from lxml import html as lxml_html

from corpus.document import SourceDocument
from corpus.readers.files import Unreadable, as_cp1252, read_bytes
from corpus.readers.language import language_code
from corpus.readers.markup import Vocabulary, local, paragraphs
from corpus.settings import SourceSettings

_HTML = Vocabulary(
    blocks=frozenset({
        "address", "article", "blockquote", "body", "br", "caption", "center", "dd", "details",
        "div", "dl", "dt", "fieldset", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6",
        "hr", "li", "main", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot",
        "th", "thead", "tr", "ul",
    }),
    dropped=frozenset({
        "button", "embed", "footer", "form", "head", "iframe", "map", "nav", "noscript", "object",
        "script", "select", "style", "svg", "template", "textarea", "title",
    }),
)  # fmt: skip
_TOP, _TO_TOP = "#HautDePage", "finpage"
"""BDPM: links back to the top, and the line that holds the last one"""
_PLACES = (".//*[@id='textDocument']", ".//main", ".//article", ".//body")
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w\-]+)", re.I)
_LATIN_1 = {"iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii", "windows-1252", "cp1252"}
_SYMBOL_FONT = re.compile(r"font-family:\s*[\"']?symbol", re.I)
# Adobe's Symbol encoding, the characters that stand in medical text.
_SYMBOL = str.maketrans(
    "abcdegklmprsqtyDSW³£±´·°¹®¬­¯Þ\u00a5\u00bb",
    "αβχδεγκλμπρσθτψΔΣΩ≥≤±×•°≠→←↑↓⇒∞≈",
)


def read_html(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    try:
        root = _parse(_decode(read_bytes(path)))
    except Unreadable as error:
        yield SourceDocument(path.stem, source, "", problem=str(error))
        return
    place = next((found for p in _PLACES if (found := root.find(p)) is not None), root)
    for element in list(place.iter(etree.Element)):
        if element.get("href") == _TOP or element.get("class") == _TO_TOP:
            element.clear(keep_tail=True)
        if _SYMBOL_FONT.search(element.get("style") or "") or (
            (element.get("face") or "").lower() == "symbol"
        ):
            element.text = (element.text or "").translate(_SYMBOL)
    text = "\n\n".join(_without_rulers(paragraphs(place, _HTML)))
    language = language_code(root.get("lang") or "")
    yield SourceDocument(path.stem, source, text, language, problem="" if text else "no text")


def _without_rulers(found: list[str]) -> Iterator[str]:
    """Paragraphs with a letter or a figure in them; a bullet goes with the words behind it."""
    bullet = ""
    for paragraph in found:
        if any(map(str.isalnum, paragraph)):
            yield f"{bullet}{paragraph}"
            bullet = ""
        elif paragraph in "•·-–§":
            bullet = f"{paragraph} "


def _decode(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    said = _CHARSET.search(content[:4096])
    name = said[1].decode("ascii", "replace").lower() if said else ""
    if name not in _LATIN_1:
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if name in ("utf-8", "utf8"):
                raise Unreadable(f"not UTF-8: {error.reason} at byte {error.start}") from error
    return as_cp1252(content)


def _parse(content: str) -> etree._Element:
    # As bytes: lxml refuses text that has an encoding in its XML declaration.
    parser = lxml_html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True)
    content = content.replace("\x00", "").encode("utf-8", "replace").decode()
    try:
        root = lxml_html.document_fromstring(content.encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(f"not HTML: {error}") from error
    if not local(root):
        raise Unreadable("not HTML: no element in it")
    return root
