"""Gated repos: who asked to see the files, who was let in, and by whom.

    POST /{repo}/ask-access                              as the form on a repo's page does
    GET  T/user-access-request/{pending|accepted|rejected}
    POST T/user-access-request/handle                    {user | requestId, status}
    POST T/user-access-request/grant                     {user}: let in without being asked

With `gated: auto` whoever asks is let in at once, with `manual` somebody has to accept.
"""

from typing import Any, cast, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.rehearsal.context import hub_of, param, readable, text, writable
from hub.rehearsal.errors import HubError, bad_request
from hub.rehearsal.repository import Repository
from hub.rehearsal.settings import AccessRequest, AccessStatus

MAX_REQUESTS = 10_000
_STATUSES = get_args(AccessStatus)


def ask(request: Request, body: dict[str, Any]) -> Response:
    """POST /{repo}/ask-access: any user who can see the repo; the body is the form's fields."""
    user = hub_of(request).accounts.require(request)
    repository = readable(request)
    fields = {str(key)[:100]: str(value)[:1000] for key, value in list(body.items())[:50]}
    with repository.writing():
        settings = _gated(repository)
        known = next((entry for entry in settings.access if entry.user == user), None)
        if known is None:
            status: AccessStatus = "accepted" if settings.gated == "auto" else "pending"
            known = AccessRequest(user=user, status=status, fields=fields or None)
            _add(repository, known)
    return JSONResponse(_shown(known))


def listing(request: Request) -> Response:
    """GET user-access-request/{status}: for those who may write to the repo."""
    repository, _ = writable(request)
    status = param(request, "status")
    if status not in _STATUSES:
        raise bad_request(f"The status must be one of {', '.join(_STATUSES)}")
    return JSONResponse([_shown(e) for e in _gated(repository).access if e.status == status])


def handle(request: Request, body: dict[str, Any]) -> Response:
    """POST user-access-request/handle"""
    repository, _ = writable(request)
    status = body.get("status")
    if status not in _STATUSES:
        raise bad_request(f"'status' must be one of {', '.join(_STATUSES)}")
    if ("user" in body) == ("requestId" in body):
        raise bad_request("Exactly one of 'user' and 'requestId' must be given")
    with repository.writing():
        settings = _gated(repository)
        if "user" in body:
            _known_user(request, text(body, "user"))
        found = [e for e in settings.access if body.get("user", e.user) == e.user]
        found = [e for e in found if body.get("requestId", e.id) == e.id]
        if not found:
            raise HubError(404, "There is no such access request")
        if found[0].status == status:
            raise HubError(404, f"The access request is in the {status} list already")
        found[0].status = cast(AccessStatus, status)
        repository.save(settings)
    return JSONResponse(_shown(found[0]))


def grant(request: Request, body: dict[str, Any]) -> Response:
    """POST user-access-request/grant"""
    repository, _ = writable(request)
    user = text(body, "user")
    with repository.writing():
        settings = _gated(repository)
        _known_user(request, user)
        known = next((entry for entry in settings.access if entry.user == user), None)
        if known is not None and known.status == "accepted":
            raise bad_request(f"{user} has access already")
        if known is None:
            known = AccessRequest(user=user, status="accepted", granted=True)
            _add(repository, known)
        else:
            known.status = "accepted"
            repository.save(settings)
    return JSONResponse(_shown(known))


def _gated(repository: Repository) -> Any:
    settings = repository.settings
    if not settings.gated:
        raise bad_request("This repo is not gated")
    return settings


def _add(repository: Repository, entry: AccessRequest) -> None:
    settings = repository.settings
    if len(settings.access) >= MAX_REQUESTS:
        raise bad_request("Too many access requests")
    settings.access.append(entry)
    repository.save(settings)


def _known_user(request: Request, user: str) -> None:
    if not hub_of(request).accounts.is_user(user):
        raise HubError(404, f"There is no user {user}")


def _shown(entry: AccessRequest) -> dict[str, Any]:
    user = {"user": entry.user, "fullname": entry.user, "type": "user"}
    if not entry.granted:
        user["email"] = f"{entry.user}@rehearsal.invalid"
    shown = {"requestId": entry.id, "user": user, "status": entry.status}
    if entry.fields is not None:
        shown["fields"] = entry.fields
    return {**shown, "timestamp": entry.created_at}
