"""HAL's search API: Solr with a cursor, https://api.archives-ouvertes.fr/docs/search

    {"response": {"numFound": 3, "docs": [{"docid": "1", "halId_s": "hal-01", …}]},
     "nextCursorMark": "AoE…"}

Sorted by `docid`, which never changes, the cursor stands for a place and not for a moment: a killed
fetch goes on with it days later. The end is a cursor that comes back as it was sent.
"""

import json
import re
from typing import Any

from corpus.sources.fetch.folder import Filling, State
from corpus.sources.fetch.polite import Absent, Client, Damaged
from corpus.sources.fetch.settings import FetchHal
from hub.disk import write_json
from hub.failure import Failed

ROWS = 500
FIELDS = (
    "docid,halId_s,uri_s,title_s,subTitle_s,abstract_s,fr_title_s,fr_abstract_s,en_title_s,"
    "en_abstract_s,keyword_s,language_s,licence_s,authFullName_s,docType_s,journalTitle_s,"
    "producedDate_s,openAccess_bool,fileMain_s"
)
_SAFE_ID = re.compile(r"[A-Za-z0-9_.-]{1,80}")


def fetch_hal(settings: FetchHal, client: Client, filling: Filling) -> None:
    state: State = filling.state() or {"cursor": "*", "pages": 0, "records": 0, "files": 0}
    seen = _ids_on_disk(filling)
    found = state["records"]
    while not state.get("done"):
        answer = _page(settings, client, state["cursor"])
        found = answer["response"]["numFound"]
        wanted = found if settings.limit is None else min(found, settings.limit)
        fresh = {d["docid"]: d for d in answer["response"]["docs"] if d["docid"] not in seen}
        docs = list(fresh.values())[: wanted - state["records"]]
        following = answer["nextCursorMark"]
        state["done"] = following == state["cursor"] or state["records"] + len(docs) >= wanted
        if docs:
            state["pages"] += 1
            filling.write(f"records/{state['pages']:05d}.json", {"response": {"docs": docs}})
            state["files"] += _files(docs, client, filling) if settings.full_text else 0
            state["records"] += len(docs)
            seen |= fresh.keys()
        elif not state["done"] and not answer["response"]["docs"]:
            raise Failed("HAL gives empty pages before the end: run again later")
        state["cursor"] = following
        filling.note(state)
    if state["records"] < min(found, settings.limit or found):
        raise Failed(
            f"HAL speaks of {found} records and gave {state['records']}: it changed meanwhile, "
            f"remove {filling.partial} and fetch anew"
        )
    counts = {"found": found, "records": state["records"], "files": state["files"]}
    filling.finish(counts, {})


def _page(settings: FetchHal, client: Client, cursor: str) -> Any:
    rows = min(ROWS, settings.limit or ROWS)
    parameters: dict[str, str | list[str]] = {
        "q": settings.query, "fq": list(settings.filters), "fl": FIELDS, "rows": str(rows),
        "sort": "docid asc", "cursorMark": cursor, "wt": "json",
    }  # fmt: skip
    return client.json(settings.endpoint, parameters, _check)


def _check(answer: Any) -> None:
    if isinstance(answer, dict) and "error" in answer:
        raise Failed(f"HAL does not take the query: {str(answer['error'])[:200]}")
    try:
        response = answer["response"]
        right = isinstance(response["numFound"], int) and isinstance(answer["nextCursorMark"], str)
        right &= all(isinstance(doc["docid"], str | int) for doc in response["docs"])
    except (KeyError, TypeError) as error:
        raise Damaged(f"no {error} in it") from error
    if not right:
        raise Damaged("not a page of records")


def _ids_on_disk(filling: Filling) -> set[str | int]:
    """Of the pages that the state speaks of; one written after it is written again."""
    pages = (filling.state() or {}).get("pages", 0)
    seen: set[str | int] = set()
    for number in range(1, pages + 1):
        page = json.loads((filling.partial / f"records/{number:05d}.json").read_bytes())
        seen |= {doc["docid"] for doc in page["response"]["docs"]}
    return seen


def _files(docs: list[dict[str, Any]], client: Client, filling: Filling) -> int:
    """The deposited file of each record that has one; a file that HAL keeps back is passed over."""
    folder = filling.partial / "files"
    folder.mkdir(exist_ok=True)
    taken = 0
    for doc in docs:
        name, url = str(doc.get("halId_s", "")), doc.get("fileMain_s")
        if not isinstance(url, str) or not _SAFE_ID.fullmatch(name):
            continue
        target = folder / f"{name}.pdf"
        try:
            if not target.exists():
                client.file(url, target)
            # A PDF does not say its licence: its record lies beside it.
            write_json(target.with_suffix(".json"), doc)
            taken += 1
        except Absent:
            continue
    return taken
