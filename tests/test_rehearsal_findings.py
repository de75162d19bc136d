"""Requests and files that once made the server fall over; none may be a server error again."""

import json
from collections.abc import Iterator

import pytest
from rehearsal_server import ORGS, TOKENS
from test_rehearsal_safety import Client, file

from hub.rehearsal.plain import plain
from hub.rehearsal.serve import running

HALF = "\ud800abc"  # half of a surrogate pair: valid JSON, and no text at all
REPO, SPACE = "/api/models/demo/m", "/api/spaces/demo/m"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with running(tmp_path_factory.mktemp("root"), TOKENS, ORGS) as url:
        client = Client(url)
        for kind in ("model", "space"):
            body = {"name": "m", "type": kind, "sdk": "static"}
            assert client("POST", "/api/repos/create", body).status == 200
        talk = {"title": "talk", "description": "text", "pullRequest": True}
        assert client("POST", f"{REPO}/discussions", talk).status == 200
        assert client("PUT", f"{REPO}/settings", {"gated": "manual"}).status == 200
        yield client


BODIES = [
    ("POST", f"{REPO}/discussions", {"title": HALF, "description": "x"}),
    ("POST", f"{REPO}/discussions/1/comment", {"comment": HALF}),
    ("POST", f"{REPO}/discussions/1/title", {"title": HALF}),
    ("POST", "/api/collections", {"namespace": "demo", "title": "x", "description": HALF}),
    ("POST", "/demo/m/ask-access", {HALF: "x"}),
    ("POST", f"{REPO}/user-access-request/grant", {"user": HALF}),
    ("POST", f"{REPO}/user-access-request/handle", {"user": [1], "status": "pending"}),
    ("POST", f"{REPO}/user-access-request/handle", {"requestId": 1, "status": {"x": 1}}),
    ("POST", f"{SPACE}/variables", {"key": "k", "value": HALF}),
    ("POST", f"{SPACE}/secrets", {"key": HALF, "value": "v"}),
    ("POST", f"{SPACE}/hardware", {"flavor": HALF}),
    ("POST", f"{REPO}/duplicate", {"repository": HALF}),
    ("POST", f"{REPO}/duplicate", {"repository": "demo/x", "visibility": ["public"]}),
    ("POST", "/api/repos/create", {"name": "mm", "type": HALF}),
    ("POST", f"{REPO}/tag/main", {"tag": HALF}),
    ("POST", f"{REPO}/lfs-files/duplicate", {"target": {"type": [1], "name": "demo/m"},
                                             "files": []}),
    ("PUT", f"{REPO}/settings", {"visibility": ["a"], "gated": {"a": 1}}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), BODIES)
def test_strange_bodies_are_the_callers_mistake(
    hub: Client, method: str, path: str, body: dict[str, object]
) -> None:
    assert hub(method, path, body).status in (400, 404)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig", "latin-1"])
def test_json_is_utf_8(hub: Client, encoding: str) -> None:
    body = json.dumps({"name": "déjà"}, ensure_ascii=False).encode(encoding)
    assert hub("POST", "/api/repos/create", body).status == 400


CARDS = [
    "language: [[1]]\nlicense: {a: 1}\nbase_model: [[1]]\nbase_model_relation: [1]",
    "sdk: [1]\ncolorFrom: {a: 1}\nshort_description: [1]",
    f"big: {'9' * 5000}\nbigger: 0x{'f' * 6000}",
    "nan: .nan\ninf: -.inf\n1: 2\nnull: x\n? [1, 2]\n: 3",
    "date: 2020-01-01\ntags: !!set {a, b}\nbytes: !!binary aGk=",
    'half: "\\ud800"',
    "model-index: [{name: a, results: 3}]",
    "a: " + "[" * 200 + "]" * 200,
    "a: !!python/object/apply:os.system [true]",
    "%YAML 9.9\n--- x",
]


@pytest.mark.parametrize("card", CARDS)
def test_no_card_takes_its_repo_down(hub: Client, card: str) -> None:
    readme = f"---\n{card}\n---\n# Title\n"
    for kind in ("model", "space"):
        checked = hub("POST", "/api/validate-yaml", {"content": readme, "repoType": kind})
        assert checked.status in (200, 400)
    results = file(".eval_results/a.yaml", f"- {{{card.splitlines()[0]}}}\n".encode())
    assert hub.commit(file("README.md", readme.encode()), results).status == 200
    for path in (REPO, "/api/models", "/demo/m", f"{REPO}?expand=&expand=cardData"):
        assert hub("GET", path).status == 200, path


@pytest.mark.parametrize(
    "config", ["[" * 100_000, '{"model_type": NaN}', '{"model_type": "\\ud800"}']
)
def test_no_configuration_takes_its_repo_down(hub: Client, config: str) -> None:
    assert hub.commit(file("config.json", config.encode())).status == 200
    assert hub("GET", REPO).status == 200


def test_plain_values_stay_as_they_are() -> None:
    value = {"a": [1, -2.5, True, None, "é"], "b": {"c": []}}
    assert plain(value) == value and plain((1, 2)) == [1, 2]
    json.dumps(plain({1: float("nan"), (2,): 10**5000, "x": "\ud800"}), allow_nan=False)
