"""The rehearsal Hub as one ASGI app: `create_app` and its table of routes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from hub.rehearsal import branches, info, lfs, listing, repos, xet
from hub.rehearsal.auth import Accounts, Identity, LocalOnly
from hub.rehearsal.commit import commit
from hub.rehearsal.context import Hub, with_json
from hub.rehearsal.errors import HubError, answer
from hub.rehearsal.objects import LargeFiles
from hub.rehearsal.preupload import preupload
from hub.rehearsal.resolve import resolve
from hub.rehearsal.store import Store
from hub.rehearsal.xorbs import Xorbs


def create_app(root: Path, users: Mapping[str, str], orgs: Sequence[str] = ()) -> Starlette:
    """The app over the repos in `root`; `users` maps names to tokens, the first owns the `orgs`."""
    root.mkdir(parents=True, exist_ok=True)
    hub = Hub(
        Store(root), LargeFiles(root), Xorbs(root), Accounts(users, orgs), Identity.load(root)
    )
    app = Starlette(
        routes=[*_account_routes(), *_repo_api_routes(), *_file_routes()],
        middleware=[Middleware(LocalOnly)],
        exception_handlers={HubError: answer},
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
        Route("/api/users/{user}/overview", repos.overview),
        Route("/api/organizations/{user}/overview", repos.overview),
        Route("/lfs/{oid}", lfs.put, methods=["PUT"]),
        Route("/lfs/{oid}", lfs.get),
        Route("/xet/{store}/v1/xorbs/default/{hash}", xet.put_xorb, methods=["POST"]),
        Route("/xet/{store}/v1/shards", xet.put_shard, methods=["POST"]),
        Route("/xet/{rest:path}", xet.not_here, methods=["GET", "POST"]),
    ]


def _repo_api_routes() -> list[BaseRoute]:
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
        ("PUT", "/settings", with_json(repos.settings)),
        ("GET", "/auth-check", repos.auth_check),
        ("GET", "/auth-check/write", repos.auth_check),
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


def _file_routes() -> list[BaseRoute]:
    """`/{namespace}/{name}/...`, with `/datasets` or `/spaces` before it for those."""
    table: list[tuple[str, str, Any]] = [
        ("GET", "/resolve/{revision}/{path:path}", resolve),
        ("GET", "/raw/{revision}/{path:path}", resolve),
        ("POST", "/info/lfs/objects/batch", with_json(lfs.batch)),
        ("POST", "/info/lfs/verify", with_json(lfs.verify)),
    ]
    return [
        Route(f"{prefix}/{{namespace}}/{{name}}{path}", endpoint, methods=[method])
        for prefix in ("/datasets", "/spaces", "")
        for method, path, endpoint in table
    ]
