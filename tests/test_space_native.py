"""The Gradio pages beside the table: answers one by one, a playground where a server is named."""

import json
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from judge_server import Say, serving
from space_browser import WIDTHS, chromium, is_accessible, page_of
from test_space_app import booted, copy_space, get, write_snapshot, write_table

HARM = "<img src=//evil.example/x onerror=window.harm=1><script>window.harm=1</script>"
WANTED = "answers/?before=base&after=adapted&group=medical&metric=accuracy"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    def say(request: dict[str, Any], _: int) -> Say:
        asked = request["messages"][-1]["content"]
        if "busy" in asked:
            return Say(status=429)
        return Say(body=b"[]") if "form" in asked else Say(f"{HARM} to {asked}")

    with serving(say) as running:
        yield running


@pytest.fixture(scope="module")
def url(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    space = copy_space(tmp_path_factory.mktemp("native") / "space")
    write_snapshot(space)
    # the third question's words are harmful, and those of no other model are
    write_table(
        space / "snapshot" / "questions.parquet",
        "task item question options answer licence attribution",
        [("quiz", "q0", HARM, [HARM, "that one"], 0, HARM, HARM),
         ("quiz", "q1", "Which of two is number 1?", ["this one", "that one"], 0, "CC-BY-4.0",
          "A. Writer")],
    )  # fmt: skip
    with booted(space, PLAYGROUND_URL=server.url, PLAYGROUND_MODELS="one, two") as address:
        yield address


def begun(page: Any) -> None:
    page.get_by_label("Found").wait_for()
    page.wait_for_function(
        "() => [...document.querySelectorAll('textarea, input')].some((e) => /^3 q/.test(e.value))"
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_answers_one_by_one(browser: Any, url: str, width: int) -> None:
    with page_of(browser, url, WANTED, width) as page:
        begun(page)
        assert page.get_by_role("radio").count() == 3
        choice = page.get_by_role("radio", name="q1")
        choice.focus()
        page.keyboard.press("Space")
        words = page.get_by_label("Question", exact=True)
        page.wait_for_function("(e) => e.value.includes('number 1')", arg=words.element_handle())
        assert words.input_value().endswith("[CC-BY-4.0 · A. Writer]")
        said = page.get_by_label("Answers", exact=True).input_value()
        assert "1. this one [-1.50 / -1.50 nats] right, chosen by adapted" in said
        assert "2. that one [-2.25 / -2.25 nats] chosen by base" in said
        is_accessible(page, width)


def test_words_that_are_not_published_are_not_shown(browser: Any, url: str) -> None:
    with page_of(browser, url, WANTED) as page:
        begun(page)
        page.get_by_role("radio", name="q2").check()
        words = page.get_by_label("Question", exact=True)
        page.wait_for_function("(e) => e.value !== ''", arg=words.element_handle())
        assert words.input_value().startswith("Its words are not published")


def test_harmful_words_are_text(browser: Any, url: str) -> None:
    with page_of(browser, url, WANTED) as page:
        begun(page)
        page.get_by_role("radio", name="q0").check()
        words = page.get_by_label("Question", exact=True)
        page.wait_for_function("(e) => e.value !== ''", arg=words.element_handle())
        assert HARM in words.input_value()
        page.get_by_label("Find in task, id and words").fill(HARM)
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.querySelectorAll('[type=radio]').length === 1")
        assert page.evaluate("window.harm") is None
        assert page.locator("img[src*=evil]").count() == 0


def test_nobody_who_asks_for_nonsense_gets_anything_else(browser: Any, url: str) -> None:
    with page_of(browser, url, "answers/?before=..&after=%00&group=x&metric=y") as page:
        page.get_by_label("Found").wait_for()
        page.wait_for_function(
            "() => [...document.querySelectorAll('textarea, input')].some("
            "(e) => e.value.startsWith('Nothing to show'))"
        )


def test_the_dialog_shows_words_and_leads_there(browser: Any, url: str) -> None:
    with page_of(browser, url, "?show=difference") as page:
        page.wait_for_selector("html[data-ready]")
        page.click("#grid [aria-rowindex='3'] [data-column='2']")
        page.wait_for_selector("#dialog table")
        assert "Which of two is number 1? [CC-BY-4.0]" in page.inner_text("#dialog")
        page.click("#dialog a")
        begun(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_model_is_asked_and_its_answer_is_text(
    browser: Any, url: str, server: Any, width: int
) -> None:
    with page_of(browser, url, width=width) as page:
        page.wait_for_selector("html[data-ready]")
        page.click("#ask")
        page.get_by_label("Question").fill("What is it?")
        page.get_by_role("button", name="Ask").click()
        answer = page.get_by_label("Answer")
        page.wait_for_function("(e) => e.value !== ''", arg=answer.element_handle())
        assert answer.input_value() == f"{HARM} to What is it?"
        assert page.evaluate("window.harm") is None
        is_accessible(page, width)
    assert server.asked[-1]["model"] == "one"


def test_the_playground_is_no_endpoint_for_programs(url: str) -> None:
    from gradio_client import Client
    from gradio_client.exceptions import AppError

    assert json.loads(get(f"{url}/papers.json")[0])["playground"] is True
    with pytest.raises((AppError, ValueError)):
        Client(f"{url}/ask/", verbose=False).predict("one", "busy", api_name="/ask")


def test_the_playground_answers_for_its_server(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib

    from test_space_app import SPACE

    monkeypatch.syspath_prepend(str(SPACE))
    there = importlib.import_module("playground").Playground
    environ = {"PLAYGROUND_URL": server.url, "PLAYGROUND_MODELS": "one,two"}
    ask = there.of(environ).ask
    assert "too much to do" in ask("one", "busy")
    assert "no form that is known" in ask("one", "form")
    assert ask("three", "x") == ask("one", " ") == "Choose a model and write a question."
    assert "longer than" in ask("one", "x" * 5000)
    gone = there.of(environ | {"PLAYGROUND_URL": "http://127.0.0.1:9/v1"})
    assert "does not answer" in gone.ask("one", "x")
    for nowhere in ({}, {"PLAYGROUND_URL": "file:///etc/passwd", "PLAYGROUND_MODELS": "a"}):
        assert there.of(nowhere) is None


def test_there_is_no_playground_without_a_server(tmp_path: Path) -> None:
    with booted(copy_space(tmp_path / "space")) as address:
        with pytest.raises(urllib.error.HTTPError):
            get(f"{address}/ask/")
        assert get(f"{address}/answers/")[0]
