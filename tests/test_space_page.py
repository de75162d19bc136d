"""The page of the Space in a real browser: what is seen, and what keyboard and harm can do."""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from space_browser import chromium, is_accessible, page_of
from test_space_app import (
    SCORES,
    booted,
    copy_space,
    release_record,
    write_snapshot,
    write_table,
)

from release import papers

SCRIPT = "<img src=//evil.example/x onerror=window.harm=1><script>window.harm=1</script>"
HOSTILE = [
    (SCRIPT, "general", "bits_per_byte", 3.3, 3.2, 3.4),
    (SCRIPT, SCRIPT, SCRIPT, 3.3, 3.2, 3.4),
    ("base", SCRIPT, SCRIPT, 3.2, 3.1, 3.3),
    ("=1+1", "general", "bits_per_byte", 3.5, 3.2, 3.4),
    ("${x}{{y}}`", "general", "bits_per_byte", math.nan, 3.2, 3.4),
    ("long" * 100_000, "medical", "bits_per_byte", 1e300, -1e300, 1.1e300),
    ("../../../etc/passwd", "medical", "bits_per_byte", 1e-300, None, None),
]


def harm_everything_else(folder: Path) -> None:
    """The same harm in every field that the page shows."""
    models = [
        dict.fromkeys(("name", "kind", "repo"), SCRIPT)
        | {"parents": [SCRIPT, "base"], "licence": [SCRIPT], "languages": [SCRIPT], "parameters": 7}
    ]
    (folder / "models.json").write_text(json.dumps({"models": models}))
    names = "before after group metric difference ci_low ci_high items family verdict"
    row = ("base", SCRIPT, SCRIPT, SCRIPT, 0.1, 0.0, 0.2, 3, SCRIPT, SCRIPT)
    write_table(folder / "differences.parquet", names, [row])
    write_table(
        folder / "ranks.parquet", "model group metric rank rank_low rank_high tie",
        [(SCRIPT, SCRIPT, SCRIPT, 1.0, 1.0, 1.0, 1)],
    )  # fmt: skip
    point = {"merge": SCRIPT, "candidate": "t=0.5", "measure": "bits_per_byte", "on_front": True,
             "scores": {"general": 3.0, "medical": 3.0}}  # fmt: skip
    (folder / "front.json").write_text(
        json.dumps([point, point | {"candidate": "t=0.7"}, point | {"candidate": SCRIPT}])
    )
    write_table(
        folder / "corpora" / "notes" / "ledger.parquet", "id source reason licence evidence",
        [(SCRIPT, SCRIPT, SCRIPT, SCRIPT, SCRIPT)],
    )  # fmt: skip
    kinds = ("warning", "win-rate", "failure-mode", "safety", "agreement")
    write_table(
        folder / "judged.parquet", "figure model against what note value ci_low ci_high n",
        [(kind, *[SCRIPT] * 4, 0.5, 0.4, 0.6, 3) for kind in kinds]
        + [("win-rate", *[SCRIPT] * 4, 0.9, 0.1, 0.2, 3)],
    )  # fmt: skip
    record = release_record({}, {})
    for key in ("release", "tag", "version", "signature"):
        record[key] = SCRIPT
    (folder / "release.json").write_text(json.dumps(record))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    spaces = {}
    for name, scores in (("demo", SCORES), ("hostile", HOSTILE)):
        spaces[name] = copy_space(tmp_path_factory.mktemp(name) / "space")
        write_snapshot(spaces[name], scores)
    papers.write(spaces["demo"] / "papers")
    harm_everything_else(spaces["hostile"] / "snapshot")
    with booted(spaces["demo"]) as demo, booted(spaces["hostile"]) as hostile:
        yield {"demo": demo, "hostile": hostile}


