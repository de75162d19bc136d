"""Moving refs: branches and tags made and deleted, a branch's history squashed into one commit."""

from typing import Any

from dulwich.objects import ObjectID
from dulwich.refs import Ref
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.rehearsal.context import param, writable
from hub.rehearsal.errors import bad_request, conflict, revision_not_found
from hub.rehearsal.names import ref_name
from hub.rehearsal.repository import HEADS, TAGS, Repository, new_commit
from hub.rehearsal.store import MAIN


def create_branch(request: Request, body: dict[str, Any]) -> Response:
    """POST branch/{branch} {startingPoint?, emptyBranch?, overwrite?}"""
    repository, _ = writable(request)
    ref = ref_name(HEADS, param(request, "branch"))
    with repository.writing():
        if repository.head(ref) is not None and not body.get("overwrite"):
            raise conflict(f"Reference already exists: {param(request, 'branch')}")
        start = repository.resolve(str(body.get("startingPoint") or "main"))
        if body.get("emptyBranch"):
            with repository.reading():
                *_, first = repository.history(start)
            start = ObjectID(first.id)
        repository.move_ref(ref, start)
    return JSONResponse({})


def delete_branch(request: Request) -> Response:
    """DELETE branch/{branch}; `main` stays."""
    repository, _ = writable(request)
    ref = ref_name(HEADS, param(request, "branch"))
    if ref == MAIN:
        raise bad_request("The main branch cannot be deleted")
    _drop(repository, ref, param(request, "branch"))
    return JSONResponse({})


def create_tag(request: Request, body: dict[str, Any]) -> Response:
    """POST tag/{revision} {tag, message?}"""
    repository, _ = writable(request)
    name = body.get("tag")
    ref = ref_name(TAGS, name if isinstance(name, str) else "")
    with repository.writing():
        target = repository.resolve(param(request, "revision"))
        if repository.head(ref) is not None:
            raise conflict(f"Tag reference exists already: {name}")
        repository.move_ref(ref, target)
    return JSONResponse({})


def delete_tag(request: Request) -> Response:
    """DELETE tag/{tag}"""
    repository, _ = writable(request)
    _drop(repository, ref_name(TAGS, param(request, "revision")), param(request, "revision"))
    return JSONResponse({})


def _drop(repository: Repository, ref: Ref, name: str) -> None:
    with repository.writing():
        if repository.head(ref) is None:
            raise revision_not_found(name)
        repository.drop_ref(ref)


def super_squash(request: Request, body: dict[str, Any]) -> Response:
    """POST super-squash/{branch} {message}: the same files, no history."""
    repository, user = writable(request)
    ref = ref_name(HEADS, param(request, "branch"))
    with repository.writing(), repository.writer() as writer:
        head = repository.head(ref)
        if head is None:
            raise revision_not_found(param(request, "branch"))
        message = str(body.get("message") or "Super-squash")
        squashed = new_commit(repository.commit(head).tree, [], user, message)
        oid = writer.add_object(squashed)
        writer.keep()
        repository.move_ref(ref, oid)
    return JSONResponse({"commitId": oid.decode()})
