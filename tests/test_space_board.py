"""What the Space makes of results that are not as they should be."""

import http.server
import importlib
import json
import math
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from test_space_app import SCORES, SPACE, release_record, write_results, write_snapshot, write_table

SCORE_COLUMNS = "model group metric value ci_low ci_high"


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports a module of the Space, which is no package of ours."""
    monkeypatch.syspath_prepend(str(SPACE))
    return importlib.import_module


def build(load: Any, folder: Path, rows: list[tuple[Any, ...]]) -> Any:
    write_table(folder / "scores.parquet", SCORE_COLUMNS, rows)
    return load("board").build(folder / "scores.parquet", None, [])


@pytest.mark.parametrize(
    ("value", "low", "high", "reason"),
    [
        (math.nan, 1.0, 2.0, "its value is nan"),
        (math.inf, 1.0, 2.0, "its value is inf"),
        (None, 1.0, 2.0, "holds no value"),
        (3.0, 1.0, 2.0, "leaves out its value, 3"),
        (1.5, 2.0, 1.0, "leaves out its value"),
        (1.5, math.nan, 2.0, "its interval is nan to 2.0"),
        (1.5, None, 2.0, "one end only"),
    ],
)
def test_a_score_that_cannot_be_right_is_marked(
    load: Any, tmp_path: Path, value: Any, low: Any, high: Any, reason: str
) -> None:
    rows = [("good", "g", "accuracy", 0.5, 0.4, 0.6), ("bad", "g", "accuracy", value, low, high)]
    board = build(load, tmp_path, rows)
    assert board.columns[0].value == [0.5, None]
    assert reason in board.columns[0].flaws[1]
    assert board.problems == ["1 scores cannot be right and are marked in the table"]


def test_a_score_without_interval_is_a_score(load: Any, tmp_path: Path) -> None:
    column = build(load, tmp_path, [("m", "g", "accuracy", 0.5, None, None)]).columns[0]
    assert (column.value, column.low, column.flaws) == ([0.5], [None], {})


def test_two_scores_for_one_cell_show_neither(load: Any, tmp_path: Path) -> None:
    rows = [("m", "g", "accuracy", 0.5, 0.4, 0.6), ("m", "g", "accuracy", 0.7, 0.6, 0.8)]
    column = build(load, tmp_path, rows).columns[0]
    assert column.value == [None]
    assert "more than one" in column.flaws[0]


def test_long_and_deceiving_names_are_tamed_and_stay_apart(load: Any, tmp_path: Path) -> None:
    names = ["x" * 1_000_000, "x" * 1_000_001, "a\u202eb\x00c"]
    board = build(load, tmp_path, [(n, "g", "accuracy", 0.5, 0.4, 0.6) for n in names])
    shown = [model.name for model in board.models]
    assert len(set(shown)) == 3
    assert max(map(len, shown)) < 250
    assert shown[2] == "a\ufffdb\ufffdc"


def test_a_metric_nobody_knows_has_no_better_side(load: Any, tmp_path: Path) -> None:
    assert build(load, tmp_path, [("m", "g", "zeal", 0.5, 0.4, 0.6)]).columns[0].better == ""


def test_lineage_in_a_circle_comes_to_an_end(load: Any) -> None:
    published = load("published")
    names = [f"m{i}" for i in range(30)]
    everyone = [published.Model(name, parents=tuple(names)) for name in names]
    assert len(published.by_family(everyone[:2])) == 2
    assert len(published.by_family([published.Model("a", parents=("a",))])) == 1


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"model": ["m"], "value": [1.0]}, "lacks the column group and metric"),
        ({name: ["text"] for name in SCORE_COLUMNS.split()}, "expected of it"),
    ],
)
def test_an_older_layout_is_said_to_be_one(
    load: Any, tmp_path: Path, table: dict[str, Any], reason: str
) -> None:
    parquet.write_table(pa.table(table), tmp_path / "scores.parquet")
    with pytest.raises(load("tables").Unreadable, match=reason):
        load("board").build(tmp_path / "scores.parquet", None, [])


def read_folder(load: Any, folder: Path, **environ: str) -> dict[str, Any]:
    found: dict[str, Any] = load("library").Library(folder, environ).current(30)
    return found


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("scores.parquet", b"PAR1 but no table", "cannot be read as Parquet"),
        ("scores.parquet", None, "hold no scores.parquet"),
        ("snapshot.json", None, "has no snapshot.json"),
        ("snapshot.json", b"{}", "does not say of when"),
        ("snapshot.json", b"[" * 100_000, "cannot be read as JSON"),
        ("release.json", b'{"repos": [{}]}', "release.json lacks"),
    ],
)
def test_a_broken_snapshot_is_explained(
    load: Any, tmp_path: Path, name: str, content: bytes | None, reason: str
) -> None:
    write_snapshot(tmp_path)
    (tmp_path / "snapshot" / name).unlink()
    if content is not None:
        (tmp_path / "snapshot" / name).write_bytes(content)
    board = read_folder(load, tmp_path)
    assert board["status"] == "nothing"
    assert reason in board["notes"][0]


def test_scores_that_the_release_does_not_list_are_not_shown(load: Any, tmp_path: Path) -> None:
    write_snapshot(tmp_path)
    record = release_record({}, {"scores.parquet": "0" * 64})
    (tmp_path / "snapshot" / "release.json").write_text(json.dumps(record))
    assert "not the file that release.json lists" in read_folder(load, tmp_path)["notes"][0]


def test_what_is_published_without_scores_is_there_with_none(load: Any, tmp_path: Path) -> None:
    write_snapshot(tmp_path, [row for row in SCORES if row[0] != "merged"])
    board = read_folder(load, tmp_path)
    assert [model["name"] for model in board["models"]] == ["base", "adapted", "merged"]
    assert all(column["value"][2] is None for column in board["columns"])


def test_an_empty_results_dataset(load: Any, tmp_path: Path) -> None:
    write_snapshot(tmp_path)
    empty = parquet.read_table(tmp_path / "snapshot" / "scores.parquet").slice(0, 0)
    parquet.write_table(empty, tmp_path / "snapshot" / "scores.parquet")
    board = read_folder(load, tmp_path)
    assert (board["status"], board["columns"]) == ("read", [])


class _Slow(http.server.BaseHTTPRequestHandler):
    """A Hub that lets wait until `answer` is set, and then has nothing."""

    answer = threading.Event()

    def do_HEAD(self) -> None:
        self.answer.wait(30)
        self.send_response(404)
        self.send_header("X-Error-Code", "RepoNotFound")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def slow_hub() -> Iterator[str]:
    _Slow.answer.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Slow)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    _Slow.answer.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_slow_or_failing_hub_gives_way_to_the_snapshot(
    load: Any, tmp_path: Path, slow_hub: str
) -> None:
    write_snapshot(tmp_path)
    environ = {"RESULTS_REPO": "lab/x", "HF_ENDPOINT": slow_hub}
    library = load("library").Library(tmp_path, environ)
    meanwhile = library.current(0.5)
    assert meanwhile["source"]["kind"] == "snapshot"
    assert "the Hub has not answered yet" in meanwhile["notes"][0]
    _Slow.answer.set()
    board = library.current(20)
    assert (board["source"]["kind"], board["source"]["date"]) == ("snapshot", "2026-07-01")
    assert "lab/x does not exist on the Hub" in board["notes"][0]


@pytest.mark.parametrize("repo", ["../../etc", "lab", "lab/x/y", "lab/ñ"])
def test_a_source_that_cannot_be_one_is_named(load: Any, tmp_path: Path, repo: str) -> None:
    assert "is no results repo" in read_folder(load, tmp_path, RESULTS_REPO=repo)["notes"][0]


def test_answers_asked_in_other_words_are_not_compared(load: Any, tmp_path: Path) -> None:
    columns = "task group measure item text_sha256 log_likelihood num_bytes correct"
    row = ("t", "medical", "bits_per_byte")
    old = [(*row, "a", "1", -70.0, 100, None), (*row, "b", "2", -70.0, 100, None)]
    new = [(*row, "a", "1", -60.0, 100, None), (*row, "b", "3", -60.0, 100, None)]
    write_table(tmp_path / "old.parquet", columns, old)
    write_table(tmp_path / "new.parquet", columns, new)
    answers: ModuleType = load("answers")
    paths = tmp_path / "old.parquet", tmp_path / "new.parquet"
    found = answers.compare(*paths, "medical", "bits_per_byte")
    assert (found["asked"], found["not_shared"]) == (1, 2)
    assert found["changed"][0]["before"] == pytest.approx(70 / 100 / math.log(2), abs=1e-5)


def test_results_alone_are_enough(load: Any, tmp_path: Path) -> None:
    """A snapshot without release.json and manifests: scores, and nothing made up around them."""
    write_results(tmp_path / "snapshot")
    (tmp_path / "snapshot" / "snapshot.json").write_text('{"date": "2026-07-01"}')
    board = read_folder(load, tmp_path)
    assert (board["status"], board["release"]) == ("read", None)
    assert {model["parents"] for model in board["models"]} == {()}
