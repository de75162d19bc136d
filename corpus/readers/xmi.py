"""UIMA CAS as XMI, exported by WebAnno, INCEpTION or DKPro (E3C).

The text is the attribute `sofaString` of `<cas:Sofa>`; everything else annotates it. Read with lxml
and not with dkpro-cassis, which builds every annotation: the same texts come out of E3C's 55 files
5 times faster. A text that a CAS only points to (`sofaURI`) is not fetched.

The document's metadata is an annotation too (E3C: `custom:METADATA` with `docLicense`,
`docLanguage`, `docName`, `docAuthor`). Whoever annotated a text wrote it, not the text's author:
licence evidence of rank 3, whatever `licence_by` says.
"""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from corpus.document import SourceDocument
from corpus.readers.files import Unreadable
from corpus.readers.language import language_code
from corpus.readers.markup import local, parse
from corpus.settings import SourceSettings
from hub.licences.evidence import Evidence

_SOFA = "{http:///uima/cas.ecore}Sofa"
_METADATA = ("docLicense", "docLicence", "docLanguage", "docName", "docAuthor", "language")


def read_xmi(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    try:
        root = parse(path)
    except Unreadable as error:
        yield SourceDocument(path.stem, source, "", problem=str(error))
        return
    views = root.findall(_SOFA)
    if local(root) != "XMI" or not views:
        yield SourceDocument(path.stem, source, "", problem="no UIMA text (cas:Sofa) in it")
        return
    said = _metadata(root)
    name = said.get("docName") or path.stem
    licence = said.get("docLicense") or said.get("docLicence")
    for number, view in enumerate(views, start=1):
        text = view.get("sofaString") or ""
        elsewhere = "its text lies elsewhere (sofaURI)" if view.get("sofaURI") else "no text"
        yield SourceDocument(
            id=name if len(views) == 1 else f"{name}:{view.get('sofaID') or number}",
            source=source,
            text=text if text.strip() else "",
            language=said.get("docLanguage") or said.get("language") or "",
            attribution=_names(said.get("docAuthor", "")),
            evidence=(Evidence(3, licence),) if licence else (),
            problem="" if text.strip() else elsewhere,
        )


def _metadata(root: etree._Element) -> dict[str, str]:
    """The first value of each known attribute, in whatever namespace the project put it."""
    found: dict[str, str] = {}
    for annotation in root:
        for name in _METADATA:
            value = (annotation.get(name) or "").strip()
            if value and "anguage" in name:
                value = language_code(value)
            if value and name not in found:
                found[name] = value
    return found


def _names(authors: str) -> str:
    """`A  B ;  C D` as other readers write it: `A B, C D`."""
    return ", ".join(name for part in authors.split(";") if (name := " ".join(part.split())))
