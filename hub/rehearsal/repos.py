"""Accounts and repos: who am I, create, delete, move, settings, access checks."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from hub.rehearsal import card
from hub.rehearsal.attributes import default_gitattributes
from hub.rehearsal.context import base_url, downloadable, hub_of, text, writable
from hub.rehearsal.errors import HubError, bad_request, conflict, repo_not_found
from hub.rehearsal.names import RepoId, new_repo_id
from hub.rehearsal.settings import Settings

_SPACE_SDKS = ("gradio", "docker", "static", "streamlit")


def whoami(request: Request) -> Response:
    """GET /api/whoami-v2"""
    accounts = hub_of(request).accounts
    user = accounts.require(request)
    orgs = [
        {"type": "org", "name": org, "fullname": org, "roleInOrg": "admin", "isEnterprise": False}
        for org in accounts.orgs_of(user)
    ]
    token = {"displayName": "rehearsal", "role": "write", "createdAt": "2024-01-01T00:00:00.000Z"}
    body = {
        "type": "user",
        "id": user,
        "name": user,
        "fullname": user,
        "email": f"{user}@rehearsal.invalid",
        "emailVerified": True,
        "canPay": False,
        "isPro": False,
        "orgs": orgs,
        "auth": {"type": "access_token", "accessToken": token},
    }
    return JSONResponse(body)


def _named(request: Request, body: dict[str, Any]) -> RepoId:
    """The repo that a JSON body names: {name, organization?, type?}."""
    user = hub_of(request).accounts.require(request)
    name, organization = text(body, "name"), body.get("organization")
    if organization is None and "/" in name:
        organization, name = _halves(name)
    return new_repo_id(body.get("type") or "model", organization or user, name)


def create(request: Request, body: dict[str, Any]) -> Response:
    """POST /api/repos/create; a name that is taken is 409 with the url of what is there."""
    hub = hub_of(request)
    repo = _named(request, body)
    user = hub.accounts.require_writer(request, repo.namespace)
    url = f"{base_url(request)}/{repo.url_path}"
    files = {".gitattributes": default_gitattributes(repo.kind)}
    settings = Settings(created_by=user, visibility=_visibility(body, repo.kind) or "public")
    if repo.kind == "space":
        settings.sdk = str(body.get("sdk"))
        if settings.sdk not in _SPACE_SDKS:
            raise bad_request(f"'sdk' must be one of {', '.join(_SPACE_SDKS)}")
        settings.hardware = None if body.get("hardware") is None else str(body["hardware"])
        files["README.md"] = f"---\ntitle: {repo.name}\nsdk: {settings.sdk}\n---\n".encode()
    try:
        hub.store.create(repo, settings, files.items())
    except HubError as error:
        raise conflict(error.message, url=url, name=repo.full_name) from error
    return JSONResponse({"url": url, "name": repo.full_name, "id": settings.id})


def delete(request: Request, body: dict[str, Any]) -> Response:
    """DELETE /api/repos/delete"""
    repo = _named(request, body)
    hub = hub_of(request)
    if not hub.store.exists(repo):
        raise repo_not_found()
    hub.accounts.require_writer(request, repo.namespace)
    hub.store.delete(repo)
    return PlainTextResponse("OK")


def move(request: Request, body: dict[str, Any]) -> Response:
    """POST /api/repos/move {fromRepo, toRepo, type}"""
    hub = hub_of(request)
    kind = body.get("type") or "model"
    old = new_repo_id(kind, *_halves(text(body, "fromRepo")))
    new = new_repo_id(kind, *_halves(text(body, "toRepo")))
    hub.accounts.require(request)
    if not hub.store.exists(old):
        raise repo_not_found()
    hub.accounts.require_writer(request, old.namespace)
    hub.accounts.require_writer(request, new.namespace)
    hub.store.move(old, new)
    return PlainTextResponse("OK")


def of_namespace(request: Request) -> Response:
    """GET /api/settings/repositories and /api/organizations/{org}/settings/repositories"""
    hub = hub_of(request)
    user = hub.accounts.require(request)
    namespace = request.path_params.get("org", user)
    hub.accounts.require_writer(request, namespace)
    found = []
    for repo in hub.store.all():
        if repo.namespace == namespace:
            kept = hub.store.open(repo).settings
            shown = {"id": repo.full_name, "type": repo.kind, "visibility": kept.visibility}
            found.append({**shown, "updatedAt": kept.created_at, "storage": 0})
    return JSONResponse(found)


def _halves(name: str) -> tuple[str, str]:
    namespace, _, short = name.partition("/")
    return namespace, short


def settings(request: Request, body: dict[str, Any]) -> Response:
    """PUT settings {visibility | private, gated}"""
    repository, _ = writable(request)
    visibility = _visibility(body, repository.repo.kind)
    gated = body.get("gated")
    if gated not in (None, False, "auto", "manual"):
        raise bad_request("'gated' must be 'auto', 'manual' or false")
    with repository.writing():
        found = repository.settings
        if visibility is not None:
            found.visibility = visibility
        if gated is not None:
            found.gated = gated
        repository.save(found)
    return JSONResponse({"private": found.private, "gated": found.gated})


def _visibility(body: dict[str, Any], kind: str) -> Any:
    """`visibility`, or the older `private`, as one of the three; None if neither is given."""
    private = body.get("private")
    found = body.get("visibility")
    if found is None and private is not None:
        found = "private" if private else "public"
    if found not in (None, "public", "private") and not (found == "protected" and kind == "space"):
        raise bad_request("'visibility' must be public or private, or protected for a Space")
    return found


def auth_check(request: Request) -> Response:
    """GET auth-check[/write]: 200 if the repo's files can be read (the repo written)."""
    if request.url.path.endswith("/write"):
        writable(request)
    else:
        downloadable(request)
    return PlainTextResponse("OK")


def validate_yaml(request: Request, body: dict[str, Any]) -> Response:
    """POST /api/validate-yaml {content, repoType}: a local check, see `card`."""
    kind = str(body.get("repoType") or "model")
    found = card.problems(str(body.get("content") or ""), kind)
    answer = {
        "errors": [{"message": message} for message in found.errors],
        "warnings": [{"message": message} for message in found.warnings],
    }
    if "text/plain" in request.headers.get("accept", ""):
        lines = "\n".join([*found.errors, *found.warnings])
        return PlainTextResponse(lines, 400 if found.errors else 200)
    return JSONResponse(answer, 400 if found.errors else 200)


def overview(request: Request) -> Response:
    """GET /api/users/{user}/overview and /api/organizations/{user}/overview"""
    name = request.path_params["user"]
    accounts = hub_of(request).accounts
    if name not in accounts.names:
        raise HubError(404, "This user or organisation does not exist")
    kind = "user" if accounts.is_user(name) else "org"
    body = {"user": name, "name": name, "fullname": name, "type": kind, "avatarUrl": ""}
    return JSONResponse({**body, "isPro": False, "orgs": []})