Open = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any, urls: dict[str, str]) -> Iterator[Open]:
    with ExitStack() as pages:

        def visit(which: str = "demo", query: str = "", **context: Any) -> Any:
            page = pages.enter_context(page_of(browser, urls[which], query, **context))
            page.wait_for_selector("html[data-ready]", timeout=20_000)
            return page

        yield visit


def column(page: Any, at: int) -> list[str]:
    """The texts of a column, and of its intervals once they have come."""
    page.wait_for_function("() => !document.querySelector('#grid').innerText.includes('…')")
    texts = page.locator(f"#grid .body [aria-colindex='{at}']").all_inner_texts()
    return [" ".join(text.removeprefix("▾").split()) for text in texts]


def test_scores_with_intervals_and_what_is_missing(open_page: Open) -> None:
    page = open_page()
    assert column(page, 2) == ["base base", "adapted from base", "merged merge of base + adapted"]
    assert column(page, 3) == ["3.36 [3.27, 3.49]", "3.40 [3.31, 3.52]", "3.37 [3.28, 3.49]"]
    assert column(page, 5) == ["0.19 [0.10, 0.33]", "–", "–"]
    assert page.inner_text("#origin") == "Snapshot of 2026-07-01, lab/demo-results at v0.1.0"


def test_differences_to_a_base_are_the_published_ones(open_page: Open) -> None:
    page = open_page(query="?show=difference&base=base")
    assert column(page, 4) == ["base", "better −0.280 [−0.290, −0.260]", "–"], (
        "none subtracted here"
    )
    assert column(page, 3) == [
        "base", "worse +0.040 [+0.030, +0.050]", "≈ +0.010 [−0.010, +0.020]"
    ]  # fmt: skip
    page.select_option("#base", "adapted")
    assert column(page, 3)[0] == "better −0.040 [−0.050, −0.030]", "the same pair read backwards"
    page.wait_for_url("**base=adapted**")


def test_the_address_restores_the_view(open_page: Open) -> None:
    page = open_page()
    page.fill("#q", "e")
    page.check("#complete", force=True)
    page.click("#columns summary")
    page.uncheck("#column-list label:nth-of-type(3) input")
    page.click("[data-sort='bits_per_byte/medical']")
    names = column(page, 2)
    assert [name.split()[0] for name in names] == ["adapted", "merged", "base"]
    page.wait_for_url("**sort=**")
    again = open_page(query=page.url[page.url.index("?") :])
    assert column(again, 2) == names
    assert again.input_value("#q") == "e"
    header = again.locator("[data-sort='bits_per_byte/medical']")
    assert header.get_attribute("aria-sort") == "ascending"


def test_what_is_taken_away_is_what_is_shown(open_page: Open) -> None:
    page = open_page(query="?show=difference&hide=accuracy/medical&q=adapted")
    taken = {}
    for name in ("csv", "latex", "markdown"):
        page.click(f"#{name}")
        taken[name] = page.input_value("#dialog textarea")
        page.keyboard.press("Escape")
    assert taken["csv"].splitlines()[1] == (
        "adapted,from base,+0.040,+0.030,+0.050,worse,-0.280,-0.290,-0.260,better"
    )
    assert "adapted & $+0.040$ {\\scriptsize $[+0.030, +0.050]$}" in taken["latex"]
    assert "$\\mathbf{-0.280}$" in taken["latex"]
    assert taken["markdown"].splitlines()[2] == (
        "| adapted | +0.040 [+0.030, +0.050] (worse) | -0.280 [-0.290, -0.260] (better) |"
    )


def test_the_table_by_keyboard(open_page: Open) -> None:
    page = open_page()
    active = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText"
    assert page.locator("#grid [tabindex='0']").count() == 1
    page.focus("#grid [tabindex='0']")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.locator("[role=columnheader][aria-sort='ascending']").count() == 1
    page.keyboard.press("ArrowDown")
    assert page.evaluate(active).startswith("3.36 [3.27, 3.49]")
    page.keyboard.press("Space")
    assert page.locator("[role=row][aria-selected='true']").count() == 1
    page.keyboard.press("Control+End")
    assert page.evaluate(active) == "2.41M"
    grid = page.locator("[role=grid]")
    assert (grid.get_attribute("aria-rowcount"), grid.get_attribute("aria-colcount")) == ("4", "6")
    assert page.locator("#grid [tabindex='0']").count() == 1


