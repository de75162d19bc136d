"""The page of the Space in a real browser: what is seen, and what keyboard and harm can do."""

import math
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from test_space_app import SCORES, booted, copy_space, write_snapshot

CHROMIUM = shutil.which("chromium")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")

SCRIPT = "<img src=//evil.example/x onerror=window.harm=1><script>window.harm=1</script>"
HOSTILE = [
    (SCRIPT, "general", "bits_per_byte", 3.3, 3.2, 3.4),
    (SCRIPT, SCRIPT, SCRIPT, 3.3, 3.2, 3.4),
    ("=1+1", "general", "bits_per_byte", 3.5, 3.2, 3.4),
    ("${x}{{y}}`", "general", "bits_per_byte", math.nan, 3.2, 3.4),
    ("long" * 100_000, "medical", "bits_per_byte", 1e300, -1e300, 1.1e300),
    ("../../../etc/passwd", "medical", "bits_per_byte", 1e-300, None, None),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        launched = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    spaces = {}
    for name, scores in (("demo", SCORES), ("hostile", HOSTILE)):
        spaces[name] = copy_space(tmp_path_factory.mktemp(name) / "space")
        write_snapshot(spaces[name], scores)
    with booted(spaces["demo"]) as demo, booted(spaces["hostile"]) as hostile:
        yield {"demo": demo, "hostile": hostile}


Open = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any, urls: dict[str, str]) -> Iterator[Open]:
    """Opens a page and afterwards asserts that it had no error and asked for nothing elsewhere."""
    pages, faults = [], []

    def visit(which: str = "demo", query: str = "", **context: Any) -> Any:
        page = browser.new_page(**context)
        pages.append(page)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)

        def local_only(route: Any) -> None:
            if route.request.url.startswith(urls[which]):
                route.fallback()
            else:
                faults.append(f"asked for {route.request.url}")
                route.abort()

        page.route("**/*", local_only)
        page.goto(f"{urls[which]}/{query}")
        page.wait_for_selector("html[data-ready]", timeout=20_000)
        return page

    yield visit
    for page in pages:
        page.close()
    assert not faults


def column(page: Any, at: int) -> list[str]:
    texts = page.locator(f"#grid tbody tr:not(.gap) > :nth-child({at})").all_inner_texts()
    return [text.replace("\n", " ") for text in texts]


def test_scores_with_intervals_and_what_is_missing(open_page: Open) -> None:
    page = open_page()
    assert column(page, 2) == ["base base", "adapted from base", "merged merge of base + adapted"]
    assert column(page, 3) == ["3.36 [3.27, 3.49]", "3.40 [3.31, 3.52]", "3.37 [3.28, 3.49]"]
    assert column(page, 5) == ["0.19 [0.10, 0.33]", "–", "–"]
    assert page.inner_text("#origin") == "Snapshot of 2026-07-01, lab/demo-results at v0.1.0"


def test_differences_to_a_base_are_the_published_ones(open_page: Open) -> None:
    page = open_page(query="?show=difference&base=base")
    assert column(page, 4) == ["base", "better −0.280 [−0.290, −0.260]", "−0.16 no interval"]
    assert column(page, 3) == [
        "base", "worse +0.040 [+0.030, +0.050]", "≈ +0.010 [−0.010, +0.020]"
    ]  # fmt: skip
    page.select_option("#base", "adapted")
    assert column(page, 3)[0] == "better −0.040 [−0.050, −0.030]", "the same pair read backwards"
    assert "base=adapted" in page.url


def test_the_address_restores_the_view(open_page: Open) -> None:
    page = open_page()
    page.fill("#q", "e")
    page.check("#complete", force=True)
    page.click("#columns summary")
    page.uncheck("#column-list label:nth-child(3) input")
    page.click("[data-sort='bits_per_byte/medical']")
    names = column(page, 2)
    assert [name.split()[0] for name in names] == ["adapted", "merged", "base"]
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
    assert page.locator("th[aria-sort='ascending']").count() == 1
    page.keyboard.press("ArrowDown")
    assert page.evaluate(active).startswith("3.36 [3.27, 3.49]")
    page.keyboard.press("Space")
    assert page.locator("tr[aria-selected='true']").count() == 1
    page.keyboard.press("Control+End")
    assert page.evaluate(active) == "2.41M"
    grid = page.locator("[role=grid]")
    assert (grid.get_attribute("aria-rowcount"), grid.get_attribute("aria-colcount")) == ("4", "6")
    assert page.locator("#grid [tabindex='0']").count() == 1


