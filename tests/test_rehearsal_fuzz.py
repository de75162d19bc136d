"""Every endpoint, with arguments and bodies that nobody sensible would send: no server error."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rehearsal_server import ORGS, TOKENS
from starlette.routing import Route
from test_rehearsal_safety import Client

from hub.rehearsal.app import create_app
from hub.rehearsal.serve import running

# Deleting or moving the repo under test would leave nothing to test.
_LEFT_OUT = {"/api/repos/delete", "/api/repos/move"}
_KEYS = (
    "name organization type visibility private sdk hardware gated title description pullRequest"
    " comment content status namespace item id note position owner startingPoint emptyBranch"
    " overwrite tag message files path size sample gitIgnore operation objects oid key value flavor"
    " seconds sleepTimeSeconds user requestId deletions sha rewriteHistory target sha256 repository"
    " variables secrets paths expand repoType theme cursor"
)
_WORDS = ["", "main", "demo", "demo/m", "m", "model", "space", "auto", "pending", "accepted", "1",
          "open", "v1", "a.txt", "refs/pr/1", "0" * 40, "a" * 64, "../x", "\ud800abc",
          "\u00e9", "\x00", "x" * 300,
          "{}", "-1", "99999999999999999999", "bytes=0-", "variables"]  # fmt: skip
_texts = st.sampled_from(_WORDS) | st.text(max_size=12)
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _texts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(_KEYS.split()), inner, max_size=4)
    ),
    max_leaves=8,
)
_bodies = st.dictionaries(st.sampled_from(_KEYS.split()), _values, max_size=6)
_queries = st.dictionaries(
    st.sampled_from(["p", "type", "status", "author", "cursor", "recursive", "expand", "blobs",
                     "limit", "search", "item", "owner", "create_pr", "pass", "size",
                     "include_prs", "expand[]"]),
    _texts, max_size=3,
)  # fmt: skip


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with running(tmp_path_factory.mktemp("root"), TOKENS, ORGS) as url:
        client = Client(url)
        for kind in ("model", "dataset", "space"):
            body = {"name": "m", "type": kind, "sdk": "static"}
            assert client("POST", "/api/repos/create", body).status == 200
        talk = {"title": "talk", "description": "text", "pullRequest": True}
        assert client("POST", "/api/models/demo/m/discussions", talk).status == 200
        assert client("PUT", "/api/models/demo/m/settings", {"gated": "manual"}).status == 200
        yield client


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Method and path of every route, from the app itself, so that a new one is tested too."""
    app = create_app(tmp_path_factory.mktemp("unused"), TOKENS, ORGS)
    found = {
        (method, route.path)
        for route in app.routes
        if isinstance(route, Route) and route.path not in _LEFT_OUT
        for method in route.methods or ()
    }
    assert len(found) > 150
    return sorted(found)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data(), st.integers(0, 10**6), _bodies, _queries, st.booleans())
def test_no_endpoint_falls_over(
    hub: Client,
    routes: list[tuple[str, str]],
    data: st.DataObject,
    number: int,
    body: dict[str, Any],
    query: dict[str, str],
    as_guest: bool,
) -> None:
    method, template = routes[number % len(routes)]
    known = {"namespace": "demo", "name": "m", "revision": "main", "num": "1", "user": "demo"}

    def fill(match: re.Match[str]) -> str:
        name = match[1].partition(":")[0]
        text = known.get(name) if name in known and data.draw(st.integers(0, 9)) else None
        return quote(data.draw(_texts) if text is None else text, safe="", errors="replace")

    path = re.sub(r"\{([^}]*)\}", fill, template)
    pairs = "&".join(f"{k}={quote(v, errors='replace')}" for k, v in query.items())
    token = TOKENS["guest" if as_guest else "demo"]
    answer = hub(method, f"{path}?{pairs}", json.dumps(body).encode(), token)
    assert answer.status < 500, (method, path, pairs, body)
    if answer.status >= 400 and method != "HEAD" and "/lfs/" not in path:
        assert "x-error-message" in answer.headers, (method, path, answer)


_OPERATIONS = st.lists(
    st.fixed_dictionaries(
        {"key": st.sampled_from(["file", "lfsFile", "deletedFile", "deletedFolder", "header"])
         | _texts, "value": _values
         | st.fixed_dictionaries({"path": _texts, "content": _texts, "oid": _texts})}
    ),
    max_size=6,
)  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@example([{"key": "file", "value": {"path": "README.md", "content": "---\na: [\n---\n"}}], "main")
@given(_OPERATIONS, _texts)
def test_no_commit_falls_over(hub: Client, operations: list[dict[str, Any]], revision: str) -> None:
    lines = [{"key": "header", "value": {"summary": "a commit"}}, *operations]
    body = b"\n".join(json.dumps(line).encode() for line in lines)
    revision = quote(revision, safe="", errors="replace")
    assert hub("POST", f"/api/models/demo/m/commit/{revision}", body).status < 500
    for path in ("/api/models/demo/m", "/demo/m", "/api/models/demo/m/tree/main?recursive=1"):
        assert hub("GET", path).status == 200, path