def test_a_cell_opens_to_the_answers_that_changed(open_page: Open) -> None:
    page = open_page(query="?show=difference")
    page.click("#grid [aria-rowindex='3'] [data-column='2']")
    page.wait_for_selector("#dialog table")
    assert "3 asked of both: 1 wrong → right, 0 right → wrong, 2 the same." in page.inner_text(
        "#dialog"
    )
    assert "q1" in page.inner_text("#dialog table")


def test_the_plane_draws_the_way_from_base_to_merge(open_page: Open) -> None:
    page = open_page()
    page.locator("#plane").scroll_into_view_if_needed()
    page.wait_for_selector("#plane .dot")
    assert page.locator("#plane .dot").count() == 3
    page.wait_for_selector("#plane .sweep")
    assert page.locator("#plane .swept").count() == 3, "the sweep's path"
    page.click("#adaptation summary")
    page.wait_for_selector("#plane-words li")
    assert page.locator("#plane path.arrow").count() == 2, "base → adapted → merged"
    assert "better →" in page.locator("#plane .axis").first.text_content()
    across = {t: float(page.locator(f"#plane .role-{t}.dot").bounding_box()["y"])
              for t in ("base", "adapted")}  # fmt: skip
    assert across["adapted"] < across["base"], "fewer bits per byte are further up"
    words = page.locator("#plane-words").text_content()
    moved = "base → adapted: medical bits per byte −0.280 [−0.290, −0.260], better, on 60 pairs"
    assert moved in words


def test_confidence_against_the_share_that_was_right(open_page: Open) -> None:
    page = open_page()
    page.locator("#plane").scroll_into_view_if_needed()
    page.wait_for_selector("#plane .dot")
    page.select_option("#picture", "calibration")
    page.wait_for_selector("#plane .curve", state="attached")
    assert page.locator("#plane .curve").count() == 2
    assert page.locator("#plane .bar-line").count() == 3, "an interval each"
    words = page.inner_text("#plane-name")
    assert "base, medical: calibration error 0.300, 0.40 → 0.50, 0.90 → 0.50" in words
    labels = [label.bounding_box()["y"] for label in page.locator("#plane .label").all()]
    assert abs(labels[0] - labels[1]) > 14, "no name lies on another"


def test_a_long_table_is_read_in_its_order_after_scrolling(open_page: Open) -> None:
    """Rows are used again while one scrolls; in the document they stand in order all the same."""
    page = open_page(query="?board=partages-benchmark")
    page.evaluate("document.getElementById('grid').scrollTop = 700")
    page.evaluate("document.getElementById('grid').scrollLeft = 900")
    page.wait_for_timeout(500)
    found = page.evaluate(
        """() => [...document.querySelectorAll('#grid .body [role=row]')].map((row) => [
          Number(row.getAttribute('aria-rowindex')),
          [...row.querySelectorAll('[aria-colindex]')]
            .map((cell) => Number(cell.getAttribute('aria-colindex')))])"""
    )
    rows = [row for row, _ in found]
    assert rows == list(range(rows[0], rows[0] + len(rows)))
    assert rows[0] > 2
    assert all(cells[:2] == [1, 2] and cells == sorted(set(cells)) for _, cells in found)
    assert found[0][1][2] > 3


