"""TEI: HAL's records (titles and abstracts), ISTEX's and other full texts.

One document per language, because a corpus is counted, filtered and trained by language and a HAL
record has its title and abstract in several: `hal-00766214` for the record's main language,
`hal-00766214:fr` for another. A full text belongs to the main language.

HAL's traps: `<teiHeader>` describes the export, not the article (its title is "HAL TEI export of
…"); the record is `<biblFull>`, its titles come twice (`<titleStmt>`, `<analytic>`), abstracts hold
bare text, and `langUsage` may contradict the title's own `xml:lang`.

Licence evidence is of rank 1. The header of a HAL export licenses the notice, hence titles and
abstracts and nothing else: beside a full text only the record's own `<availability>` counts.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from lxml import etree

from corpus.document import SourceDocument
from corpus.readers.files import Unreadable
from corpus.readers.language import language_code
from corpus.readers.markup import XML_LANG, Vocabulary, flat, local, paragraphs, parse
from corpus.settings import SourceSettings
from hub.licences.evidence import Evidence

_TEI = Vocabulary(
    blocks=frozenset({
        "ab", "body", "cell", "div", "div1", "div2", "div3", "docAuthor", "docTitle",
        "epigraph", "figDesc", "figure", "head", "item", "l", "lg", "list", "note", "opener",
        "p", "q", "quote", "row", "salute", "signed", "sp", "speaker", "stage", "table",
        "titlePage",
    }),
    dropped=frozenset({
        "bibl", "biblFull", "biblStruct", "formula", "graphic", "listBibl", "listOrg",
    }),
)  # fmt: skip
_NOTICE = "(HAL: said of the notice, that is its titles and abstracts, not of the article's text)"


def read_tei(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    try:
        root = parse(path)
    except Unreadable as error:
        yield SourceDocument(path.stem, source, "", problem=str(error))
        return
    texts = [root] if local(root) == "TEI" else root.findall(".//{*}TEI")
    if not texts:
        yield SourceDocument(path.stem, source, "", problem="no TEI document in it")
    for number, tei in enumerate(texts, start=1):
        name = path.stem if len(texts) == 1 else f"{path.stem}:{number}"
        records = tei.findall("{*}text/{*}body/{*}listBibl/{*}biblFull")
        if len(records) == 1:
            yield from _documents(source, name, tei, records[0])
        for place, record in enumerate(records, start=1):
            if len(records) > 1:  # a search result: notices only
                yield from _documents(source, f"{name}:{place}", tei, record, alone=False)
        if not records:
            yield from _documents(source, name, tei, None)


def _documents(
    source: str, name: str, tei: etree._Element, record: etree._Element | None, alone: bool = True
) -> Iterator[SourceDocument]:
    """The documents of a text or of a HAL record; `alone`: a full text beside it is its own."""
    header = tei.find("{*}teiHeader")
    described = record if record is not None else header
    full_text = _full_text(tei) if alone else []
    if described is None:
        yield SourceDocument(name, source, "", problem="no teiHeader in it")
        return
    main = _main_language(tei, described)
    parts = _by_language(_headings(tei, described), main)
    if full_text:
        parts.setdefault(main, []).extend(full_text)
    name = _first_text(described, "{*}publicationStmt/{*}idno[@type='halId']") or name
    evidence = _evidence(header, record, bool(full_text))
    attribution = _attribution(described)
    languages = sorted(parts, key=lambda language: language != main)
    for position, language in enumerate(languages):
        id = name if position == 0 else f"{name}:{language}"
        text = "\n\n".join(parts[language])
        yield SourceDocument(id, source, text, language, attribution, evidence)
    if not languages:
        yield SourceDocument(name, source, "", problem="no text")


def _headings(tei: etree._Element, described: etree._Element) -> Iterator[etree._Element]:
    """Titles, then abstracts."""
    is_header = local(described) == "teiHeader"
    titles = described.findall(("{*}fileDesc/" if is_header else "") + "{*}titleStmt/{*}title")
    if not any(flat(title, _TEI) for title in titles):
        titles = described.findall(".//{*}biblStruct/{*}analytic/{*}title")
    yield from titles
    yield from described.findall("{*}profileDesc/{*}abstract")
    if is_header:
        for part in tei.findall("{*}text/{*}front/{*}div"):
            if part.get("type") == "abstract":
                yield part


def _by_language(elements: Iterable[etree._Element], main: str) -> dict[str, list[str]]:
    parts: dict[str, list[str]] = {}
    for element in elements:
        if found := paragraphs(element, _TEI):
            language = language_code(element.get(XML_LANG) or "") or main
            parts.setdefault(language, []).extend(found)
    return parts


def _full_text(tei: etree._Element) -> list[str]:
    """Front matter but for abstracts, body, appendices; HAL's `<listBibl>` is not text."""
    found = []
    for child in tei.iterfind("{*}text/{*}front/*"):
        if local(child) not in _TEI.dropped and child.get("type") != "abstract":
            found += paragraphs(child, _TEI)
    for body in tei.findall("{*}text/{*}body"):
        found += paragraphs(body, _TEI)
    for division in tei.findall("{*}text/{*}back/{*}div"):
        found += paragraphs(division, _TEI) if division.get("type") == "appendix" else []
    return found


def _main_language(tei: etree._Element, described: etree._Element) -> str:
    used = described.find("{*}profileDesc/{*}langUsage/{*}language")
    text = tei.find("{*}text")
    said = [
        used.get("ident") if used is not None else "",
        text.get(XML_LANG) if text is not None else "",
        tei.get(XML_LANG),
    ]
    return next((code for word in said if (code := language_code(word or ""))), "")


def _evidence(
    header: etree._Element | None, record: etree._Element | None, has_full_text: bool
) -> tuple[Evidence, ...]:
    place = "{*}publicationStmt/{*}availability"
    of_header = _statements(header, f"{{*}}fileDesc/{place}")
    if record is None:
        statements = of_header
    elif has_full_text:
        statements = _statements(record, place)
    else:
        notice = [f"{statement} {_NOTICE}" for statement in of_header]
        statements = [*notice, *_statements(record, place)]
    return tuple(Evidence(1, statement) for statement in statements)


def _statements(parent: etree._Element | None, place: str) -> list[str]:
    """Each `<licence>` with its words and link; prose in `<p>` counts where there is none."""
    found = []
    for availability in parent.findall(place) if parent is not None else []:
        licences = availability.findall(".//{*}licence")
        for element in licences or availability.findall("{*}p"):
            words = f"{flat(element, _TEI)} {element.get('target') or ''}".strip()
            found += [words] if words else []
    return found


def _attribution(described: etree._Element) -> str:
    is_header = local(described) == "teiHeader"
    authors = described.findall(("{*}fileDesc/" if is_header else "") + "{*}titleStmt/{*}author")
    names = []
    for author in authors:
        person = author.find("{*}persName")
        if person is not None:
            parts = [flat(part, _TEI) for part in person if local(part) in ("forename", "surname")]
            names.append(" ".join(filter(None, parts)) or flat(person, _TEI))
        elif organisation := author.findtext("{*}orgName"):
            names.append(" ".join(organisation.split()))
    return ", ".join(filter(None, names))


def _first_text(parent: etree._Element, place: str) -> str:
    return (parent.findtext(place) or "").strip()
