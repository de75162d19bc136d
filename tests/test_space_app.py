"""The Space as the Hub boots it: a copy of its folder, `python app.py`, and what it answers."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from rehearsal_server import ORGS, TOKENS, client_environment, run_client

from hub.rehearsal.serve import running

SPACE = Path(__file__).parents[1] / "space"
BOOT_SECONDS = 60  # a shared machine can be slow; alone it takes about 3
RESULTS = "lab/demo-results"

SCORES = [
    ("base", "general", "bits_per_byte", 3.36, 3.27, 3.49),
    ("base", "medical", "bits_per_byte", 3.88, 3.76, 4.01),
    ("base", "medical", "accuracy", 0.19, 0.10, 0.33),
    ("adapted", "general", "bits_per_byte", 3.40, 3.31, 3.52),
    ("adapted", "medical", "bits_per_byte", 3.60, 3.49, 3.73),
    ("merged", "general", "bits_per_byte", 3.37, 3.28, 3.49),
    ("merged", "medical", "bits_per_byte", 3.72, 3.61, 3.85),
]
DIFFERENCES = [
    ("base", "adapted", "general", "bits_per_byte", 0.04, 0.03, 0.05, 60, "worse"),
    ("base", "adapted", "medical", "bits_per_byte", -0.28, -0.29, -0.26, 60, "better"),
    ("base", "merged", "general", "bits_per_byte", 0.01, -0.01, 0.02, 60, "no clear difference"),
]
FRONT = [
    {"merge": "merged", "candidate": f"t={t}", "measure": "bits_per_byte", "on_front": True,
     "chosen": t == 0.5,
     "scores": {"general": 3.4 - t / 20, "medical": 3.6 + t / 5}}
    for t in (0.0, 0.5, 1.0)
]  # fmt: skip
PARENTS = {"base": [], "adapted": ["base"], "merged": ["base", "adapted"]}


def write_table(path: Path, columns: str, rows: list[tuple[Any, ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    names = columns.split()
    table = pa.table({name: [row[i] for row in rows] for i, name in enumerate(names)})
    parquet.write_table(table, path)


def write_results(folder: Path, scores: list[tuple[Any, ...]] = SCORES) -> None:
    """The files of a results dataset."""
    write_table(folder / "scores.parquet", "model group metric value ci_low ci_high", scores)
    write_table(
        folder / "differences.parquet",
        "before after group metric difference ci_low ci_high items verdict",
        DIFFERENCES,
    )
    write_table(
        folder / "ranks.parquet",
        "model group metric rank rank_low rank_high tie",
        [("adapted", "medical", "bits_per_byte", 1.0, 1.0, 2.0, 1),
         ("merged", "medical", "bits_per_byte", 2.0, 1.0, 2.0, 1),
         ("base", "medical", "bits_per_byte", 3.0, 3.0, 3.0, 2)],
    )  # fmt: skip
    (folder / "front.json").write_text(json.dumps(FRONT))
    write_table(
        folder / "calibration.parquet",
        "model group items confidence accuracy ci_low ci_high ece brier",
        [("base", "medical", 2, 0.4, 0.5, 0.1, 0.9, 0.3, 0.7),
         ("base", "medical", 4, 0.9, 0.5, 0.2, 0.8, 0.3, 0.7),
         ("adapted", "medical", 6, 0.8, 0.7, 0.3, 0.9, 0.1, 0.4)],
    )  # fmt: skip
    for model, right in (("base", (True, False, False)), ("adapted", (True, True, False))):
        write_table(
            folder / "samples" / f"{model}.parquet",
            "model task group measure item text_sha256 log_likelihood num_bytes correct chosen"
            " option_log_likelihoods",
            [
                (model, "quiz", "medical", "accuracy", f"q{i}", "0" * 64, None, None, answer,
                 int(not answer), [-1.5, -2.25])
                for i, answer in enumerate(right)
            ],
        )  # fmt: skip
    write_table(
        folder / "questions.parquet", "task item question options answer licence attribution",
        [("quiz", f"q{i}", f"Which of two is number {i}?\nSay it.", ["this one", "that one"], 0,
          "CC-BY-4.0", "A. Writer") for i in range(2)],
    )  # fmt: skip
    write_table(
        folder / "checkpoints.parquet", "model step tokens group metric value basis",
        [("adapted", 100 * i, 1000 * i, "medical", "bits_per_byte", 3.9 - i / 10,
          "selected on validation") for i in range(3)],
    )  # fmt: skip


def manifest(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "inputs": [{"role": f"parent-{i}", "name": p} for i, p in enumerate(PARENTS[name])],
        "licence": ["CC0-1.0"],
        "numbers": {"parameters": {"value": 2_410_432, "unit": "parameters"}},
    }


def release_record(commits: Mapping[str, str], digests: Mapping[str, str]) -> dict[str, Any]:
    def repo(kind: str, name: str, what: str) -> dict[str, Any]:
        files = [{"path": p, "size": 1, "sha256": d} for p, d in digests.items()]
        return {
            "type": kind, "id": f"lab/demo-{name}", "artefact": name, "kind": what, "digest": "",
            "commit": commits.get(name, "0" * 40), "files": files if name == "results" else [],
        }  # fmt: skip

    repos = [repo("model", n, "merge" if n == "merged" else "model") for n in PARENTS]
    repos.append(repo("dataset", "notes", "corpus"))
    return {
        "release": "demo", "version": "0.1.0", "tag": "v0.1.0", "publication_digest": "ab" * 32,
        "signature": "unsigned", "repos": [*repos, repo("dataset", "results", "results")],
    }  # fmt: skip


def write_snapshot(space: Path, scores: list[tuple[Any, ...]] = SCORES) -> None:
    folder = space / "snapshot"
    write_results(folder, scores)
    (folder / "manifests").mkdir()
    for name in PARENTS:
        (folder / "manifests" / f"{name}.json").write_text(json.dumps(manifest(name)))
    write_corpus(folder / "corpora" / "notes")
    (folder / "release.json").write_text(json.dumps(release_record({}, {})))
    said = {"date": "2026-07-01", "results_repo": RESULTS, "revision": "v0.1.0"}
    (folder / "snapshot.json").write_text(json.dumps(said))


def write_corpus(folder: Path) -> None:
    kept = ("kept", "", "CC0-1.0")
    rows = [(f"note-{i}", "clinic", *(kept if i % 3 else ("excluded", "licence", "CC-BY-NC-4.0")))
            for i in range(90)]  # fmt: skip
    write_table(folder / "ledger.parquet", "id source status reason licence", rows)
    numbers = {"read": 90, "documents": 60, "words": 6000, "excluded_licence": 30}
    said = {"numbers": {k: {"value": v, "unit": ""} for k, v in numbers.items()},
            "licence": ["CC0-1.0"], "recipe": {"corpus": {"use": "commercial"}}}  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(said))
    source = {"source": "clinic", "documents": 60, "words": 6000, "languages": {"fr": 60},
              "licences": {"CC0-1.0": 60}, "excluded": {"licence": 30}}  # fmt: skip
    (folder / "statistics.json").write_text(json.dumps([source]))


def copy_space(to: Path) -> Path:
    return Path(shutil.copytree(SPACE, to, ignore=shutil.ignore_patterns("__pycache__")))


@contextmanager
def booted(space: Path, python: str = sys.executable, **environment: str) -> Iterator[str]:
    """`python app.py` in that folder, its address once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "RESULTS_"))}
    home = {"HF_HOME": str(space.parent / "home"), "GRADIO_SERVER_PORT": str(port)}
    with (space.parent / "log").open("w") as log:
        process = subprocess.Popen(
            [python, "app.py"],
            cwd=space,
            env={**clean, **home, **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + BOOT_SECONDS
            while not answers(url):
                assert process.poll() is None, (space.parent / "log").read_text()
                assert time.monotonic() < deadline, "the Space did not start"
                time.sleep(0.1)
            yield url
        finally:
            process.terminate()
            process.wait(20)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def get(url: str) -> tuple[bytes, Mapping[str, str]]:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read(), answer.headers


def get_json(url: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(get(url)[0])
    return found


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    space = copy_space(tmp_path_factory.mktemp("snapshot") / "space")
    write_snapshot(space)
    with booted(space) as url:
        yield url


def test_the_page_asks_for_nothing_from_elsewhere(snapshot: str) -> None:
    page, headers = get(snapshot)
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    scripts = [path.name for path in (SPACE / "page").iterdir()]
    texts = [page, *(get(f"{snapshot}/page/{name}")[0] for name in scripts)]
    assert not [found for text in texts for found in re.findall(rb"https?://[^\s\"'`/]+", text)]


def test_the_page_is_one_script(snapshot: str) -> None:
    script = get(f"{snapshot}/page/page.js")[0].decode()
    names = [path.stem for path in (SPACE / "page").glob("*.js")]
    assert all(script.count(f"const ${name} = (() =>") == 1 for name in names)
    assert not re.findall(r"^(?:import|export)\b", script, re.MULTILINE)


def test_a_page_is_not_given_numbers_of_another_reading(snapshot: str) -> None:
    body = get(f"{snapshot}/board.bin")[0]
    head = json.loads(body[4 : 4 + int.from_bytes(body[:4], "little")])
    assert len(get(f"{snapshot}/rest.bin?of={head['of']}")[0]) > 0
    for path in ("rest.bin?of=0", "intervals.bin?of=0&start=0&stop=9"):
        with pytest.raises(urllib.error.HTTPError, match="409"):
            get(f"{snapshot}/{path}")


def test_only_the_files_of_the_page_are_served(snapshot: str) -> None:
    for path in ("page/app.py", "page/..%2Fapp.py", "page/%2e%2e/app.py", "snapshot/release.json"):
        with pytest.raises(urllib.error.HTTPError):
            get(f"{snapshot}/{path}")


def test_the_page_gets_the_snapshot_and_its_date(snapshot: str) -> None:
    board = get_json(f"{snapshot}/board.json")
    assert board["status"] == "read"
    assert board["source"]["date"] == "2026-07-01"
    assert [(m["name"], m["family"], m["depth"]) for m in board["models"]] == [
        ("base", "base", 0), ("adapted", "base", 1), ("merged", "base", 2)
    ]  # fmt: skip
    accuracy = board["columns"][-1]
    assert (accuracy["metric"], accuracy["present"]) == ("accuracy", 1)
    assert board["problems"] == []


def test_the_endpoints_for_programs(snapshot: str) -> None:
    from gradio_client import Client

    client = Client(snapshot, verbose=False)
    scores = client.predict(api_name="/scores")
    assert sorted(row["value"] for row in scores) == sorted(row[3] for row in SCORES)
    assert [m["parents"] for m in client.predict(api_name="/models")] == list(PARENTS.values())
    assert client.predict(api_name="/release")["release"]["tag"] == "v0.1.0"
    assert len(client.predict(api_name="/differences")) == len(DIFFERENCES)
    changed = client.predict("base", "adapted", "medical", "accuracy", api_name="/answers")
    assert (changed["asked"], changed["gained"], changed["lost"]) == (3, 1, 0)
    assert [item["item"] for item in changed["changed"]] == ["q1"]
    found = client.predict("notes", "by-nc", 0, api_name="/ledger")
    assert (found["total"], found["found"], len(found["rows"])) == (90, 30, 30)


def test_what_a_stranger_asks_for_is_answered_in_a_sentence(snapshot: str) -> None:
    for path in (
        "ledger.json?corpus=nobody", "ledger.json?corpus=..%2Fx&page=-1", "ranks.json?board=..",
        "differences.json?base=x&board=x",
    ):  # fmt: skip
        assert get_json(f"{snapshot}/{path}")["problem"]
    assert get_json(f"{snapshot}/differences.json?base=nobody")["rows"] == []
    assert len(get(f"{snapshot}/intervals.bin?start=-5&stop=9999")[0]) > 0


def test_answers_that_are_not_there_are_said_to_be_missing(snapshot: str) -> None:
    for model in ("merged", "nobody", "../scores", "%00"):
        query = f"before=base&after={model}&group=medical&metric=accuracy"
        assert "no answers" in get_json(f"{snapshot}/answers.json?{query}")["problem"]


def test_nothing_to_read_is_said_and_nothing_shown(tmp_path: Path) -> None:
    with booted(copy_space(tmp_path / "space")) as url:
        board = get_json(f"{url}/board.json")
        assert get(url)[1]["content-type"].startswith("text/html")
    assert set(board) == {"status", "notes"}
    assert board["status"] == "nothing"
    assert "no results are named" in board["notes"][0]


class Broken(BaseHTTPRequestHandler):
    """A Hub on a bad day."""

    def do_GET(self) -> None:
        self.send_response(500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def test_a_hub_that_fails_leaves_the_snapshot_with_its_date(tmp_path: Path) -> None:
    space = copy_space(tmp_path / "space")
    write_snapshot(space)
    (space / "source.json").write_text(json.dumps({"results_repo": RESULTS, "revision": "v0.1.0"}))
    hub = ThreadingHTTPServer(("127.0.0.1", 0), Broken)
    Thread(target=hub.serve_forever, daemon=True).start()
    try:
        with booted(space, HF_ENDPOINT=f"http://127.0.0.1:{hub.server_port}") as url:
            board = get_json(f"{url}/board.json")
            assert (board["source"]["kind"], board["source"]["date"]) == ("snapshot", "2026-07-01")
            assert "the Hub" in board["notes"][0]
    finally:
        hub.shutdown()
        hub.server_close()


PUBLISH = """
import json, sys
from huggingface_hub import HfApi
api, folder = HfApi(), sys.argv[1]
commits = {}
for name in ("base", "adapted", "merged"):
    api.create_repo(f"lab/demo-{name}")
    commits[name] = api.upload_folder(
        repo_id=f"lab/demo-{name}", folder_path=f"{folder}/{name}"
    ).oid
api.create_repo("lab/demo-results", repo_type="dataset")
api.upload_folder(
    repo_id="lab/demo-results", repo_type="dataset", folder_path=f"{folder}/results"
)
print(json.dumps(commits))
"""
FINISH = """
import sys
from huggingface_hub import HfApi
HfApi().upload_file(
    repo_id="lab/demo-results", repo_type="dataset", path_in_repo="release.json",
    path_or_fileobj=sys.argv[1],
)
HfApi().create_tag("lab/demo-results", tag="v0.1.0", repo_type="dataset")
"""


def test_live_from_a_hub(tmp_path: Path) -> None:
    """As a publisher does it: the Space is up before `release.json`, and shows it from then on."""
    space = copy_space(tmp_path / "space")
    (space / "source.json").write_text(json.dumps({"results_repo": RESULTS, "revision": "v0.1.0"}))
    content = tmp_path / "content"
    write_results(content / "results")
    for name in PARENTS:
        (content / name).mkdir()
        (content / name / "manifest.json").write_text(json.dumps(manifest(name)))
    with running(tmp_path / "hub", TOKENS, ORGS) as hub:
        outside = client_environment(hub, tmp_path / "client", xet=False)
        commits = json.loads(run_client(PUBLISH, outside, str(content)).splitlines()[-1])
        with booted(space, HF_ENDPOINT=hub) as url:
            early = get_json(f"{url}/board.json")
            assert early["status"] == "nothing"
            assert "not published yet" in early["notes"][0]
            (tmp_path / "release.json").write_text(json.dumps(release_record(commits, {})))
            run_client(FINISH, outside, str(tmp_path / "release.json"))
            deadline = time.monotonic() + 40
            while (board := get_json(f"{url}/board.json"))["status"] != "read":
                assert time.monotonic() < deadline, board
                time.sleep(0.5)
    assert board["source"] == {"kind": "live", "repo": RESULTS, "revision": "v0.1.0"}
    assert [m["parents"] for m in board["models"]] == list(PARENTS.values())
    assert board["models"][0]["licence"] == ["CC0-1.0"]
    assert board["release"]["repos"][0]["url"] == f"{hub}/lab/demo-base/tree/v0.1.0"
    assert board["notes"] == board["problems"] == []
