"""The rehearsal Hub refuses what it should, and answers malformed requests with 4xx, never 5xx."""

import base64
import hashlib
import http.client
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import lz4.frame
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rehearsal_server import ORGS, TOKENS

from hub.rehearsal import names, xorbs
from hub.rehearsal.__main__ import main
from hub.rehearsal.auth import Accounts, is_local, load_users
from hub.rehearsal.errors import HubError
from hub.rehearsal.packing import object_id
from hub.rehearsal.serve import running

DEMO = TOKENS["demo"]


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Plain HTTP that sends paths and headers exactly as they are given."""

    def __init__(self, url: str) -> None:
        self.host = url.removeprefix("http://")

    def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        token: str | None = DEMO,
        **headers: str,
    ) -> Answer:
        connection = http.client.HTTPConnection(self.host, timeout=30)
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection.request(method, path, data, {k.replace("_", "-"): v for k, v in headers.items()})
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        answer = Answer(response.status, found, response.read())
        connection.close()
        return answer

    def commit(self, *operations: dict[str, Any], **header: str) -> Answer:
        lines = [{"key": "header", "value": {"summary": "a commit", **header}}, *operations]
        body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        return self("POST", "/api/models/demo/m/commit/main", body)


def file(path: str, content: bytes = b"x") -> dict[str, Any]:
    encoded = base64.b64encode(content).decode()
    return {"key": "file", "value": {"path": path, "content": encoded, "encoding": "base64"}}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    root = tmp_path_factory.mktemp("root")
    with running(root, TOKENS, ORGS) as url:
        client = Client(url)
        assert client("POST", "/api/repos/create", {"name": "m"}).status == 200
        private = {"name": "secret", "organization": "lab", "visibility": "private"}
        assert client("POST", "/api/repos/create", private).status == 200
        first = (file("README.md", b"# Read\n"), file("a/b.txt", b"0123456789"))
        assert client.commit(*first).status == 200
        yield client


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "127.0.0.1:x"])
def test_a_foreign_host_header_is_refused(hub: Client, host: str) -> None:
    assert hub("GET", "/api/models/demo/m", Host=host).status == 403


def test_loopback_names_are_accepted() -> None:
    assert is_local("127.0.0.1:80") and is_local("localhost") and is_local("[::1]:80")


@pytest.mark.parametrize(
    "path",
    [
        "../x", "a/../../x", "/etc/passwd", "a//b", "./x", "a/.", ".git/config", "a/.GIT/hooks/x",
        "git~1/x", ".git./x", "a\\b", "a\nb", "a\0b", "x" * 2000, "", "a/", "\ud800",
    ],
)  # fmt: skip
def test_paths_that_escape_are_refused(hub: Client, path: str) -> None:
    assert hub.commit(file(path)).status == 400
    assert hub("GET", f"/demo/m/resolve/main/{quote(path.encode(errors='replace'))}").status == 404
    preupload = {"files": [{"path": path, "size": 1, "sample": ""}]}
    assert hub("POST", "/api/models/demo/m/preupload/main", preupload).status == 400


@pytest.mark.parametrize("name", ["../../x", "..", "a/b", "-x", "x.git", "a--b", "é", "x" * 97, ""])
def test_names_that_escape_are_refused(hub: Client, name: str) -> None:
    body = {"name": name, "organization": "demo"}
    assert hub("POST", "/api/repos/create", body).status in (400, 403)
    assert hub("GET", f"/api/models/demo/{quote(name, safe='')}").status == 404


@pytest.mark.parametrize(
    "name", ["../x", "a..b", "x.lock", "a b", "a~b", "refs/heads/x", "a//b", "@{"]
)
def test_bad_reference_names_are_refused(hub: Client, name: str) -> None:
    assert hub("POST", f"/api/models/demo/m/branch/{quote(name, safe='')}", {}).status == 400
    assert hub("POST", "/api/models/demo/m/tag/main", {"tag": name}).status == 400


def test_writing_needs_the_right_token(hub: Client) -> None:
    for token, status in ((None, 401), ("hf_wrong", 401), ("hf_guest", 403)):
        body = {"name": "new", "organization": "demo"}
        assert hub("POST", "/api/repos/create", body, token).status == status
        commit = json.dumps({"key": "header", "value": {"summary": "x"}}).encode()
        assert hub("POST", "/api/models/demo/m/commit/main", commit, token).status == status
        assert hub("DELETE", "/api/repos/delete", body | {"name": "m"}, token).status == status


def test_a_private_repo_is_not_found_without_a_token(hub: Client) -> None:
    for token in (None, "hf_guest"):
        for path in ("/api/models/lab/secret", "/lab/secret", "/lab/secret/resolve/main/x",
                     "/lab/secret/info/refs", "/api/models/lab/secret/refs"):  # fmt: skip
            answer = hub("GET", path, token=token)
            assert (answer.status, answer.headers["x-error-code"]) == (404, "RepoNotFound")
        assert b"secret" not in hub("GET", "/", token=token).body
        assert b"secret" not in hub("GET", "/api/models", token=token).body
    assert hub("GET", "/lab/secret").status == 200


def test_links_for_large_files_are_signed(hub: Client) -> None:
    data = b"large" * 100
    oid = hashlib.sha256(data).hexdigest()
    batch = {"operation": "upload", "objects": [{"oid": oid, "size": len(data)}]}
    answer = hub("POST", "/demo/m.git/info/lfs/objects/batch", batch).json["objects"][0]
    link = answer["actions"]["upload"]["href"].partition(hub.host)[2]
    other = link.replace(oid, "0" * 64)
    assert hub("PUT", other, data, None).status == 403
    assert hub("PUT", link.replace("size=500", "size=9"), data, None).status == 403
    assert hub("PUT", link, data[::-1], None).status == 400
    assert hub("PUT", link, data + b"more", None).status == 413
    pointer = {"key": "lfsFile", "value": {"path": "w.bin", "oid": oid, "size": len(data)}}
    assert hub.commit(pointer).status == 400, "not uploaded yet"
    assert hub("PUT", link, data, None).status == 200
    assert hub.commit(pointer).status == 200
    answer = hub("GET", "/demo/m/resolve/main/w.bin", Range="bytes=5-9")
    assert (answer.status, answer.body) == (206, b"large")
    assert answer.headers["etag"] == answer.headers["x-linked-etag"] == f'"{oid}"'


def test_a_name_without_a_namespace_is_no_repo_here(hub: Client) -> None:
    for path in ("/api/models/gpt2", "/api/models/gpt2/revision/main", "/gpt2/resolve/main/x"):
        assert hub("GET", path).headers["x-error-code"] == "RepoNotFound"
    assert "x-error-code" not in hub("GET", "/api/models/demo/m/no-such-thing").headers


def test_ranges_of_small_files(hub: Client) -> None:
    address = "/demo/m/resolve/main/a/b.txt"
    for asked, body in (("0-3", b"0123"), ("8-", b"89"), ("-3", b"789"), ("4-99", b"456789")):
        answer = hub("GET", address, Range=f"bytes={asked}")
        assert (answer.status, answer.body) == (206, body)
    assert hub("GET", address, Range="bytes=10-").status == 416
    head = hub("HEAD", address)
    assert (head.body, head.headers["content-length"]) == (b"", "10")
    assert head.headers["etag"] == f'"{object_id(b"blob", b"0123456789").decode()}"'


def test_bodies_are_bounded(hub: Client) -> None:
    assert hub("POST", "/api/repos/create", b" " * (17 << 20)).status == 413
    line = b'{"key": "file", "value": {"content": "' + b"A" * (25 << 20)
    assert hub("POST", "/api/models/demo/m/commit/main", line).status == 413


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"[" * 100_000, b"\xff", b'{"files": 3}'])
def test_malformed_json_is_the_callers_mistake(hub: Client, body: bytes) -> None:
    for path in ("/api/models/demo/m/preupload/main", "/api/repos/create", "/api/collections",
                 "/api/models/demo/m/commit/main", "/demo/m/info/lfs/objects/batch"):  # fmt: skip
        assert hub("POST", path, body).status == 400, path


def test_pages_escape_what_repos_say(hub: Client) -> None:
    attack = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    readme = (
        f"---\ntitle: '{attack}'\n---\n# {attack}\n[x](javascript:alert(3))\n| a |\n|---|\n| b |\n"
    )
    assert (
        hub.commit(file("README.md", readme.encode()), file("<b>&.txt"), summary=attack).status
        == 200
    )
    page = hub("GET", "/demo/m", token=None)
    html = page.body.decode()
    assert page.status == 200 and "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in html and "<img" not in html and 'href="javascript' not in html
    assert "&lt;script&gt;" in html and "&lt;b&gt;&amp;.txt" in html and "<td>b</td>" in html
    assert b"/demo/m" in hub("GET", "/", token=None).body
    raw = hub("GET", "/demo/m/resolve/main/README.md")
    assert raw.headers["content-type"].startswith("text/plain")


def _chunk(data: bytes, encoding: int, length: int | None = None) -> bytes:
    sizes = (
        len(data).to_bytes(3, "little"),
        (len(data) if length is None else length).to_bytes(3, "little"),
    )
    return struct.pack("<B3sB3s", 0, sizes[0], encoding, sizes[1]) + data


@given(st.binary(max_size=4000))
def test_all_three_chunk_encodings_are_read(data: bytes) -> None:
    grouped = b"".join(data[i::4] for i in range(4))
    assert bytes(xorbs.decode(_chunk(data, 0))) == data
    assert xorbs.decode(_chunk(lz4.frame.compress(data), 1, len(data))) == data
    assert xorbs.decode(_chunk(lz4.frame.compress(grouped), 2, len(data))) == data


def test_a_chunk_that_swells_is_refused() -> None:
    bomb = lz4.frame.compress(bytes(50_000_000))
    with pytest.raises(HubError):
        xorbs.decode(_chunk(bomb, 1, 100))


@given(st.binary(max_size=400))
def test_no_shard_makes_the_reader_fall_over(data: bytes) -> None:
    try:
        xorbs.read_shard(b"HFRepoMetaData\0" + bytes(33) + data)
    except HubError as error:
        assert error.status == 400


@given(st.text(max_size=40))
def test_a_path_that_is_accepted_stays_inside(path: str) -> None:
    try:
        accepted = names.path_in_repo(path)
    except HubError:
        return
    inside = Path("/repo", accepted)
    assert (
        inside.is_relative_to("/repo") and ".." not in inside.parts and ".git" not in inside.parts
    )


_SEGMENT = st.sampled_from(
    ["api", "models", "demo", "m", "resolve", "main", "tree", "commit", "%2e%2e", "..", "%00",
     "refs%2Fpr%2F1", "%ff", "discussions", "1", "xet", "lfs", "objects", "info", "*", "\u00e9"]
)  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]),
    st.lists(_SEGMENT, max_size=8),
    st.sampled_from([b"", b"{}", b"[1]", b"\xff", b'{"name": "\\u0000", "paths": [1]}']),
)
def test_no_request_is_a_server_error(
    hub: Client, method: str, segments: list[str], body: bytes
) -> None:
    path = quote("/" + "/".join(segments), safe="/%*")
    assert hub(method, path, body).status < 500


def test_accounts_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    for users, orgs in (({}, []), ({"a": ""}, []), ({"a": "t", "b": "t"}, []), ({"a": "t"}, ["a"]),
                        ({"../a": "t"}, [])):  # fmt: skip
        with pytest.raises(ValueError):
            Accounts(users, orgs)
    readable_by_all = tmp_path / "users.json"
    readable_by_all.write_text('{"a": "t"}')
    readable_by_all.chmod(0o644)
    with pytest.raises(ValueError, match="chmod 600"):
        load_users(readable_by_all)


@pytest.mark.parametrize("content", [None, "{", "[]"])
def test_a_users_file_that_is_none_is_named(
    tmp_path: Path, capsys: Any, content: str | None
) -> None:
    users = tmp_path / "users.json"
    if content is not None:
        users.touch(mode=0o600)
        users.write_text(content)
    assert main(["--root", str(tmp_path / "root"), "--users-file", str(users)]) == 2
    assert str(users) in capsys.readouterr().err
