"""What the Space makes of results that are not as they should be."""

import gzip
import http.server
import importlib
import json
import math
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
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


def values(array: Any) -> list[float | None]:
    return [None if math.isnan(value) else value for value in array.tolist()]


def build(load: Any, folder: Path, rows: list[tuple[Any, ...]]) -> Any:
    write_table(folder / "scores.parquet", SCORE_COLUMNS, rows)
    return load("board").build(folder / "scores.parquet", [])


@pytest.mark.parametrize(
    ("value", "low", "high", "reason"),
    [
        (math.nan, 1.0, 2.0, "holds no number"),
        (math.inf, 1.0, 2.0, "its value is inf"),
        (None, 1.0, 2.0, "holds no number"),
        (3.0, 1.0, 2.0, "leaves out its value, 3"),
        (1.5, 2.0, 1.0, "leaves out its value"),
        (1.5, math.nan, 2.0, "one end only"),
        (1.5, 1.0, math.inf, "its interval is 1.0 to inf"),
        (1.5, None, 2.0, "one end only"),
    ],
)
def test_a_score_that_cannot_be_right_is_marked(
    load: Any, tmp_path: Path, value: Any, low: Any, high: Any, reason: str
) -> None:
    rows = [("good", "g", "accuracy", 0.5, 0.4, 0.6), ("bad", "g", "accuracy", value, low, high)]
    board = build(load, tmp_path, rows)
    assert values(board.columns[0].value) == [0.5, None]
    assert reason in board.columns[0].flaws[1]
    assert board.problems == ["1 scores cannot be right and are marked in the table"]


def test_a_score_without_interval_is_a_score(load: Any, tmp_path: Path) -> None:
    column = build(load, tmp_path, [("m", "g", "accuracy", 0.5, None, None)]).columns[0]
    assert (values(column.value), values(column.low), column.flaws) == ([0.5], [None], {})


def test_two_scores_for_one_cell_show_neither(load: Any, tmp_path: Path) -> None:
    rows = [("m", "g", "accuracy", 0.5, 0.4, 0.6), ("m", "g", "accuracy", 0.7, 0.6, 0.8)]
    column = build(load, tmp_path, rows).columns[0]
    assert values(column.value) == [None]
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
    assert {column["present"] for column in board["columns"]} == {1, 2}


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
    found = answers.compare(*paths, "medical", "bits_per_byte", {})
    assert (found["asked"], found["not_shared"]) == (1, 2)
    assert found["changed"][0]["before"] == pytest.approx(70 / 100 / math.log(2), abs=1e-5)


def test_results_alone_are_enough(load: Any, tmp_path: Path) -> None:
    """A snapshot without release.json and manifests: scores, and nothing made up around them."""
    write_results(tmp_path / "snapshot")
    (tmp_path / "snapshot" / "snapshot.json").write_text('{"date": "2026-07-01"}')
    board = read_folder(load, tmp_path)
    assert (board["status"], board["release"]) == ("read", None)
    assert {model["parents"] for model in board["models"]} == {()}


def test_a_table_with_more_cells_than_memory_is_refused(load: Any, tmp_path: Path) -> None:
    rows = [(f"m{i}", f"g{i}", "accuracy", 0.5, 0.4, 0.6) for i in range(3000)]
    with pytest.raises(load("tables").Unreadable, match="more than this page shows"):
        build(load, tmp_path, rows)


def test_what_the_page_is_sent_gives_the_published_numbers(load: Any, tmp_path: Path) -> None:
    rows = [
        ("a", "g", "accuracy", 0.4321, 0.40, 0.46), ("b", "g", "accuracy", 0.5, None, None),
        ("a", "h", "loss", 1e9, 1e9 - 1, 1e9 + 1), ("b", "i", "loss", 0.25, None, None),
    ]  # fmt: skip
    board = build(load, tmp_path, rows)
    wire = load("wire")
    body = gzip.decompress(wire.pack_board({"status": "read"}, board))
    length = int.from_bytes(body[:4], "little")
    head = json.loads(body[4 : 4 + length])
    assert (4 + length) % 8 == 0
    found = []
    for column in head["columns"]:
        kind, unit = ("<i2", column["unit"]) if column["unit"] else ("<f8", 1.0)
        array = np.frombuffer(body, kind, 2, 4 + length + column["at"])
        found.append([None if v != v or v == wire.MISSING else v * unit for v in array.tolist()])
    assert found[0] == [pytest.approx(0.4321), pytest.approx(0.5)], "one digit finer than shown"
    assert head["columns"][0]["decimals"] == 3
    assert found[1:] == [[1e9, None], [None, 0.25]]
    assert head["of"] == wire.digest_of(board)
    assert head["models"]["name"] == ["a", "b"]


