"""Bibliographic notices: titles and abstracts as PubMed and MODS (ISTEX) give them.

One document a language, as `tei` and `hal` have it: the id alone in the notice's main language,
`23930051:fr` in another. What a notice says of rights is evidence of rank 1.

PubMed's trap: `<ArticleTitle>` and `<Abstract>` are English whatever the article's language is, the
title of a translated one in brackets; its own words stand in `<VernacularTitle>` and
`<OtherAbstract>`. A section of an abstract has its heading in an attribute.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from corpus.document import SourceDocument
from corpus.readers.files import Unreadable
from corpus.readers.language import language_code
from corpus.readers.markup import XML_LANG, Vocabulary, flat, paragraphs, stream
from corpus.settings import SourceSettings
from hub.licences.evidence import Evidence

_WORDS = Vocabulary(blocks=frozenset({"p", "para"}), dropped=frozenset())


@dataclass
class Notice:
    """What one record says, its texts by language in their order."""

    id: str
    main: str
    attribution: str
    rights: tuple[str, ...]
    parts: dict[str, list[str]] = field(default_factory=dict)

    def add(self, language: str, *texts: str) -> None:
        found = [text for text in texts if text]
        if found:
            self.parts.setdefault(language or self.main, []).extend(found)


def read_pubmed(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    yield from _read(source, path, "PubmedArticle", _pubmed)


def read_mods(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    yield from _read(source, path, "mods", _mods)


def _read(
    source: str, path: Path, tag: str, notice_of: Callable[[etree._Element], Notice]
) -> Iterator[SourceDocument]:
    """Record by record: a yearly file of PubMed holds 30,000 of them."""
    number = 0
    try:
        for number, record in enumerate(stream(path, tag), start=1):
            name = path.stem if number == 1 else f"{path.stem}:{number}"
            yield from _documents(source, name, notice_of(record))
    except Unreadable as error:
        yield SourceDocument(f"{path.stem}:{number + 1}", source, "", problem=str(error))
        return
    if not number:
        yield SourceDocument(path.stem, source, "", problem=f"no {tag} in it")


def _documents(source: str, name: str, notice: Notice) -> Iterator[SourceDocument]:
    name = notice.id or name
    evidence = tuple(Evidence(1, words) for words in notice.rights if words)
    languages = sorted(notice.parts, key=lambda language: language != notice.main)
    for position, language in enumerate(languages):
        id = name if position == 0 else f"{name}:{language}"
        text = "\n\n".join(notice.parts[language])
        yield SourceDocument(id, source, text, language, notice.attribution, evidence)
    if not languages:
        yield SourceDocument(name, source, "", problem="no title and no abstract")


def _pubmed(record: etree._Element) -> Notice:
    article = record.find("MedlineCitation/Article")
    if article is None:
        return Notice("", "", "", ())
    language = language_code(article.findtext("Language") or "")
    authors = [
        " ".join(filter(None, (who.findtext("ForeName"), who.findtext("LastName"))))
        or (who.findtext("CollectiveName") or "").strip()
        for who in article.findall("AuthorList/Author")
    ]
    notice = Notice(
        id=(record.findtext("MedlineCitation/PMID") or "").strip(),
        main=language,
        attribution=", ".join(filter(None, authors)),
        rights=tuple(map(_flat, article.findall("Abstract/CopyrightInformation"))),
    )
    title = _flat(article.find("ArticleTitle"))
    if title.startswith("[") and title.rstrip(".").endswith("]"):
        title = title.rstrip(".").strip("[]")
    notice.add("en", title, *_sections(article.find("Abstract")))
    notice.add(language, _flat(article.find("VernacularTitle")))
    for abstract in record.findall("MedlineCitation/OtherAbstract"):
        notice.add(language_code(abstract.get("Language") or ""), *_sections(abstract))
    return notice


def _sections(abstract: etree._Element | None) -> Iterator[str]:
    for section in abstract.findall("AbstractText") if abstract is not None else []:
        heading, words = (section.get("Label") or "").strip(), _flat(section)
        yield f"{heading}: {words}" if heading and words else words


def _mods(record: etree._Element) -> Notice:
    said = record.findtext("{*}language/{*}languageTerm") or ""
    names = [
        " ".join(_flat(part) for part in name.findall("{*}namePart") if part.get("type") != "date")
        for name in record.findall("{*}name")
    ]
    notice = Notice(
        id=(record.findtext("{*}recordInfo/{*}recordIdentifier") or "").strip(),
        main=language_code(said),
        attribution=", ".join(filter(None, names)),
        rights=tuple(map(_flat, record.findall("{*}accessCondition"))),
    )
    for title in record.findall("{*}titleInfo"):
        if title.get("type") != "abbreviated":
            words = "".join(map(_flat, title.findall("{*}nonSort")))
            words = f"{words} {_flat(title.find('{*}title'))}".strip()
            notice.add(_language(title), words, _flat(title.find("{*}subTitle")))
    for abstract in record.findall("{*}abstract"):
        notice.add(_language(abstract), *paragraphs(abstract, _WORDS))
    return notice


def _language(element: etree._Element) -> str:
    return language_code(element.get(XML_LANG) or element.get("lang") or "")


def _flat(element: etree._Element | None) -> str:
    return flat(element, _WORDS) if element is not None else ""
