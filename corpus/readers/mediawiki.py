"""MediaWiki pages: answers of the API as JSON, and XML dumps, read as a stream.

Of a dump, articles only (namespace 0) and no redirects; of the API, whatever pages the answer has,
in either of its two forms, as wikitext (`prop=revisions`) or as plain extracts (`prop=extracts`).
`rightsinfo`, where the answer has it, is what the wiki says of all its pages: evidence of rank 2.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corpus.document import SourceDocument
from corpus.readers.files import Unreadable, open_file
from corpus.readers.markup import stream
from corpus.readers.records import iterate_file, iterate_lines, text_of
from corpus.readers.wikitext import plain
from corpus.settings import SourceSettings
from hub.licences.evidence import Evidence

_REDIRECT = re.compile(r"\s*#\s*(?:redirect|redirection|weiterleitung)\b", re.I)
_MAX_WIKITEXT = 4 * 2**20
"""MediaWiki itself saves no page above 2 MiB"""


def read_mediawiki(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    if _begins_with(path, b"<"):
        yield from _read_dump(source, path)
        return
    iterate = iterate_lines if ".jsonl" in path.suffixes else iterate_file
    for name, answer in iterate(path):
        query = answer.get("query") if isinstance(answer, dict) else None
        pages = query.get("pages") if isinstance(query, dict) else None
        if isinstance(pages, dict):  # formatversion=1: by page id
            pages = list(pages.values())
        if not isinstance(pages, list) or not isinstance(query, dict):
            problem = str(answer) if isinstance(answer, Unreadable) else "no query.pages in it"
            yield SourceDocument(name, source, "", problem=problem)
            continue
        evidence = _rights(query.get("rightsinfo"))
        for number, page in enumerate(pages, start=1):
            if isinstance(page, dict):
                yield _page(source, f"{name}:{number}", page, evidence)
            else:
                yield SourceDocument(f"{name}:{number}", source, "", problem="not a JSON object")


def _begins_with(path: Path, sign: bytes) -> bool:
    try:
        with open_file(path) as stream:
            return stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(sign)
    except Unreadable:
        return False  # the JSON reader says why


def _rights(value: Any) -> tuple[Evidence, ...]:
    said = [text_of(value.get(key)) for key in ("text", "url")] if isinstance(value, dict) else []
    words = " ".join(filter(None, said))
    return (Evidence(2, words),) if words else ()


def _page(
    source: str, name: str, page: dict[str, Any], evidence: tuple[Evidence, ...]
) -> SourceDocument:
    title = text_of(page.get("title"))
    id = text_of(page.get("pageid")) or name
    extract = text_of(page.get("extract")).strip()
    if extract:
        return _of_text(source, id, title, extract, evidence)
    return _document(source, id, title, _wikitext(page), evidence)


def _wikitext(page: dict[str, Any]) -> str:
    revisions = page.get("revisions")
    revision = revisions[0] if isinstance(revisions, list) and revisions else {}
    for key in ("slots", "main"):
        inner = revision.get(key) if isinstance(revision, dict) else None
        revision = inner if isinstance(inner, dict) else revision
    if not isinstance(revision, dict):
        return ""
    return text_of(revision.get("content") or revision.get("*"))


def _document(
    source: str, id: str, title: str, wikitext: str, evidence: tuple[Evidence, ...] = ()
) -> SourceDocument:
    if _REDIRECT.match(wikitext):
        return SourceDocument(id, source, "", problem="a redirect")
    if len(wikitext) > _MAX_WIKITEXT:
        return SourceDocument(id, source, "", problem="wikitext longer than any page of a wiki")
    words = plain(wikitext)
    if not words:
        return SourceDocument(id, source, "", problem="no text")
    return _of_text(source, id, title, words, evidence)


def _of_text(
    source: str, id: str, title: str, words: str, evidence: tuple[Evidence, ...]
) -> SourceDocument:
    attribution = f"{title} (its authors: the page's history)" if title else ""
    text = f"{title}\n\n{words}" if title else words
    return SourceDocument(id, source, text, attribution=attribution, evidence=evidence)


def _read_dump(source: str, path: Path) -> Iterator[SourceDocument]:
    found = 0
    try:
        for page in stream(path, "page"):
            if page.findtext("{*}ns", "0").strip() != "0" or page.find("{*}redirect") is not None:
                continue
            found += 1
            title = page.findtext("{*}title", "").strip()
            id = page.findtext("{*}id", "").strip() or f"{path.stem}:{found}"
            wikitext = page.findtext("{*}revision/{*}text") or ""
            if not _REDIRECT.match(wikitext):
                yield _document(source, id, title, wikitext)
    except Unreadable as error:
        yield SourceDocument(f"{path.stem}:{found + 1}", source, "", problem=str(error))
        return
    if not found:
        yield SourceDocument(path.stem, source, "", problem="no article in it")