def test_the_columns_that_come_later_are_those_that_the_first_answer_leaves_out(
    load: Any, tmp_path: Path
) -> None:
    wire = load("wire")
    groups = range(wire.FIRST + 3)
    board = build(load, tmp_path, [("a", f"g{g}", "accuracy", g / 100, None, None) for g in groups])
    found = []
    for part in (wire.pack_board({}, board), wire.pack_rest(board)):
        body = gzip.decompress(part)
        length = int.from_bytes(body[:4], "little")
        head = json.loads(body[4 : 4 + length])
        places = head["at"] if "at" in head else [column["at"] for column in head["columns"]]
        found += [
            np.frombuffer(body, "<f8" if unit is None else "<i2", 1, 4 + length + at)[0]
            * (unit or 1)
            for at, unit in zip(
                places, map(wire.unit_of, board.columns[len(found) :]), strict=False
            )
            if at is not None
        ]
    assert found == [pytest.approx(g / 100) for g in groups]
    other = build(load, tmp_path, [("a", f"g{g}", "accuracy", 0.5, None, None) for g in groups])
    assert wire.digest_of(other) != wire.digest_of(board)


def test_a_script_that_cannot_be_put_into_one_is_an_error(load: Any, tmp_path: Path) -> None:
    bundle = load("scripts").bundle
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\nb();\n')
    (tmp_path / "b.js").write_text("export async function b() {}\n")
    assert bundle(tmp_path, "a").index("const $b") < bundle(tmp_path, "a").index("const { b } = $b")
    for text, said in (
        ("export default 1;\n", "export default"), ('import "./a.js";\n', "import "),
        ('import { a } from "./a.js";\nexport const b = a;\n', "imports itself"),
    ):  # fmt: skip
        (tmp_path / "b.js").write_text(text)
        with pytest.raises(ValueError, match=said):
            bundle(tmp_path, "a")


DIFFERENCE_COLUMNS = (
    "before after group metric difference ci_low ci_high items p_value p_adjusted family verdict"
)


def published_differences(load: Any, folder: Path, columns: str, rows: list[Any]) -> Any:
    write_results(folder)
    write_table(folder / "differences.parquet", columns, rows)
    published = load("published")
    models = [published.Model("base"), published.Model("adapted", parents=("base",))]
    board = load("board").build(folder / "scores.parquet", models)
    return load("differences").Differences(folder / "differences.parquet", board)


def test_verdicts_are_the_evaluations(load: Any, tmp_path: Path) -> None:
    row = ("base", "adapted", "medical", "accuracy", 0.1, 0.01, 0.2, 9, 0.04, 0.08, "fr")
    found = published_differences(
        load, tmp_path, DIFFERENCE_COLUMNS, [(*row, "no clear difference")]
    )
    for base in ("base", ""):
        (shown,) = found.between(base)["rows"]
        assert (shown["model"], shown["mark"]) == ("adapted", "unclear"), "though it leaves out 0"
        assert (shown["p"], shown["p_adjusted"], shown["family"]) == (0.04, 0.08, "fr")
    (back,) = found.between("adapted")["rows"]
    assert (back["model"], back["value"], back["low"], back["high"]) == ("base", -0.1, -0.2, -0.01)
    assert found.problem == ""


def test_differences_of_an_older_layout_have_no_verdict(load: Any, tmp_path: Path) -> None:
    columns = " ".join(DIFFERENCE_COLUMNS.split()[:8])
    rows = [
        ("base", "adapted", "medical", "accuracy", 0.1, 0.01, 0.2, 9),
        ("base", "nobody", "medical", "accuracy", 0.1, 0.01, 0.2, 9),
        ("base", "adapted", "general", "accuracy", 0.1, 0.2, 0.3, 9),
    ]
    found = published_differences(load, tmp_path, columns, rows)
    assert [row["mark"] for row in found.between("base")["rows"]] == [""]
    assert found.problem.startswith("2 differences cannot be right")


def test_a_broken_file_beside_the_scores_leaves_the_scores(load: Any, tmp_path: Path) -> None:
    write_snapshot(tmp_path)
    (tmp_path / "snapshot" / "differences.parquet").write_bytes(b"half")
    (tmp_path / "snapshot" / "front.json").write_text('[{"merge": 1}]')
    library = load("library").Library(tmp_path, {})
    board = library.current(30)
    assert board["status"] == "read"
    assert "differences.parquet cannot be read" in board["problems"][0]
    adaptation = library.reading().adaptation
    assert adaptation["front"] == []
    assert "front.json does not hold" in adaptation["problems"][0]


