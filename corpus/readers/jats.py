"""JATS (and NLM DTD) articles: PubMed Central, PLOS, many publishers.

Taken: title, abstracts and body, paragraph by paragraph, with their headings. Left out: references,
author notes, formulas' TeX source, figure graphics. The licence evidence (rank 1) is everything that
`<permissions>` says: `<license>` prose and links, `<ali:license_ref>`.
"""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from corpus.document import SourceDocument
from corpus.settings import SourceSettings
from hub.licences.evidence import Evidence

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
_BLOCKS = ("p", "title", "td", "th", "disp-quote", "def", "verse-line", "label")
_DROPPED = ("ref-list", "fn-group", "tex-math", "graphic", "object-id", "ack", "table-wrap-foot")


def read_jats(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    # Entities are not resolved and nothing is fetched: an article must not read this machine's files.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.parse(path, parser).getroot()
    except etree.XMLSyntaxError as error:
        yield SourceDocument(path.stem, source, "", problem=f"not well-formed XML: {error.msg}")
        return
    articles = [root] if _local(root) == "article" else root.findall(".//{*}article")
    if not articles:
        yield SourceDocument(path.stem, source, "", problem="no JATS article in it")
    for number, article in enumerate(articles, start=1):
        name = path.stem if len(articles) == 1 else f"{path.stem}:{number}"
        yield _document(source, name, article)


def _document(source: str, name: str, article: etree._Element) -> SourceDocument:
    meta = article.find("{*}front/{*}article-meta")
    language = (article.get(_XML_LANG) or "").lower()
    parts = []
    evidence: tuple[Evidence, ...] = ()
    attribution = ""
    if meta is not None:
        title = meta.find("{*}title-group/{*}article-title")
        parts += [_flat(title)] if title is not None else []
        for abstract in meta.findall("{*}abstract"):
            parts += _paragraphs(abstract)
        evidence = _evidence(meta)
        attribution = _attribution(meta)
        doi = meta.find("{*}article-id[@pub-id-type='doi']")
        name = (doi.text or name).strip() if doi is not None else name
    body = article.find("{*}body")
    parts += _paragraphs(body) if body is not None else []
    text = "\n\n".join(part for part in parts if part)
    problem = "" if text else "no text"
    return SourceDocument(name, source, text, language, attribution, evidence, problem)


def _paragraphs(element: etree._Element) -> list[str]:
    """Text of the innermost blocks, in order; a block inside a block is its own paragraph."""
    found: list[str] = []
    for child in element:
        if not isinstance(child.tag, str) or _local(child) in _DROPPED:
            continue
        inner = any(_local(node) in _BLOCKS for node in child.iterdescendants(etree.Element))
        if _local(child) in _BLOCKS and not inner:
            found.append(_flat(child))
        elif _local(child) == "p":
            found += _mixed(child)
        else:
            found += _paragraphs(child)
    return found


def _mixed(paragraph: etree._Element) -> list[str]:
    """A paragraph that holds lists, tables or figures: its own words, then theirs."""
    own: list[str] = [paragraph.text or ""]
    nested: list[str] = []
    for child in paragraph:
        if isinstance(child.tag, str) and _local(child) not in _DROPPED:
            if any(_local(node) in _BLOCKS for node in child.iterdescendants(etree.Element)):
                nested += _paragraphs(child)
            else:
                own.append(_flat(child))
        own.append(child.tail or "")
    return [" ".join("".join(own).split()), *nested]


def _flat(element: etree._Element) -> str:
    """All text below `element`, dropped parts left out, white space folded."""
    words: list[str] = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str) and _local(child) not in _DROPPED:
            words.append(_flat(child))
        words.append(child.tail or "")
    return " ".join("".join(words).split())


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
        if not any(_local(parent) == "license" for parent in node.iterancestors())
    ]  # fmt: skip
    return tuple(Evidence(1, statement.strip()) for statement in statements if statement.strip())


def _attribution(meta: etree._Element) -> str:
    names = [
        _flat(who)
        if _local(who) == "collab"
        else " ".join(filter(None, (who.findtext("{*}given-names"), who.findtext("{*}surname"))))
        for contributor in meta.findall("{*}contrib-group/{*}contrib")
        for who in contributor
        if _local(who) in ("name", "collab")
    ]
    return ", ".join(name for name in names if name)


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
