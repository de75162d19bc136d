"""Parsing XML that strangers wrote, and its text as paragraphs.

No external entity is resolved, no DTD is loaded, nothing is fetched: an article must not read this
machine's files. libxml2's own limits stay on (no `huge_tree`): it stops entity bombs, 256 levels of
nesting and text nodes above 10 MB. An entity that only an external DTD defines makes the file
unreadable: leaving it out would lose a letter silently.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from corpus.readers.files import Unreadable, open_file, read_bytes

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

_LAYOUT = re.compile(r"[ \t\r\n\f\v]+")
_RAISED = str.maketrans("0123456789+-−n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿ")
_RAISABLE = re.compile(r"[0-9+\-−]")
_FORMULAS = frozenset({"mfrac", "msup", "msubsup"})
"""MathML whose layout is its meaning"""


@dataclass(frozen=True)
class Vocabulary:
    """What an XML dialect calls things."""

    blocks: frozenset[str]
    """elements that start and end a paragraph"""
    dropped: frozenset[str]
    """elements whose text is not the document's"""


def parse(path: Path) -> etree._Element:
    """The root element; raises Unreadable."""
    parser = etree.XMLParser(resolve_entities="internal", no_network=True, load_dtd=False)
    try:
        return etree.fromstring(read_bytes(path), parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"not well-formed XML: {error.msg}") from error


def stream(path: Path, tag: str) -> Iterator[etree._Element]:
    """Each element of that name, taken out of the tree once it was looked at; raises Unreadable."""
    with open_file(path) as content:
        found = etree.iterparse(  # type: ignore[call-overload]  # "internal" is not in the stubs
            content, tag=f"{{*}}{tag}", resolve_entities="internal", no_network=True, load_dtd=False
        )
        try:
            for _, element in found:
                yield element
                element.clear()
                parent = element.getparent()
                while parent is not None and element.getprevious() is not None:
                    del parent[0]
        except etree.XMLSyntaxError as error:
            raise Unreadable(f"not well-formed XML: {error.msg}") from error


def local(element: etree._Element) -> str:
    """The name without its namespace; empty for comments and processing instructions."""
    # Not by QName: a broken page has elements whose names XML does not allow.
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def paragraphs(element: etree._Element, vocabulary: Vocabulary) -> list[str]:
    """All text below `element` in document order, cut at its blocks."""
    found: list[str] = [""]
    for piece in _pieces(element, vocabulary):
        if piece is None:
            found.append("")
        else:
            found[-1] += piece
    return [text for text in map(fold, found) if text]


def flat(element: etree._Element, vocabulary: Vocabulary) -> str:
    """All text below `element` on one line."""
    pieces = _pieces(element, vocabulary)
    return fold("".join(" " if piece is None else piece for piece in pieces))


def fold(text: str) -> str:
    """Layout becomes one space; no-break spaces stay, and two numbers stay two numbers.

    >>> fold("37,5\\u00a0°C \\n   au lever; 5  100")
    '37,5\\xa0°C au lever; 5  100'
    """
    return _LAYOUT.sub(_space, text).strip()


def superscript(text: str) -> str:
    """`10<sup>5</sup>` is not 105, but `1<sup>er</sup>` is 1er.

    >>> superscript("−5"), superscript("er"), superscript("2+")
    ('⁻⁵', 'er', '²⁺')
    """
    return text.translate(_RAISED) if _RAISABLE.search(text) else text


def _formula(element: etree._Element, vocabulary: Vocabulary) -> str:
    """`10⁵` and `(a + b)/c`, which without their layout would read 105 and a + bc."""
    parts = [flat(child, vocabulary) for child in element if local(child)]
    if len(parts) < 2:
        return "".join(parts)
    *base, last = parts
    if local(element) == "mfrac":
        return f"{_grouped(''.join(base))}/{_grouped(last)}"
    if re.fullmatch(r"[0-9+\-−n]+", last):
        return "".join(base) + superscript(last)
    # A prime or a star is no power.
    return "".join(base) + (f"^{_grouped(last)}" if re.search(r"\w", last) else last)


def _grouped(text: str) -> str:
    return text if re.fullmatch(r"[\w.,]*", text) else f"({text})"


def _pieces(element: etree._Element, vocabulary: Vocabulary) -> Iterator[str | None]:
    """Text in order; None where a paragraph starts or ends."""
    name = local(element)
    if name in _FORMULAS:
        yield _formula(element, vocabulary)
        return
    is_block = name in vocabulary.blocks
    if is_block or name in ("lb", "break"):
        yield None if is_block else " "
    raised = name == "sup" or (name == "hi" and element.get("rend") in ("sup", "superscript"))
    yield superscript(element.text or "") if raised else element.text or ""
    for child in element:
        if isinstance(child.tag, str) and local(child) not in vocabulary.dropped:
            pieces = _pieces(child, vocabulary)
            yield from (superscript(p) if raised and p else p for p in pieces)
        tail = child.tail or ""
        yield superscript(tail) if raised else tail
    if is_block:
        yield None


def _space(match: re.Match[str]) -> str:
    before = match.string[match.start() - 1 : match.start()]
    after = match.string[match.end() : match.end() + 1]
    return "  " if match[0] != " " and before.isdigit() and after.isdigit() else " "
