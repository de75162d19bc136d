"""What the Hub says about a repo at a revision, drawn from its card and its files."""

import json
from datetime import UTC, datetime
from typing import Any

from dulwich.objects import Commit, ObjectID
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.rehearsal import card, eval_results
from hub.rehearsal.context import flag, hub_of, readable, revision_of
from hub.rehearsal.plain import plain
from hub.rehearsal.repository import Repository
from hub.rehearsal.settings import Settings
from hub.rehearsal.store import MAIN
from hub.rehearsal.tree import Folder

_APP_FILES = {"gradio": "app.py", "streamlit": "app.py", "docker": "Dockerfile"}
_CARD_TAGS = ("language", "license", "datasets", "base_model", "task_categories", "tags")


def iso_date(commit: Commit) -> str:
    """A commit's moment as the Hub writes dates."""
    moment = datetime.fromtimestamp(commit.commit_time, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def repo_info(request: Request) -> Response:
    """GET /api/{kinds}/{namespace}/{name}[/revision/{revision}], `blobs` adds sizes and hashes.

    `expand`, repeated, asks for some of the fields only.
    """
    repository = readable(request)
    with repository.reading():
        oid = revision_of(request, repository)
        found = describe(repository, oid, blobs=flag(request, "blobs"))
    return JSONResponse(_expanded(request, found))


def _expanded(request: Request, found: dict[str, Any]) -> dict[str, Any]:
    """The fields that were asked for; all where none was."""
    wanted = {"_id", "id", *request.query_params.getlist("expand")}
    return {k: v for k, v in found.items() if k in wanted} if len(wanted) > 2 else found


def list_repos(request: Request) -> Response:
    """GET /api/models, /api/datasets, /api/spaces: filtered by `author` and `search`."""
    hub = hub_of(request)
    user = hub.accounts.asking(request)
    author = request.query_params.get("author")
    search = request.query_params.get("search", "").lower()
    found = []
    for repo in hub.store.all(request.url.path.split("/")[2][:-1]):
        if author not in (None, repo.namespace) or search not in repo.full_name.lower():
            continue
        repository = hub.store.open(repo)
        if repository.settings.private and not hub.accounts.may_write(user, repo.namespace):
            continue
        with repository.reading():
            head = repository.head(MAIN)
            if head is not None:
                sizes = "usedStorage" in request.query_params.getlist("expand")
                found.append(_expanded(request, describe(repository, head, blobs=sizes)))
    limit = request.query_params.get("limit", "")
    return JSONResponse(found[: int(limit) if limit.isdecimal() and len(limit) < 9 else None])


def describe(repository: Repository, oid: ObjectID, blobs: bool) -> dict[str, Any]:
    """The description of one repo at one commit."""
    settings, repo = repository.settings, repository.repo
    commit = repository.commit(oid)
    root = repository.folder(oid)
    siblings = _siblings(repository, root, blobs)
    data = card.read(repository.text(root, "README.md") or "").data
    found: dict[str, Any] = {
        "_id": settings.id,
        "id": repo.full_name,
        "author": repo.namespace,
        "sha": oid.decode(),
        "lastModified": iso_date(commit),
        "createdAt": settings.created_at,
        "private": settings.private,
        "gated": settings.gated,
        "disabled": False,
        "likes": len(settings.likes),
        "downloads": 0,
        "tags": _tags(data),
        "siblings": siblings,
        "usedStorage": sum(item.get("size", 0) for item in siblings),
    }
    if data:
        found["cardData"] = data
    match repo.kind:
        case "model":
            found |= _model(repository, root, data)
        case "space":
            found |= space_fields(repository, settings, data, {s["rfilename"] for s in siblings})
        case "dataset":
            found["description"] = str(data.get("pretty_name") or "")
    return found


def _siblings(repository: Repository, root: Folder, blobs: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for entry in root.entries(recursive=True):
        if entry.is_folder:
            continue
        item: dict[str, Any] = {"rfilename": entry.path}
        if blobs:
            blob = repository.blob(entry.oid)
            item |= {"size": blob.size, "blobId": blob.oid.decode()}
            if blob.sha256 is not None:
                large = {"sha256": blob.sha256, "size": blob.size, "pointerSize": blob.pointer_size}
                item["lfs"] = large
        found.append(item)
    return found


def _tags(data: dict[str, Any]) -> list[str]:
    """The tags that the Hub derives from a card: `license:mit`, `dataset:a/b`, ..."""
    tags: list[str] = []
    for key in _CARD_TAGS:
        value = data.get(key)
        for item in value if isinstance(value, list) else [value] if value else []:
            match key:
                case "tags" | "language":
                    tags.append(str(item))
                case "datasets":
                    tags.append(f"dataset:{item}")
                case _:
                    tags.append(f"{key}:{item}")
    if data.get("library_name"):
        tags.insert(0, str(data["library_name"]))
    return [*dict.fromkeys(tags), "region:us"]


def _model(repository: Repository, root: Folder, data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "pipeline_tag": data.get("pipeline_tag"),
        "library_name": data.get("library_name"),
        "model-index": data.get("model-index"),
    }
    try:
        config = plain(json.loads(repository.text(root, "config.json") or "null"))
    except (ValueError, RecursionError):
        config = None
    if results := eval_results.of_repo(repository, root):
        found["evalResults"] = results
    if isinstance(config, dict):
        kept = ("architectures", "model_type", "quantization_config")
        found["config"] = {key: config[key] for key in kept if key in config}
    return found


def space_fields(
    repository: Repository, settings: Settings, data: dict[str, Any], files: set[str]
) -> dict[str, Any]:
    """A Space's SDK and the state it would be in; nothing of it is run here."""
    sdk = data.get("sdk") or settings.sdk
    app_file = data.get("app_file") or _APP_FILES.get(str(sdk), "index.html")
    stage = "RUNNING" if app_file in files else "NO_APP_FILE"
    repo = repository.repo
    return {
        "sdk": sdk,
        "subdomain": f"{repo.namespace}-{repo.name}".lower().replace("_", "-").replace(".", "-"),
        "models": data.get("models") or [],
        "datasets": data.get("datasets") or [],
        "runtime": runtime(settings, stage),
    }


def runtime(settings: Settings, stage: str) -> dict[str, Any]:
    hardware = settings.hardware or "cpu-basic"
    return {
        "stage": stage,
        "hardware": {"current": hardware if stage == "RUNNING" else None, "requested": hardware},
        "gcTimeout": settings.sleep_seconds,
        "storage": None,
        "replicas": {"current": 1, "requested": 1},
        "devMode": False,
    }