def test_hostile_results_are_text(open_page: Open) -> None:
    page = open_page("hostile")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.wait_for_selector("#ledger td")
    assert "<script>" in page.inner_text("#ledger")
    for choice in ("score", "difference", "rank"):
        page.select_option("#show", choice)
        for name in ("csv", "latex", "markdown", "link"):
            page.click(f"#{name}")
            if name == "csv":
                assert "'=1+1" in page.input_value("#dialog textarea")
            page.keyboard.press("Escape")
    page.click("#grid [aria-rowindex='2'] [data-column]")
    page.wait_for_selector("#dialog[open]")
    page.keyboard.press("Escape")
    page.locator("#plane").scroll_into_view_if_needed()
    page.wait_for_selector("#plane .sweep", state="attached")
    judged = page.inner_text("#judged")
    assert judged.count("<script>") > 5
    assert "data problem: its interval" in judged
    assert page.evaluate("window.harm") is None
    assert page.locator("main img, main script, dialog img, dialog script").count() == 0
    assert "<script>" in page.inner_text("#grid")
    assert page.locator("#grid .flaw").count() == 2
    assert "2 scores cannot be right" in page.inner_text("#notes")


def test_nothing_to_show_is_said(open_page: Open, browser: Any, urls: dict[str, str]) -> None:
    page = browser.new_page()
    head = b'{"status": "nothing", "notes": ["lab/x has no v1: it is not published yet"]}'
    reply = len(head).to_bytes(4, "little") + head
    page.route("**/board.bin*", lambda route: route.fulfill(body=reply))
    page.goto(urls["demo"])
    page.wait_for_selector("html[data-ready=nothing]")
    assert "No results can be shown" in page.inner_text("main")
    assert "not published yet" in page.inner_text("main")
    assert page.locator("table:visible, #plane:visible").count() == 0
    page.close()


