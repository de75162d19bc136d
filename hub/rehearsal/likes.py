"""Likes: who likes a repo, and what a user likes.

POST, DELETE T/like       GET T/likers       GET /api/users/{user}/likes
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from hub.rehearsal.context import hub_of, param, readable
from hub.rehearsal.errors import HubError
from hub.rehearsal.settings import Like


def change(request: Request) -> Response:
    """POST or DELETE like; liking twice, or unliking what was not liked, changes nothing."""
    user = hub_of(request).accounts.require(request)
    repository = readable(request)
    with repository.writing():
        settings = repository.settings
        known = any(like.user == user for like in settings.likes)
        if request.method == "DELETE":
            settings.likes = [like for like in settings.likes if like.user != user]
        elif not known:
            settings.likes.append(Like(user=user))
        if known is (request.method == "DELETE"):
            repository.save(settings)
    return PlainTextResponse("OK")


def likers(request: Request) -> Response:
    """GET likers"""
    names = [like.user for like in readable(request).settings.likes]
    shown = [{"user": n, "fullname": n, "avatarUrl": "", "type": "user"} for n in names]
    return JSONResponse(shown)


def of_user(request: Request) -> Response:
    """GET /api/users/{user}/likes: the public repos, and the private ones that the asker sees."""
    hub = hub_of(request)
    user, asking = param(request, "user"), hub.accounts.asking(request)
    if not hub.accounts.is_user(user):
        raise HubError(404, "This user does not exist")
    found = []
    for repo in hub.store.all():
        settings = hub.store.open(repo).settings
        if settings.private and not hub.accounts.may_write(asking, repo.namespace):
            continue
        for like in settings.likes:
            if like.user == user:
                shown = {"name": repo.full_name, "type": repo.kind}
                found.append({"createdAt": like.created_at, "repo": shown})
    return JSONResponse(found)
