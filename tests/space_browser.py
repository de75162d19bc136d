"""A page of the Space in Debian's Chromium: nothing goes wrong in it or is asked for elsewhere."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium")
WIDTHS = (390, 1200)
"""of a telephone and of a desktop, in CSS pixels"""


@contextmanager
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("Debian's chromium is not installed")
    with playwright.sync_playwright() as running:
        launched = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@contextmanager
def page_of(
    browser: Any, url: str, path: str = "", width: int = 1200, **context: Any
) -> Iterator[Any]:
    """The page, and afterwards that it had no error and asked nobody but this server."""
    faults: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": 844}, **context)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)

    def local_only(route: Any) -> None:
        if route.request.url.startswith(url):
            route.fallback()
        else:
            faults.append(f"asked for {route.request.url}")
            route.abort()

    page.route("**/*", local_only)
    page.goto(f"{url}/{path}")
    yield page
    page.close()
    assert not faults, faults


def is_accessible(page: Any, width: int) -> None:
    """No finding of axe, and nothing that has to be scrolled sideways."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe here")
    # axe is put into the page by the test, past the page's own policy.
    found = axe.Axe().run(page).response["violations"]
    said = [f"{one['id']}: {one['nodes'][0]['html']}" for one in found]
    assert not said, said
    assert page.evaluate("document.documentElement.scrollWidth") == width
