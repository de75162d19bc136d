"""The community tab's endpoints: discussions and pull requests (what they do is in `pulls`)."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.rehearsal import diffs, pulls
from hub.rehearsal.context import hub_of, param, readable, text, writable
from hub.rehearsal.errors import HubError, bad_request
from hub.rehearsal.names import RepoId
from hub.rehearsal.repository import Repository
from hub.rehearsal.settings import Discussion, Event

PAGE_DISCUSSIONS = 10
HIDDEN = "This comment has been hidden"
MAX_COMMENT_CHARACTERS = 65_536


def listing(request: Request) -> Response:
    """GET discussions with `p`, `type`, `status`, `author`; newest first."""
    repository = readable(request)
    asked = request.query_params
    found = [
        item
        for item in reversed(repository.settings.discussions)
        if asked.get("author") in (None, item.author)
        and asked.get("type") in (None, "all", _type(item))
        and asked.get("status") in (None, "all", "closed" if _is_closed(item) else "open")
    ]
    page = asked.get("p", "0")
    start = PAGE_DISCUSSIONS * int(page) if page.isdecimal() and len(page) < 7 else 0
    shown = [_summary(item, repository.repo) for item in found[start : start + PAGE_DISCUSSIONS]]
    return JSONResponse({"count": len(found), "start": start, "discussions": shown})


def _type(item: Discussion) -> str:
    return "pull_request" if item.is_pull_request else "discussion"


def _is_closed(item: Discussion) -> bool:
    return item.status in ("closed", "merged")


def _summary(item: Discussion, repo: RepoId) -> dict[str, Any]:
    return {
        "num": item.num,
        "title": item.title,
        "author": {"name": item.author, "type": "user"},
        "status": item.status,
        "createdAt": item.created_at,
        "isPullRequest": item.is_pull_request,
        "repo": {"name": repo.full_name, "type": repo.kind},
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": event.type,
        "author": {"name": event.author, "type": "user"},
        "createdAt": event.created_at,
        "data": event.data,
    }


def create(request: Request, body: dict[str, Any]) -> Response:
    """POST discussions {title, description, pullRequest}: by any user who may read the repo."""
    user = hub_of(request).accounts.require(request)
    repository = readable(request)
    title = text(body, "title", 200).strip()
    if len(title) < 3:
        raise bad_request("A title has at least 3 characters")
    description = text(body, "description", MAX_COMMENT_CHARACTERS)
    is_pull = bool(body.get("pullRequest"))
    found = pulls.open_discussion(repository, user, title, description, is_pull)
    return JSONResponse(_summary(found, repository.repo))


def details(request: Request) -> Response:
    """GET discussions/{num}"""
    repository = readable(request)
    found = pulls.find(repository, _number(request))
    body = _summary(found, repository.repo)
    body["events"] = [_event(event) for event in found.events]
    if found.is_pull_request:
        in_conflict = [] if _is_closed(found) else pulls.conflicts(repository, found.num)
        body["filesWithConflicts"] = in_conflict
        body["changes"] = {"base": "refs/heads/main", "mergeCommitId": found.merge_commit}
        body["diff"] = diffs.of_pull_request(repository, found)
    return JSONResponse(body)


def _number(request: Request) -> int:
    number = param(request, "num")
    if not number.isdecimal() or len(number) > 6:
        raise HubError(404, "Discussion not found")
    return int(number)


def _author_or_writer(request: Request) -> tuple[Repository, Discussion, str]:
    """A discussion may be renamed and closed by whoever opened it or may write to the repo."""
    accounts = hub_of(request).accounts
    user = accounts.require(request)
    repository = readable(request)
    found = pulls.find(repository, _number(request))
    if user != found.author:
        accounts.require_writer(request, repository.repo.namespace)
    return repository, found, user


def comment(request: Request, body: dict[str, Any]) -> Response:
    """POST discussions/{num}/comment {comment}"""
    user = hub_of(request).accounts.require(request)
    repository = readable(request)
    event = pulls.comment_event(user, text(body, "comment", MAX_COMMENT_CHARACTERS))
    pulls.change(repository, _number(request), event)
    return JSONResponse({"newMessage": _event(event)})


def rename(request: Request, body: dict[str, Any]) -> Response:
    """POST discussions/{num}/title {title}"""
    repository, found, user = _author_or_writer(request)
    title = text(body, "title", 200)
    event = Event(type="title-change", author=user, data={"from": found.title, "to": title})
    pulls.change(repository, found.num, event, title=title)
    return JSONResponse({"newTitle": _event(event)})


def set_status(request: Request, body: dict[str, Any]) -> Response:
    """POST discussions/{num}/status {status, comment?}"""
    repository, found, user = _author_or_writer(request)
    status = body.get("status")
    if status not in ("open", "closed"):
        raise bad_request("'status' must be open or closed")
    if found.status == "merged":
        raise bad_request("The pull request is merged")
    if body.get("comment"):
        note = pulls.comment_event(user, text(body, "comment", MAX_COMMENT_CHARACTERS))
        pulls.change(repository, found.num, note)
    event = Event(type="status-change", author=user, data={"status": status})
    pulls.change(repository, found.num, event, status=status)
    return JSONResponse({"newStatus": _event(event)})


def merge(request: Request, body: dict[str, Any]) -> Response:
    """POST discussions/{num}/merge {comment?}"""
    repository, user = writable(request)
    number = _number(request)
    if body.get("comment"):
        note = pulls.comment_event(user, text(body, "comment", MAX_COMMENT_CHARACTERS))
        pulls.change(repository, number, note)
    oid = pulls.merge(repository, user, number)
    return JSONResponse({"mergeCommitId": oid.decode()})


def edit_comment(request: Request, body: dict[str, Any]) -> Response:
    """POST discussions/{num}/comment/{id}/edit {content}"""
    content = text(body, "content", MAX_COMMENT_CHARACTERS)

    def edited(event: Event) -> dict[str, Any]:
        latest = pulls.comment_event(event.author, content).data["latest"]
        history = [*event.data["history"], latest]
        return {**event.data, "edited": True, "latest": latest, "history": history}

    return _change_comment(request, edited)


def hide_comment(request: Request, _body: dict[str, Any]) -> Response:
    """POST discussions/{num}/comment/{id}/hide: what it said is not kept."""

    def hidden(event: Event) -> dict[str, Any]:
        gone = pulls.comment_event(event.author, HIDDEN).data["latest"]
        return {**event.data, "hidden": True, "latest": gone, "history": [gone]}

    return _change_comment(request, hidden)


def _change_comment(request: Request, changed: Callable[[Event], dict[str, Any]]) -> Response:
    accounts = hub_of(request).accounts
    user = accounts.require(request)
    repository = readable(request)
    number, wanted = _number(request), param(request, "id")
    with repository.writing():
        found = pulls.find(repository, number)
        event = next((e for e in found.events if e.id == wanted and e.type == "comment"), None)
        if event is None:
            raise HubError(404, "Comment not found")
        if user != event.author:
            accounts.require_writer(request, repository.repo.namespace)
        new = event.model_copy(update={"data": changed(event)})
        events = [new if e.id == wanted else e for e in found.events]
        pulls.change(repository, number, events=events)
    return JSONResponse({"updatedComment": _event(new)})
