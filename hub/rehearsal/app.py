"""The rehearsal Hub as one ASGI app: `create_app` and its table of routes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Route

from hub.rehearsal import (
    access,
    branches,
    collections_api,
    discussions,
    dumb_git,
    info,
    lfs,
    lfs_files,
    likes,
    listing,
    pages,
    repos,
    spaces,
    xet,
    xet_download,
)
from hub.rehearsal.auth import Accounts, Identity, LocalOnly
from hub.rehearsal.chaos import Chaos, Misbehaving
from hub.rehearsal.commit import commit
from hub.rehearsal.context import Hub, with_json
from hub.rehearsal.duplicates import duplicate
from hub.rehearsal.errors import HubError, answer, disk_full, nobody_listens
from hub.rehearsal.objects import LargeFiles
from hub.rehearsal.preupload import preupload
from hub.rehearsal.resolve import resolve
from hub.rehearsal.shelf import Shelf
from hub.rehearsal.store import Store
from hub.rehearsal.xorbs import Xorbs

_DISCUSSIONS: list[tuple[str, str, Any]] = [
    ("GET", "/discussions", discussions.listing),
    ("POST", "/discussions", with_json(discussions.create)),
    ("GET", "/discussions/{num}", discussions.details),
    ("POST", "/discussions/{num}/comment", with_json(discussions.comment)),
    ("POST", "/discussions/{num}/comment/{id}/edit", with_json(discussions.edit_comment)),
    ("POST", "/discussions/{num}/comment/{id}/hide", with_json(discussions.hide_comment)),
    ("POST", "/discussions/{num}/title", with_json(discussions.rename)),
    ("POST", "/discussions/{num}/status", with_json(discussions.set_status)),
    ("POST", "/discussions/{num}/merge", with_json(discussions.merge)),
]


def create_app(
    root: Path,
    users: Mapping[str, str],
    orgs: Sequence[str] = (),
    chaos: Chaos | None = None,
) -> Starlette:
    """The app over the repos in `root`; `users` maps names to tokens, the first owns the `orgs`."""
    root.mkdir(parents=True, exist_ok=True)
    hub = Hub(
        store=Store(root),
        large=LargeFiles(root),
        xorbs=Xorbs(root),
        shelf=Shelf(root),
        accounts=Accounts(users, orgs),
        identity=Identity.load(root),
    )
    app = Starlette(
        routes=[
            *_account_routes(),
            *_collection_routes(),
            *_repo_routes(),
            *_space_routes(),
            *_file_routes(),
        ],
        middleware=[
            Middleware(LocalOnly),
            *([] if chaos is None else [Middleware(Misbehaving, chaos=chaos)]),
        ],
        exception_handlers={
            HubError: answer,
            HTTPException: answer,
            ClientDisconnect: nobody_listens,
            OSError: disk_full,
        },
    )
    app.state.hub = hub
    return app


def _account_routes() -> list[BaseRoute]:
    return [
        Route("/api/whoami-v2", repos.whoami),
        Route("/api/repos/create", with_json(repos.create), methods=["POST"]),
        Route("/api/repos/delete", with_json(repos.delete), methods=["DELETE"]),
        Route("/api/repos/move", with_json(repos.move), methods=["POST"]),
        Route("/api/validate-yaml", with_json(repos.validate_yaml), methods=["POST"]),
        Route("/api/settings/repositories", repos.of_namespace),
        Route("/api/organizations/{org}/settings/repositories", repos.of_namespace),
        Route("/api/users/{user}/overview", repos.overview),
        Route("/api/users/{user}/likes", likes.of_user),
        Route("/api/organizations/{user}/overview", repos.overview),
        Route("/lfs/{oid}", lfs.put, methods=["PUT"]),
        Route("/lfs/{oid}", lfs.get),
        Route("/xet/{store}/v1/xorbs/default/{hash}", xet.put_xorb, methods=["POST"]),
        Route("/xet/{store}/v1/shards", xet.put_shard, methods=["POST"]),
        Route(
            "/xet/{store}/from/{kind}/{namespace}/{name}/{commit}/v1/reconstructions/{id}",
            xet_download.reconstruction,
        ),
        Route("/xet/{store}/blocks/{sha256}/{number:int}", xet_download.block),
        Route("/xet/{rest:path}", xet.not_here, methods=["GET", "POST"]),
    ]


def _repo_routes() -> list[BaseRoute]:
    """`/api/{kinds}/{namespace}/{name}/...`, the revision as one percent-encoded segment."""
    table: list[tuple[str, str, Any]] = [
        ("GET", "", info.repo_info),
        ("GET", "/revision/{revision}", info.repo_info),
        ("GET", "/tree/{revision}", listing.tree),
        ("GET", "/tree/{revision}/{path:path}", listing.tree),
        ("POST", "/paths-info/{revision}", listing.paths_info),
        ("GET", "/refs", listing.refs),
        ("GET", "/commits/{revision}", listing.commits),
        ("POST", "/preupload/{revision}", with_json(preupload)),
        ("POST", "/commit/{revision}", commit),
        ("POST", "/branch/{branch}", with_json(branches.create_branch)),
        ("DELETE", "/branch/{branch}", branches.delete_branch),
        ("POST", "/tag/{revision}", with_json(branches.create_tag)),
        ("DELETE", "/tag/{revision}", branches.delete_tag),
        ("POST", "/super-squash/{branch}", with_json(branches.super_squash)),
        ("GET", "/xet-write-token/{revision}", xet.write_token),
        ("GET", "/xet-read-token/{revision}", xet_download.read_token),
        ("PUT", "/settings", with_json(repos.settings)),
        ("GET", "/auth-check", repos.auth_check),
        ("GET", "/auth-check/write", repos.auth_check),
        ("POST", "/duplicate", with_json(duplicate)),
        ("POST", "/like", likes.change),
        ("DELETE", "/like", likes.change),
        ("GET", "/likers", likes.likers),
        ("GET", "/lfs-files", lfs_files.listing),
        ("POST", "/lfs-files/batch", with_json(lfs_files.remove)),
        ("POST", "/lfs-files/duplicate", with_json(lfs_files.duplicate)),
        ("GET", "/user-access-request/{status}", access.listing),
        ("POST", "/user-access-request/handle", with_json(access.handle)),
        ("POST", "/user-access-request/grant", with_json(access.grant)),
        *_DISCUSSIONS,
    ]
    routes: list[BaseRoute] = []
    for kinds in ("models", "datasets", "spaces"):
        base = f"/api/{kinds}"
        routes.append(Route(base, info.list_repos))
        routes += [
            Route(f"{base}/{{namespace}}/{{name}}{path}", endpoint, methods=[method])
            for method, path, endpoint in table
        ]
    return routes


def _collection_routes() -> list[BaseRoute]:
    one = "/api/collections/{namespace}/{slug}"
    return [
        Route("/api/collections", collections_api.listing, methods=["GET"]),
        Route("/api/collections", with_json(collections_api.create), methods=["POST"]),
        Route(one, collections_api.get, methods=["GET"]),
        Route(one, with_json(collections_api.update), methods=["PATCH"]),
        Route(one, collections_api.delete, methods=["DELETE"]),
        Route(f"{one}/items", with_json(collections_api.add_item), methods=["POST"]),
        Route(f"{one}/items/{{item}}", with_json(collections_api.update_item), methods=["PATCH"]),
        Route(f"{one}/items/{{item}}", collections_api.delete_item, methods=["DELETE"]),
    ]


def _space_routes() -> list[BaseRoute]:
    base = "/api/spaces/{namespace}/{name}"
    routes: list[BaseRoute] = [Route(f"{base}/runtime", spaces.runtime)]
    for action in ("restart", "pause", "hardware", "sleeptime"):
        routes.append(Route(f"{base}/{action}", with_json(spaces.change), methods=["POST"]))
    for kind in ("variables", "secrets"):
        routes.append(Route(f"{base}/{kind}", spaces.settings_of, methods=["GET"]))
        change = with_json(spaces.change_setting)
        routes.append(Route(f"{base}/{kind}", change, methods=["POST", "DELETE"]))
    return routes


def _file_routes() -> list[BaseRoute]:
    """`/{namespace}/{name}/...`, with `/datasets` or `/spaces` before it for those."""
    table: list[tuple[str, str, Any]] = [
        ("GET", "/resolve/{revision}/{path:path}", resolve),
        ("GET", "/raw/{revision}/{path:path}", resolve),
        ("POST", "/info/lfs/objects/batch", with_json(lfs.batch)),
        ("POST", "/info/lfs/verify", with_json(lfs.verify)),
        ("GET", "", pages.repo),
        ("GET", "/tree/{revision}", pages.repo),
        ("POST", "/ask-access", with_json(access.ask)),
        ("GET", "/info/refs", dumb_git.refs),
        ("GET", "/HEAD", dumb_git.head),
        ("GET", "/objects/{path:path}", dumb_git.objects),
    ]
    routes: list[BaseRoute] = [Route("/", pages.index)]
    return routes + [
        Route(f"{prefix}/{{namespace}}/{{name}}{path}", endpoint, methods=[method])
        for prefix in ("/datasets", "/spaces", "")
        for method, path, endpoint in table
    ]
