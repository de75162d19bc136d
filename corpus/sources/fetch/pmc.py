"""PMC's open-access subset: JATS articles from the archive's cloud service.

The service is a bucket read over HTTP, one folder a version of an article:

    ?list-type=2&prefix=metadata/PMC123.   which versions there are (S3's listing)
    metadata/PMC123.2.json                 {"license_code": "CC BY", "is_retracted": false,
                                            "xml_url": "s3://BUCKET/PMC123.2/PMC123.2.xml?md5=…"}
    PMC123.2/PMC123.2.xml                  the article

A file list says which articles: `oa_file_list.csv` (File, Citation, Accession, Updated, PMID,
Licence; with or without its header) or the bucket's own (Key, ETag, …, AccessionID, …, License).
Without one the service's whole listing is walked, in the order of its keys.
"""

import csv
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from lxml import etree

from corpus.sources.fetch.folder import Filling, State
from corpus.sources.fetch.polite import Absent, Client, Damaged
from corpus.sources.fetch.settings import FetchPmc
from hub.failure import BadInput

_ID = re.compile(r"PMC\d{1,12}")
_VERSION = re.compile(r"metadata/(PMC\d{1,12})\.(\d{1,4})\.json")
_OBJECT = re.compile(r"PMC\d{1,12}\.\d{1,4}/[A-Za-z0-9._-]{1,120}\.xml")
_NO_HEADER = ("File", "Citation", "Accession", "Updated", "PMID", "License")


class Listed(NamedTuple):
    """One article that could be taken."""

    id: str
    licence: str
    """the code of the list; empty where only the article's metadata says it"""
    after: str
    """where the listing goes on behind it: a row's number, or a key"""


def fetch_pmc(settings: FetchPmc, client: Client, filling: Filling, data: Path) -> None:
    state: State = filling.state() or {"after": "", "counts": {}}
    counts: Counter[str] = Counter(state["counts"])
    (filling.partial / "articles").mkdir(exist_ok=True)
    if settings.file_list:
        articles = _from_list(_own_list(settings, client, filling, data), state["after"])
    else:
        articles = _from_bucket(settings, client, state["after"])
    while settings.limit is None or counts["records"] < settings.limit:
        room = settings.commit_every
        if settings.limit is not None:
            room = min(room, settings.limit - counts["records"])
        chunk = list(islice(articles, room))
        if not chunk:
            break
        for article in chunk:
            counts["found"] += 1
            counts[_take(article, settings, client, filling)] += 1
        filling.note({"after": chunk[-1].after, "counts": dict(counts)})
    filling.finish(counts, {})


def _take(article: Listed, settings: FetchPmc, client: Client, filling: Filling) -> str:
    """The article's newest version, if it may be taken: what became of it, as a word to count."""
    if article.licence and article.licence not in settings.licences:
        return "other_licence"
    version = _newest(article.id, settings, client)
    if version is None:
        return "absent"
    try:
        said = client.json(f"{_home(settings)}/metadata/{version}.json", {}, _check_metadata)
    except Absent:
        return "absent"
    if said.get("license_code") not in settings.licences:
        return "other_licence"
    if said.get("is_retracted") in (True, "yes"):
        return "retracted"
    address = urlsplit(str(said.get("xml_url") or ""))
    key = address.path.lstrip("/")
    if address.scheme != "s3" or not _OBJECT.fullmatch(key):
        return "no_xml"
    target = filling.partial / "articles" / f"{version}.xml"
    if not target.exists():  # a killed run may have fetched it and not noted it
        md5 = parse_qs(address.query).get("md5", [""])[0]
        try:
            client.file(f"{_home(settings)}/{key}", target, md5)
        except Absent:
            return "absent"
    return "records"


def _newest(id: str, settings: FetchPmc, client: Client) -> str | None:
    """`PMC123.10` is newer than `PMC123.2`."""
    keys, _ = _listing(settings, client, f"metadata/{id}.", "")
    found = [match for key in keys if (match := _VERSION.fullmatch(key)) and match[1] == id]
    newest = max(found, key=lambda match: int(match[2]), default=None)
    return f"{id}.{newest[2]}" if newest else None


def _from_list(path: Path, after: str) -> Iterator[Listed]:
    """The rows of a file list behind row `after`."""
    start = int(after or 0)
    header: list[str] | None = None
    with path.open(encoding="utf-8", errors="replace", newline="") as lines:
        for number, row in enumerate(_rows(lines), start=1):
            if header is None:
                if len(row) < 2:
                    raise BadInput("the file list is no CSV: its first row is a single cell")
                named = bool({"Accession ID", "AccessionID", "Key"} & set(row))
                header = row if named else list(_NO_HEADER)
                if named:
                    continue
            cells = dict(zip(header, row, strict=False))
            names = ("AccessionID", "Accession ID", "Accession")
            id = next((cells[name] for name in names if cells.get(name)), "")
            if number > start and _ID.fullmatch(id):
                yield Listed(id, cells.get("License", "").strip(), str(number))


def _rows(lines: Iterable[str]) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines)
    except csv.Error as error:
        raise BadInput(f"the file list is no CSV: {error}") from error


def _own_list(settings: FetchPmc, client: Client, filling: Filling, data: Path) -> Path:
    """The list as it was when the fetch began: rows keep their numbers through a kill."""
    name, own = settings.file_list, filling.partial / "file-list.csv"
    if own.is_file():
        return own
    if name.startswith(_home(settings) + "/"):
        client.file(name, own)
        return own
    if not (data / name).is_file():
        raise BadInput(f"there is no file list {data / name}")
    temporary = own.with_suffix(".tmp")
    shutil.copyfile(data / name, temporary)
    temporary.replace(own)
    return own


def _from_bucket(settings: FetchPmc, client: Client, after: str) -> Iterator[Listed]:
    """Every article of the service behind key `after`, its versions passed over together."""
    last = _VERSION.fullmatch(after)
    before = last[1] if last else ""
    while True:
        keys, more = _listing(settings, client, "metadata/", after)
        for key in keys:
            match = _VERSION.fullmatch(key)
            if match and match[1] != before:
                before = match[1]
                yield Listed(before, "", key)
        if not more or not keys:
            return
        after = keys[-1]


def _listing(settings: FetchPmc, client: Client, prefix: str, after: str) -> tuple[list[str], bool]:
    """Keys below `prefix` behind `after`, and whether there are more.

    A place is named by the key before it and not by S3's token, which does not outlive a kill.
    """
    asked = {"list-type": "2", "prefix": prefix, "start-after": after}
    return client.parsed(_home(settings) + "/", asked, _parse_listing)


def _parse_listing(content: bytes) -> tuple[list[str], bool]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise Damaged(f"not a listing: {error}") from error
    if etree.QName(root).localname != "ListBucketResult":
        raise Damaged("not a listing")
    keys = [str(key.text) for key in root.findall("{*}Contents/{*}Key")]
    return keys, root.findtext("{*}IsTruncated", "false") == "true"


def _check_metadata(value: Any) -> None:
    if not isinstance(value, dict):
        raise Damaged("not an object")


def _home(settings: FetchPmc) -> str:
    return settings.endpoint.rstrip("/")
