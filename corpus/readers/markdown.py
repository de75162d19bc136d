"""Markdown with HTML in it and YAML before it, as public sites and statute collections keep it.

Taken: every word a reader of the page would see, with lists and headings on their own lines. Left
out: front matter (its title is kept where the text does not open with one), link targets, emphasis
marks, HTML tags and comments, footnote labels, and the directives of static site generators
(`.. question:: Titre` keeps its title, `{.class}` goes).

Line by line with patterns and not with a Markdown parser: parsers drop what is nested too deeply,
take the indented text of definitions for program code, and read `2*3*4` as emphasis. Only tags of
HTML's own names are tags, so that `p <0,05` and `a<b` stay; only what ends in an address is a link,
because `[4,3-a](1,4)benzodiazepin` is a substance.
"""

import html
import re
from collections.abc import Iterator
from pathlib import Path

from corpus.document import SourceDocument
from corpus.readers.files import Unreadable, read_text
from corpus.readers.markup import superscript
from corpus.settings import SourceSettings

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*$\n?", re.S | re.M)
_TITLE = re.compile(r"^title:[ \t]*(.+)$", re.I | re.M)
_COMMENT = re.compile(r"<!--(?:(?!<!--).)*?-->", re.S)
_SUPERSCRIPT = re.compile(r"<sup>([^<>]*)</sup>", re.I)
_BREAK = re.compile(r"<br\s*/?>", re.I)
_BLOCK_TAG = re.compile(
    r"</?(?:article|aside|details|div|fieldset|footer|form|h[1-6]|header|hr|li|main|nav|ol|p|section|"
    r"summary|table|tbody|td|th|thead|tr|ul)(?:\s[^<>]*)?/?>", re.I
)  # fmt: skip
_INLINE_TAG = re.compile(
    r"</?(?:a|abbr|b|button|cite|code|del|dfn|em|i|iframe|img|input|ins|kbd|label|mark|option|q|s|"
    r"samp|select|small|span|strong|style|script|sub|sup|svg|textarea|time|u|var|video|wbr)"
    r"(?:\s[^<>]*)?/?>", re.I
)  # fmt: skip
_LINK = re.compile(
    r"!?\[([^\[\]]*)\]\((?:(?:[a-z][a-z+.\-]*:|[#/.])[^()\s]*(?:\([^()\s]*\)[^()\s]*)*|"
    r"[\w\-/%]+\.[a-z]{2,5}(?:[#?][^()\s]*)?)?(?:\s+\"[^\"]*\")?\)",
    re.I,
)
_FOOTNOTE = re.compile(r"\[\^[^\[\]\s]+\]:?")
_ATTRIBUTES = re.compile(r"\{[.#][A-Za-z][\w\-. #]*\}[ \t]*")
_STRONG = re.compile(r"(\*\*|__)(?=\S)([^*_\n]{1,2000}?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![\w*])([*_])(?=[^\s*_])([^*_\n]{1,2000}?)(?<=\S)\1(?![\w*])")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~])")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_DIRECTIVE = re.compile(r"^\.\. ([\w-]+)::[ \t]*(.*)\n(?:[ \t]+:[\w-]+:.*(?:\n|\Z))*", re.M)
_HEADING = re.compile(r"^[ \t]{0,8}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")
_RULE = re.compile(r"^[ \t]{0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|=+)$|^```.*$")
_ITEM = re.compile(r"^(?:[*+\-•]|\d{1,9}[a-z]?[.)]|\([\w]{1,4}\)|[a-z]{1,2}\)|\|)(?:\s|$)")
_QUOTE = re.compile(r"^(?:>[ \t]?)+(?![ \t]*\d)")
"""`> 5 mg` is a comparator, also where a line was wrapped before it"""
_DEFINITION = re.compile(r"^:[ \t]+")


def read_markdown(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    try:
        content = read_text(path)
    except Unreadable as error:
        yield SourceDocument(path.stem, source, "", problem=str(error))
        return
    text = plain(content).strip()
    yield SourceDocument(path.stem, source, text, problem="" if text else "no text")


def plain(content: str) -> str:
    """The words of a Markdown page.

    >>> plain("De **5** à\\n10<sup>6</sup> UI ([notice](http://exemple.fr)), p <0,05")
    'De 5 à 10⁶ UI (notice), p <0,05'
    """
    content = content.replace("\r\n", "\n").replace("\r", "\n")
    title = ""
    if front := _FRONT_MATTER.match(content):
        said = _TITLE.search(front[1])
        title = said[1].strip().strip("'\"") if said else ""
        content = content[front.end() :]
    text = _joined(_unmarked(content))
    opening = text.partition("\n")[0]
    return text if title in opening else f"{title}\n\n{text}".strip()


def _unmarked(content: str) -> str:
    """Without tags, links and emphasis; what stood on its own line still does."""
    content = _DIRECTIVE.sub(
        lambda found: "" if found[1] == "toc" else f"\n{found[2]}\n\n", content
    )
    content = _SUPERSCRIPT.sub(lambda found: superscript(found[1]), _COMMENT.sub("", content))
    content = _BLOCK_TAG.sub("\n\n", _BREAK.sub("\n", content))
    content = _INLINE_TAG.sub("", content)
    for _ in range(2):  # an image inside a link
        content = _LINK.sub(r"\1", content)
    content = _ATTRIBUTES.sub("", _FOOTNOTE.sub("", content))
    for pattern in (_STRONG, _EMPHASIS, _STRONG):
        content = pattern.sub(r"\2", content)
    content = _ESCAPE.sub(r"\1", content)
    return _ENTITY.sub(lambda found: html.unescape(found[0]), content)


def _joined(content: str) -> str:
    """Hard-wrapped lines joined; headings, list items and paragraphs apart."""
    blocks: list[str] = []
    open_block = False
    for raw in content.split("\n"):
        line = _QUOTE.sub("", raw.strip(" \t"))
        heading = _HEADING.match(raw)
        if not line or _RULE.match(raw):
            open_block = False
        elif heading:
            blocks.append(heading[1])
            open_block = False
        elif open_block and _DEFINITION.match(line):
            blocks[-1] += " : " + _DEFINITION.sub("", line)
        elif open_block and not _ITEM.match(line):
            blocks[-1] += f" {line}"
        else:
            blocks.append(line)
            open_block = True
    return _spaced([block for block in blocks if block])


def _spaced(blocks: list[str]) -> str:
    """List items below each other, other blocks with an empty line between."""
    text = ""
    for before, block in zip(["", *blocks], blocks, strict=False):
        apart = "\n" if _ITEM.match(before) and _ITEM.match(block) else "\n\n"
        text += (apart if text else "") + block
    return text