@pytest.mark.parametrize(
    ("width", "query"),
    [(390, "?show=difference"), (1200, ""), (390, "?board=definemed"),
     (1200, "?board=partages-groups&show=rank")],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible_at_both_widths_in_both_themes(
    open_page: Open, width: int, query: str, scheme: str
) -> None:
    page = open_page(query=query, width=width, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.locator("#plane").scroll_into_view_if_needed()
    page.wait_for_selector("#plane .dot")
    if "board" not in query:
        page.wait_for_selector("#ledger td")
    is_accessible(page, width)


def test_families_fold_and_unfold(open_page: Open) -> None:
    page = open_page()
    page.focus("#grid [aria-rowindex='2'] [role=rowheader]")
    page.keyboard.press("-")
    assert column(page, 2) == ["▸base and 2 made from it"]
    header = page.locator("#grid [aria-rowindex='2'] [role=rowheader]")
    assert header.get_attribute("aria-expanded") == "false"
    page.keyboard.press("+")
    assert len(column(page, 2)) == 3
    page.click("#fold-all")
    page.wait_for_url("**fold=base**")
    assert len(column(open_page(query="?fold=base"), 2)) == 1


def test_tied_groups_are_the_published_ones(open_page: Open) -> None:
    page = open_page(query="?show=rank")
    assert column(page, 4) == ["3 [3, 3]", "first 1 [1, 2]", "first 2 [1, 2]"]
    assert column(page, 3) == ["–", "–", "–"]


def test_chosen_models_side_by_side(open_page: Open) -> None:
    page = open_page()
    assert page.locator("#side-by-side").is_disabled()
    for row in (2, 3):
        page.click(f"#grid [aria-rowindex='{row}'] .pick")
    page.click("#side-by-side")
    page.wait_for_selector("#dialog table")
    text = " ".join(page.inner_text("#dialog table").split())
    assert "general bits per byte 3.36 [3.27, 3.49] 3.40 [3.31, 3.52] worse +0.040" in text


def test_columns_by_facet_with_their_coverage(open_page: Open) -> None:
    page = open_page()
    assert page.locator("#metric option").all_inner_texts() == [
        "all", "bits per byte: 2 columns, 100% there", "accuracy: 1 column, 33% there"
    ]  # fmt: skip
    page.select_option("#metric", "accuracy")
    assert "1 of 3 columns, 1 of 3 scores there; 1 models are complete" in page.inner_text("#count")
    page.check("#complete")
    assert [name.split()[0] for name in column(page, 2)] == ["base"]


def test_the_ledger_is_searched(open_page: Open) -> None:
    page = open_page()
    page.click("#corpora-more summary")
    page.wait_for_selector("#ledger td")
    facts = page.inner_text("#corpus-words")
    assert "60 of 90 that were read" in facts
    assert "30 licence" in facts
    page.fill("#ledger-q", "nc-4")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => document.querySelector('#ledger-count').textContent.startsWith('30 ')"
    )
    assert page.locator("#ledger tbody tr").count() == 30
    page.fill("#ledger-q", "")
    page.click("#ledger-form button")
    page.wait_for_selector("#ledger-pages button:enabled")
    page.click("#ledger-pages button:last-child")
    page.wait_for_function(
        "() => document.querySelector('#ledger-pages').textContent.includes('page 2')"
    )
    assert page.locator("#ledger tbody tr").count() == 40


def test_a_papers_tables_with_what_the_report_says(open_page: Open) -> None:
    page = open_page(query="?board=partages-groups&q=8B-Base+(base)&group=FR-OTHER")
    assert page.inner_text("#title") == "PARTAGES, Tables 3 to 6"
    assert "findings about these tables" in page.inner_text("#notes")
    page.click("#grid .doubtful >> nth=0")
    said = page.inner_text("#dialog")
    assert "Printed in PARTAGES table 5" in said
    assert "impossible" in said
    page.keyboard.press("Escape")
    page.select_option("#board", "")
    page.wait_for_function("() => document.querySelector('#title').textContent.startsWith('demo')")
    assert len(column(page, 2)) == 3, "filters of one board do not stay with another"


def test_many_models_are_not_all_drawn(
    open_page: Open,
    browser: Any,
    urls: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    space = copy_space(tmp_path_factory.mktemp("many") / "space")
    scores = [
        (f"model-{i}", f"task {c}", "accuracy", (i * 7919 % 1000) / 1000, None, None)
        for i in range(1000) for c in range(60)
    ]  # fmt: skip
    write_snapshot(space, scores)
    with booted(space) as urls["many"]:
        page = open_page("many")
        cells = page.locator("#grid [role=gridcell]")
        assert cells.count() < 400
        page.focus("#grid [tabindex='0']")
        page.keyboard.press("Control+End")
        last = page.locator("#grid [aria-rowindex='1004'] [aria-colindex='63']")
        assert last.is_visible()
        assert page.evaluate("document.activeElement.ariaColIndex") == "63"
        page.wait_for_function(
            "() => !document.querySelector('#count').textContent.includes('not read')"
        )
        later = page.locator("#grid .body [aria-colindex='62']").all_inner_texts()
        assert any(text.startswith("0.") for text in later), "it came after the first columns"
        assert cells.count() < 400
        assert "60000 of 60180 scores there" in page.inner_text("#count")
        page.fill("#q", "model-999")
        page.wait_for_function(
            "() => document.querySelectorAll('#grid .body [role=row]').length === 1"
        )
        page.close()
        columns_that_do_not_come_are_said_to_be_missing(browser, urls["many"])


def columns_that_do_not_come_are_said_to_be_missing(browser: Any, url: str) -> None:
    page = browser.new_page()
    page.route("**/rest.bin*", lambda route: route.fulfill(status=409))
    page.goto(url)
    page.wait_for_function(
        "() => document.querySelector('#notes').textContent.includes('not all columns')"
    )
    assert "the results have changed since" in page.inner_text("#notes")
    assert "52 columns are not read yet" in page.inner_text("#count")
    page.click("#csv")
    page.wait_for_selector("#dialog[open]")
    assert "the table is not whole" in page.inner_text("#dialog")
    page.close()