def test_a_sweep_and_its_checkpoints(load: Any, tmp_path: Path) -> None:
    point = {"merge": "m", "candidate": "t=0.5", "measure": "acc", "scores": {"g": 1.0},
             "on_front": True}  # fmt: skip
    (tmp_path / "front.json").write_text(json.dumps([point]))
    rows = [("m", "g", "loss", 10.0, 2.0), ("m", "g", "loss", 20.0, math.nan)]
    write_table(tmp_path / "checkpoints.parquet", "model group metric step value", rows)
    found = load("adaptation").read_adaptation(load("source").Snapshot(tmp_path).find)
    (seen,) = found["front"]
    assert (seen["candidate"], seen["at"], seen["scores"]) == ("t=0.5", 0.5, {"g": 1.0})
    assert [row["step"] for row in found["checkpoints"]] == [10.0]
    assert found["problems"] == []


LEDGER = [
    (f"doc-{i:03}", "news", "excluded" if i % 2 else "kept", "licence" if i % 2 else "",
     f"CC BY {i}", 10) for i in range(120)
]  # fmt: skip


def corpus(load: Any, folder: Path, rows: list[Any] = LEDGER) -> Any:
    write_table(
        folder / "corpora" / "c" / "ledger.parquet",
        "id source status reason evidence num_words", rows,
    )  # fmt: skip
    repo = {"artefact": "c", "id": "lab/c", "type": "dataset", "kind": "corpus"}
    return load("ledger").Corpus("c", repo, load("source").Snapshot(folder))


def test_the_ledger_is_searched_page_by_page(load: Any, tmp_path: Path) -> None:
    found = corpus(load, tmp_path).search("cc by", {"status": "excluded"}, 1)
    assert (found["total"], found["found"], found["page"], found["pages"]) == (120, 60, 1, 2)
    assert len(found["rows"]) == 10
    assert found["choices"]["reason"] == ["licence"]
    assert corpus(load, tmp_path).search("(.*", {}, 0)["found"] == 0, "words, not an expression"
    assert corpus(load, tmp_path).search("", {"nonsense": "x"}, -5)["found"] == 120


def test_a_corpus_that_cannot_be_read_says_so(load: Any, tmp_path: Path) -> None:
    found = corpus(load, tmp_path)
    assert "publishes no manifest.json" in found.summary["problems"][0]
    (tmp_path / "corpora" / "c" / "ledger.parquet").write_bytes(b"")
    with pytest.raises(load("tables").Unreadable, match="ledger of c cannot be read"):
        found.search("", {}, 0)


def test_the_papers_are_shown_with_what_speaks_against_them(load: Any, tmp_path: Path) -> None:
    from release import papers

    papers.write(tmp_path / "papers")
    library = load("library").Library(tmp_path, {})
    assert len(library.papers) == 6
    for paper in library.papers:
        reading = library.reading(paper["name"])
        assert reading.head["problems"] == [], paper["name"]
        assert reading.head["about"]["findings"] and reading.head["about"]["citation"]
    reading = library.reading("partages-groups")
    at = [model.name for model in reading.board.models].index("Qwen3-8B-Base (base)")
    (column,) = [c for c in reading.board.columns if c.task == "Phil." and c.notes]
    assert (column.value[at], column.source) == (pytest.approx(4.9), "PARTAGES table 5")
    assert "impossible" in column.notes[at]
    assert len(reading.ranks) > 300
    assert {row["mark"] for row in reading.differences.between("")["rows"]} >= {"better", "worse"}


@pytest.mark.parametrize("name", ["", "../secret", "nothing"])
def test_a_paper_that_is_not_there(load: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(load("tables").Unreadable):
        load("library").Library(tmp_path, {}).reading(name)


def test_places_are_those_of_the_metric_and_say_who_is_tied(load: Any, tmp_path: Path) -> None:
    from release import columns
    from release.ranking import RANKS, rank_rows

    row = {"group": "medical", "metric": "bits_per_byte"}
    scores = [
        row | {"model": model, "value": value, "ci_low": value - 0.1, "ci_high": value + 0.1}
        for model, value in (("base", 5.0), ("adapted", 3.0), ("merged", 3.01))
    ]
    columns.write(tmp_path / "ranks.parquet", rank_rows(scores, 0.95), RANKS)
    found = {
        row["model"]: row for row in load("differences").read_ranks(tmp_path / "ranks.parquet")
    }
    assert {model: place["tie"] for model, place in found.items()} == {
        "adapted": 1, "merged": 1, "base": 2
    }  # fmt: skip
    assert (found["adapted"]["rank"], found["base"]["rank"]) == (1.0, 3.0), "fewer bits are better"
    assert rank_rows(scores[:1], 0.95) == []
