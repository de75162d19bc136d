"""The MediaWiki API: pages of categories and their direct subcategories, with their licence.

First the members (`list=categorymembers`), then the texts by page id, fifty at a time
(`prop=revisions`); the wiki's `rightsinfo` comes with every answer and stays in it. An answer may
leave part of what was asked to the next (`continue`): a batch is whole when nothing is left.
https://www.mediawiki.org/wiki/API:Etiquette asks for one request at a time and for `maxlag`.
"""

from typing import Any

from corpus.sources.fetch.folder import Filling, State
from corpus.sources.fetch.polite import Client, Damaged
from corpus.sources.fetch.settings import FetchMediaWiki
from hub.failure import Failed

BATCH = 50
_ALWAYS = {"action": "query", "format": "json", "formatversion": "2", "maxlag": "5"}
_NOT_NOW = ("maxlag", "ratelimited", "readonly", "internal_api_error")
_MOST_ANSWERS = 10_000
"""to one question: more would be a service that goes in circles"""


def fetch_mediawiki(settings: FetchMediaWiki, client: Client, filling: Filling) -> None:
    state: State = filling.state() or {"members": _members(settings, client), "batches": 0}
    filling.note(state)
    members: list[int] = state["members"][: settings.limit]
    rights: Any = state.get("rights", {})
    absent: int = state.get("absent", 0)
    for start in range(state["batches"] * BATCH, len(members), BATCH):
        asked = members[start : start + BATCH]
        pages, rights = _texts(settings, client, asked)
        number = start // BATCH + 1
        filling.write(
            f"pages/{number:05d}.json",
            {"batchcomplete": True, "query": {"rightsinfo": rights, "pages": pages}},
        )
        absent += len(asked) - len(pages)
        filling.note(state | {"batches": number, "rights": rights, "absent": absent})
    counts = {"found": len(members), "records": len(members) - absent, "absent": absent}
    filling.finish(counts, {"rights": rights})


def _members(settings: FetchMediaWiki, client: Client) -> list[int]:
    """Ids of the articles, each once; raises Failed for a category that holds nothing."""
    pages: set[int] = set()
    below: dict[str, None] = {}
    for title in settings.categories:
        found = _list(settings, client, title, "page", "0")
        inside = _list(settings, client, title, "subcat", "14") if settings.depth else []
        if not found and not inside:
            raise Failed(f"the wiki has nothing in {title}: look at its name, namespace included")
        pages |= {int(member["pageid"]) for member in found}
        below |= dict.fromkeys(str(member["title"]) for member in inside)
    for title in below.keys() - set(settings.categories):
        pages |= {int(member["pageid"]) for member in _list(settings, client, title, "page", "0")}
    return sorted(pages)


def _list(
    settings: FetchMediaWiki, client: Client, title: str, kind: str, namespace: str
) -> list[dict[str, Any]]:
    asked = {
        "list": "categorymembers", "cmtitle": title, "cmtype": kind, "cmnamespace": namespace,
        "cmlimit": "500", "cmprop": "ids|title",
    }  # fmt: skip
    members: list[dict[str, Any]] = []
    for query in _answers(settings, client, asked):
        members += query.get("categorymembers", [])
    return members


def _texts(
    settings: FetchMediaWiki, client: Client, ids: list[int]
) -> tuple[list[dict[str, Any]], Any]:
    """Pages with their latest text, in the order of ids; those deleted meanwhile are left out."""
    asked = {
        "prop": "revisions", "rvprop": "ids|timestamp|content", "rvslots": "main",
        "pageids": "|".join(map(str, ids)), "meta": "siteinfo", "siprop": "rightsinfo|general",
    }  # fmt: skip
    pages: dict[int, dict[str, Any]] = {}
    rights: Any = {}
    for query in _answers(settings, client, asked):
        rights = query.get("rightsinfo", rights)
        for page in query.get("pages", []):
            if page.get("revisions"):
                pages[int(page["pageid"])] = page
    return [pages[id] for id in ids if id in pages], rights


def _answers(
    settings: FetchMediaWiki, client: Client, asked: dict[str, str]
) -> list[dict[str, Any]]:
    """The `query` part of every answer to one question, to its end."""
    found: list[dict[str, Any]] = []
    following: dict[str, str] = {}
    seen: set[tuple[tuple[str, str], ...]] = set()
    while len(found) < _MOST_ANSWERS:
        answer = client.json(settings.endpoint, {**_ALWAYS, **asked, **following}, _check)
        found.append(answer.get("query", {}))
        if "continue" not in answer:
            return found
        following = {str(key): str(value) for key, value in answer["continue"].items()}
        place = tuple(sorted(following.items()))
        if place in seen:
            break
        seen.add(place)
    raise Failed(f"the wiki goes in circles over {asked.get('cmtitle', 'a batch of pages')}")


def _check(answer: Any) -> None:
    if not isinstance(answer, dict):
        raise Damaged("not an object")
    error = answer.get("error")
    if isinstance(error, dict):
        words = f"{error.get('code')}: {error.get('info')}"
        if error.get("code") in _NOT_NOW:
            raise Damaged(words)
        raise Failed(f"the wiki does not take the question ({words})")
    if not all(isinstance(answer.get(part, {}), dict) for part in ("query", "continue")):
        raise Damaged("a part of it is no object")
    if "query" not in answer and "batchcomplete" not in answer:
        raise Damaged("neither a part of an answer nor its end")