def test_a_cell_opens_to_the_answers_that_changed(open_page: Open) -> None:
    page = open_page(query="?show=difference")
    page.click("#grid tr[aria-rowindex='3'] td[data-column='2']")
    page.wait_for_selector("#dialog table")
    assert "3 asked of both: 1 wrong → right, 0 right → wrong, 2 the same." in page.inner_text(
        "#dialog"
    )
    assert "q1" in page.inner_text("#dialog table")


def test_the_plane_draws_the_way_from_base_to_merge(open_page: Open) -> None:
    page = open_page()
    assert page.locator("#plane .dot").count() == 3
    assert page.locator("#plane path.arrow").count() == 2, "base → adapted → merged"
    assert "better →" in page.locator("#plane .axis").first.text_content()
    across = {t: float(page.locator(f"#plane .role-{t}.dot").bounding_box()["y"])
              for t in ("base", "adapted")}  # fmt: skip
    assert across["adapted"] < across["base"], "fewer bits per byte are further up"
    words = page.locator("#plane-words").text_content()
    assert (
        "base → adapted: medical bits per byte −0.28 [−0.29, −0.26], better, on 60 pairs" in words
    )


def test_hostile_results_are_text(open_page: Open) -> None:
    page = open_page("hostile")
    for choice in ("score", "difference"):
        page.select_option("#show", choice)
        for name in ("csv", "latex", "markdown", "link"):
            page.click(f"#{name}")
            if name == "csv":
                assert "'=1+1" in page.input_value("#dialog textarea")
            page.keyboard.press("Escape")
    page.click("#grid tr[aria-rowindex='2'] td[data-column]")
    assert page.evaluate("window.harm") is None
    assert page.locator("main img, main script, dialog img, dialog script").count() == 0
    assert "<script>" in page.inner_text("#grid")
    assert page.locator("td.flaw").count() == 2
    assert "2 scores cannot be right" in page.inner_text("#notes")


def test_nothing_to_show_is_said(open_page: Open, browser: Any, urls: dict[str, str]) -> None:
    page = browser.new_page()
    reply = '{"status": "nothing", "notes": ["lab/x has no v1: it is not published yet"]}'
    page.route("**/board.json*", lambda route: route.fulfill(body=reply))
    page.goto(urls["demo"])
    page.wait_for_selector("html[data-ready=nothing]")
    assert "No results can be shown" in page.inner_text("main")
    assert "not published yet" in page.inner_text("main")
    assert page.locator("table:visible, #plane:visible").count() == 0
    page.close()


@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible_at_both_widths_in_both_themes(open_page: Open, width: int, scheme: str) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is not installed"
    )
    size = {"width": width, "height": 844}
    page = open_page(query="?show=difference", viewport=size, color_scheme=scheme)
    # axe is put into the page by the test, past the page's own policy.
    found = axe.Axe().run(page).response["violations"]
    assert not [f"{one['id']}: {one['nodes'][0]['html']}" for one in found]
    assert page.evaluate("document.documentElement.scrollWidth") == width


MANY = """{status: "read", notes: [], problems: [], differences: [], release: null,
  source: {kind: "live", repo: "lab/many", revision: "v1"},
  models: Array.from({length: 5000}, (_, i) => ({name: `model-${i}`, kind: "", repo: "",
    parents: [], licence: [], parameters: null, family: `model-${i}`, depth: 0})),
  columns: Array.from({length: 100}, (_, c) => ({metric: "accuracy", group: `task ${c}`,
    better: "higher", flaws: {},
    value: Array.from({length: 5000}, (_, i) => (i * 7919 % 5000) / 5000),
    low: Array(5000).fill(null), high: Array(5000).fill(null)}))}"""


def test_many_models_are_not_all_drawn(browser: Any, urls: dict[str, str]) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 844})
    board = page.evaluate(f"JSON.stringify({MANY})")
    page.route("**/board.json*", lambda route: route.fulfill(body=board))
    page.goto(urls["demo"])
    page.wait_for_selector("html[data-ready=read]")
    assert page.locator("#grid tbody tr").count() < 60
    page.focus("#grid [tabindex='0']")
    page.keyboard.press("Control+End")
    assert page.locator("#grid tr[aria-rowindex='5001']").is_visible()
    page.fill("#q", "model-4999")
    assert page.locator("#grid tbody tr:not(.gap)").count() == 1
    page.close()
