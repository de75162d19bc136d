"""A copy of a whole repo under another name: the files of `main`, without their history."""

from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.rehearsal.context import base_url, downloadable, hub_of, text
from hub.rehearsal.errors import HubError, bad_request, conflict, revision_not_found
from hub.rehearsal.names import new_repo_id
from hub.rehearsal.repository import Repository
from hub.rehearsal.settings import Settings
from hub.rehearsal.store import MAIN


def duplicate(request: Request, body: dict[str, Any]) -> Response:
    """POST T/duplicate {repository, visibility | private, hardware?, variables?, secrets?}"""
    hub, source = hub_of(request), downloadable(request)
    namespace, _, name = text(body, "repository").partition("/")
    new = new_repo_id(source.repo.kind, namespace, name)
    user = hub.accounts.require_writer(request, namespace)
    old = source.settings
    settings = Settings(created_by=user, visibility=old.visibility, sdk=old.sdk)
    if "visibility" in body or "private" in body:
        asked = body.get("visibility", "private" if body.get("private") else "public")
        if asked not in ("public", "private", "protected"):
            raise bad_request("'visibility' must be public, private or protected")
        settings.visibility = asked
    if new.kind == "space":
        _space(settings, body)
    address = f"{base_url(request)}/{new.url_path}"
    title = f"Duplicate from {source.repo.full_name}"
    try:
        with source.reading():
            hub.store.create(new, settings, _files(source), title)
    except HubError as error:
        raise conflict(error.message, url=address, name=new.full_name) from error
    return JSONResponse({"url": address, "name": new.full_name, "id": settings.id})


def _space(settings: Settings, body: dict[str, Any]) -> None:
    settings.hardware = None if body.get("hardware") is None else str(body["hardware"])
    for key in ("variables", "secrets"):
        given = body.get(key) or []
        if not isinstance(given, list) or not all(isinstance(v, dict) for v in given):
            raise bad_request(f"'{key}' must be a list of objects")
        for item in given:
            if key == "variables":
                settings.variables[text(item, "key", 200)] = text(item, "value", 10_000)
            else:
                settings.secret_names.append(text(item, "key", 200))


def _files(source: Repository) -> Iterator[tuple[str, bytes]]:
    """Path and content of every file, of a large one the pointer."""
    head = source.head(MAIN)
    if head is None:
        raise revision_not_found("main")
    for entry in source.folder(head).entries(recursive=True):
        if not entry.is_folder:
            yield entry.path, source.data(entry.oid)
