"""What a Space has beside its files: hardware, variables, secrets. Nothing of it is ever run here.

The state is what the files would give: RUNNING with an app file, NO_APP_FILE without. A secret's
value is not kept at all, only its name.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.rehearsal import card, info
from hub.rehearsal.context import readable, text, writable
from hub.rehearsal.errors import bad_request, revision_not_found
from hub.rehearsal.repository import Repository
from hub.rehearsal.store import MAIN

MAX_SETTINGS = 200


def _runtime(repository: Repository) -> dict[str, Any]:
    with repository.reading():
        head = repository.head(MAIN)
        if head is None:
            raise revision_not_found("main")
        root = repository.folder(head)
        files = {entry.path for entry in root.entries(recursive=True) if not entry.is_folder}
        data = card.read(repository.text(root, "README.md") or "").data
    found: dict[str, Any] = info.space_fields(repository, repository.settings, data, files)
    return {**found["runtime"], "sha": head.decode()}


def runtime(request: Request) -> Response:
    """GET runtime"""
    return JSONResponse(_runtime(readable(request)))


def change(request: Request, body: dict[str, Any]) -> Response:
    """POST hardware {flavor, sleepTimeSeconds?}, sleeptime {seconds}, restart, pause."""
    repository, _ = writable(request)
    with repository.writing():
        settings = repository.settings
        if "flavor" in body:
            settings.hardware = text(body, "flavor", 50)
        seconds = body.get("sleepTimeSeconds", body.get("seconds"))
        if seconds is not None and not isinstance(seconds, int):
            raise bad_request("The sleep time must be a number of seconds")
        settings.sleep_seconds = seconds if seconds is not None else settings.sleep_seconds
        repository.save(settings)
    return JSONResponse(_runtime(repository))


def settings_of(request: Request) -> Response:
    """GET variables or secrets: for those who may write to the Space."""
    repository, _ = writable(request)
    return JSONResponse(_listed(request, repository))


def _listed(request: Request, repository: Repository) -> dict[str, Any]:
    settings = repository.settings
    if request.url.path.endswith("/secrets"):
        return {name: {"key": name} for name in settings.secret_names}
    return {name: {"value": value} for name, value in settings.variables.items()}


def change_setting(request: Request, body: dict[str, Any]) -> Response:
    """POST or DELETE variables or secrets {key, value?}"""
    repository, _ = writable(request)
    key = text(body, "key", 200)
    with repository.writing():
        settings = repository.settings
        if request.url.path.endswith("/variables"):
            settings.variables.pop(key, None)
            if request.method == "POST":
                settings.variables[key] = text(body, "value", 10_000)
        else:
            settings.secret_names = [name for name in settings.secret_names if name != key]
            if request.method == "POST":
                settings.secret_names.append(key)
        if len(settings.variables) + len(settings.secret_names) > MAX_SETTINGS:
            raise bad_request(f"A Space has at most {MAX_SETTINGS} variables and secrets")
        repository.save(settings)
    return JSONResponse(_listed(request, repository))
