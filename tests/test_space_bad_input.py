"""Results that are not as they should be, in a real browser at both widths: the page explains
itself, and can be read and used all the same."""

import json
import math
import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from space_browser import WIDTHS, chromium, is_accessible, page_of
from test_space_app import RESULTS, Broken, booted, copy_space, write_snapshot, write_table

COLUMNS = "model group metric value ci_low ci_high"
GOOD = ("base", "general", "bits_per_byte", 3.36, 3.27, 3.49)
MODELS = "models.json"

Break = Callable[[Path], None]


def scores(*rows: tuple[Any, ...], columns: str = COLUMNS) -> Break:
    return lambda folder: write_table(folder / "scores.parquet", columns, list(rows))


def models(*rows: dict[str, Any]) -> Break:
    def write(folder: Path) -> None:
        scores(GOOD, ("adapted", *GOOD[1:]))(folder)
        (folder / MODELS).write_text(json.dumps({"models": list(rows)}))

    return write


def empty(folder: Path) -> None:
    scores(GOOD)(folder)
    path = folder / "scores.parquet"
    parquet.write_table(parquet.read_table(path).slice(0, 0), path)


def half(folder: Path) -> None:
    scores(*[GOOD] * 50)(folder)
    path = folder / "scores.parquet"
    path.write_bytes(path.read_bytes()[:200])


def older(folder: Path) -> None:
    """As a leaderboard of other days wrote it: a column a task."""
    folder.mkdir(parents=True, exist_ok=True)
    table = pa.table({"model_name": ["base"], "general": [3.36], "medical": [3.88]})
    parquet.write_table(table, folder / "scores.parquet")


CASES: dict[str, tuple[Break, str, bool]] = {
    "missing-columns": (scores(GOOD[:4], columns="model group metric value"),
                        "scores.parquet lacks the column ci_low and ci_high", False),
    "not-a-number": (scores(GOOD, ("bad", "general", "bits_per_byte", math.nan, 3.2, 3.4)),
                     "1 scores cannot be right and are marked", True),
    "infinite": (scores(GOOD, ("bad", "general", "bits_per_byte", math.inf, 3.2, 3.4)),
                 "1 scores cannot be right and are marked", True),
    "no-base": (models({"name": "adapted", "parents": ["gone"]}), "", True),
    "twice": (scores(GOOD, GOOD), "1 scores cannot be right and are marked", True),
    "twice-described": (models({"name": "base"}, {"name": "base", "parents": ["base"]}), "", True),
    "older-layout": (older, "lacks the column model and group and metric", False),
    "no-rows": (empty, "The results hold no score", True),
    "half-a-file": (half, "scores.parquet cannot be read as Parquet", False),
    "nameless": (scores(GOOD, ("", "general", "bits_per_byte", 3.0, 2.9, 3.1)),
                 "1 rows of scores.parquet name no model, group or metric", True),
}  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One app, and each case as tables of their own in it."""
    space = copy_space(tmp_path_factory.mktemp("bad") / "space")
    write_snapshot(space)
    for name, (damage, _, _) in CASES.items():
        folder = space / "papers" / name
        folder.mkdir(parents=True)
        (folder / "about.json").write_text(json.dumps({"title": name}))
        damage(folder)
    with booted(space) as address:
        yield address


@pytest.mark.parametrize("case", CASES)
def test_the_page_explains_itself(browser: Any, url: str, case: str) -> None:
    _, said, readable = CASES[case]
    with page_of(browser, url, f"?board={case}") as page:
        page.wait_for_selector("html[data-ready]", timeout=20_000)
        # whatever this board is, the others can be chosen
        page.wait_for_selector("#board option[value='no-base']", state="attached")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 844})
            assert said in page.inner_text("main")
            assert page.locator("#compare").is_visible() == readable
            if not readable:
                assert "No results can be shown" in page.inner_text("main")
            elif case != "no-rows":
                assert page.locator("#grid .body [role=rowheader]").count() > 0
                page.focus("#grid [tabindex='0']")
                page.keyboard.press("Control+End")
                assert page.evaluate("document.activeElement.closest('[role=row]') !== null")
            is_accessible(page, width)


def test_what_is_marked_says_why(browser: Any, url: str) -> None:
    with page_of(browser, url, "?board=twice") as page:
        page.wait_for_selector("#grid .flaw")
        page.click("#grid .flaw")
        assert "more than one value is published for it" in page.inner_text("#dialog")


def test_a_model_without_a_base_stands_for_itself(browser: Any, url: str) -> None:
    with page_of(browser, url, "?board=no-base") as page:
        page.wait_for_selector("#grid .body [role=row]")
        said = " ".join(page.inner_text("#grid").split())
        assert "adapted from gone" in said
        assert page.locator("#show option[value=difference]").get_attribute("hidden") is not None


def test_a_hub_that_answers_500_and_no_snapshot(browser: Any, tmp_path: Path) -> None:
    space = copy_space(tmp_path / "space")
    (space / "source.json").write_text(json.dumps({"results_repo": RESULTS, "revision": "v1"}))
    hub = ThreadingHTTPServer(("127.0.0.1", 0), Broken)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    try:
        with (
            booted(space, HF_ENDPOINT=f"http://127.0.0.1:{hub.server_port}") as address,
            page_of(browser, address) as page,
        ):
            page.wait_for_selector("html[data-ready=nothing]", timeout=60_000)
            said = page.inner_text("main")
            assert "No results can be shown" in said
            assert "cannot be read: the Hub" in said
            assert page.locator("#grid .body [role=row]").count() == 0
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 844})
                is_accessible(page, width)
    finally:
        hub.shutdown()
        hub.server_close()


class Slow(Broken):
    """A Hub that lets everybody wait."""

    over = threading.Event()

    def do_GET(self) -> None:
        self.over.wait(60)
        super().do_GET()

    do_HEAD = do_GET


def test_a_hub_that_lets_wait_leaves_the_snapshot_with_its_date(
    browser: Any, tmp_path: Path
) -> None:
    space = copy_space(tmp_path / "space")
    write_snapshot(space)
    (space / "source.json").write_text(json.dumps({"results_repo": RESULTS, "revision": "v1"}))
    hub = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    try:
        with (
            booted(space, HF_ENDPOINT=f"http://127.0.0.1:{hub.server_port}") as address,
            page_of(browser, address, width=390) as page,
        ):
            page.wait_for_selector("html[data-ready=read]", timeout=30_000)
            assert page.inner_text("#origin").startswith("Snapshot of 2026-07-01")
            assert "the Hub has not answered yet" in page.inner_text("#notes")
            is_accessible(page, 390)
    finally:
        Slow.over.set()
        hub.shutdown()
        hub.server_close()
