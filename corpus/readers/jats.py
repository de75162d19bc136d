"""JATS (and NLM DTD) articles: PubMed Central, PLOS, many publishers.

Taken: title, abstracts, body, tables with their notes, figures and tables that stand apart,
appendices and glossaries, paragraph by paragraph, with their headings. Left out: references,
acknowledgements, author notes, formulas' TeX source, figure graphics. The licence evidence (rank 1)
is everything that `<permissions>` says: `<license>` prose and links, `<ali:license_ref>`.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lxml import etree

from corpus.document import SourceDocument
from corpus.readers.files import Unreadable
from corpus.readers.markup import XML_LANG, Vocabulary, flat, local, paragraphs, parse
from corpus.settings import SourceSettings
from hub.licences.evidence import Evidence

_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
_JATS = Vocabulary(
    blocks=frozenset({
        "abstract", "app", "body", "boxed-text", "caption", "def", "def-item", "disp-formula",
        "disp-quote", "fig", "fn", "label", "list", "list-item", "p", "sec", "speech", "statement",
        "table", "table-wrap", "td", "term", "th", "title", "tr", "verse-group", "verse-line",
    }),
    dropped=frozenset({"ref-list", "fn-group", "tex-math", "graphic", "object-id", "ack"}),
)  # fmt: skip
_PLACES = (
    "body", "floats-group", "floats-wrap", "back/app-group", "back/app", "back/sec",
    "back/glossary", "back/def-list",
)  # fmt: skip
"""where text stands behind the abstracts; manuscripts have their figures in `floats-group`"""


def read_jats(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    try:
        root = parse(path)
    except Unreadable as error:
        yield SourceDocument(path.stem, source, "", problem=str(error))
        return
    articles = [root] if local(root) == "article" else root.findall(".//{*}article")
    if not articles:
        yield SourceDocument(path.stem, source, "", problem="no JATS article in it")
    for number, article in enumerate(articles, start=1):
        name = path.stem if len(articles) == 1 else f"{path.stem}:{number}"
        yield _document(source, name, article)


def read_jats_front(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    """What an article says of itself, without its text: read no further than `</front>`.

    For an audit of licences, which is many times quicker so; its `text` is empty.
    """
    article = _up_to_front(path)
    if article is None:  # several articles, none, or broken: the full reader says which
        yield from (replace(found, text="") for found in read_jats(source, settings, path))
        return
    language = (article.get(XML_LANG) or "").lower()
    meta = article.find("{*}front/{*}article-meta")
    if meta is None:
        yield SourceDocument(path.stem, source, "", language)
        return
    yield SourceDocument(
        _doi(meta) or path.stem, source, "", language, _attribution(meta), _evidence(meta)
    )


def _up_to_front(path: Path) -> etree._Element | None:
    parser = etree.XMLPullParser(
        events=("end",),
        tag="{*}front",
        resolve_entities="internal",
        no_network=True,
        load_dtd=False,
    )
    with path.open("rb") as stream:
        try:
            while chunk := stream.read(16 * 1024):
                parser.feed(chunk)
                for _, front in parser.read_events():
                    article = front.getparent()
                    if article is None or article.getparent() is not None:
                        return None
                    return article if local(article) == "article" else None
        except etree.XMLSyntaxError:
            return None
    return None


def _document(source: str, name: str, article: etree._Element) -> SourceDocument:
    meta = article.find("{*}front/{*}article-meta")
    language = (article.get(XML_LANG) or "").lower()
    parts = []
    evidence: tuple[Evidence, ...] = ()
    attribution = ""
    if meta is not None:
        title = meta.find("{*}title-group/{*}article-title")
        parts += [flat(title, _JATS)] if title is not None else []
        for abstract in meta.findall("{*}abstract"):
            parts += paragraphs(abstract, _JATS)
        evidence = _evidence(meta)
        attribution = _attribution(meta)
        name = _doi(meta) or name
    for place in _PLACES:
        for part in article.findall("/".join(f"{{*}}{name}" for name in place.split("/"))):
            parts += paragraphs(part, _JATS)
    text = "\n\n".join(part for part in parts if part)
    problem = "" if text else "no text"
    return SourceDocument(name, source, text, language, attribution, evidence, problem)


def _doi(meta: etree._Element) -> str:
    return (meta.findtext("{*}article-id[@pub-id-type='doi']") or "").strip()


def _evidence(meta: etree._Element) -> tuple[Evidence, ...]:
    permissions = meta.find("{*}permissions")
    holder = permissions if permissions is not None else meta
    statements = []
    for licence in holder.findall("{*}license"):
        links = [node.get(_XLINK_HREF) for node in licence.iter(etree.Element)]
        words = " ".join(" ".join(str(part) for part in licence.itertext()).split())
        statements.append(" ".join([words, *dict.fromkeys(link for link in links if link)]))
    statements += [
        (node.text or "").strip() for node in holder.iter("{http://www.niso.org/schemas/ali/1.0/}license_ref")
        if not any(local(parent) == "license" for parent in node.iterancestors())
    ]  # fmt: skip
    return tuple(Evidence(1, statement.strip()) for statement in statements if statement.strip())


def _attribution(meta: etree._Element) -> str:
    names = [
        flat(who, _JATS)
        if local(who) == "collab"
        else " ".join(filter(None, (who.findtext("{*}given-names"), who.findtext("{*}surname"))))
        for contributor in meta.findall("{*}contrib-group/{*}contrib")
        for who in contributor
        if local(who) in ("name", "collab")
    ]
    return ", ".join(name for name in names if name)
