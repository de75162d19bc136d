"""A judged release from `imprimatur run` to its results dataset, its card and the Space: two models
of the demo answer, a local server judges, a person fills the sheet in."""

import csv
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import DEMO, Workdir
from huggingface_hub import DatasetCard
from judge_server import Say, serving, shown
from pyarrow import parquet
from space_browser import WIDTHS, chromium, is_accessible, page_of
from test_space_app import get_json
from typer.testing import CliRunner

from evaluation.judge.prompts import FAILURE_MODES
from hub.cards import judged as card
from hub.manifest import Artefact, read_artefact
from release.cli import app
from release.comparison import started
from release.publication import assemble, judged
from release.recipe import load

QUESTIONS = 8
REASON = "PLANTED-REASON"
HARM = "<img src=//evil.example/x onerror=window.harm=1>"


def judge(request: dict[str, Any], number: int) -> Say:
    """Takes the longer answer; a few of its own answers are no verdict."""
    answers = shown(request)
    if number % 7 == 3:
        return Say("I would say the first.")
    if "" in answers:
        found = dict.fromkeys(FAILURE_MODES, False) | {"verbosity": len(answers[""]) > 20}
        return Say(json.dumps(found))
    first, second = len(answers["A"]), len(answers["B"])
    winner = "A" if first > second else "B" if second > first else "0"
    return Say(json.dumps({"reasoning": REASON, "winner": winner}))


@dataclass
class Judged:
    recipe: Path
    work: Path
    folder: Path
    """of the assembled publication"""
    asked: list[int]
    """requests to the judge by the end of each run"""

    @property
    def results(self) -> Path:
        (found,) = self.folder.glob("dataset/*/*-results")
        return found


def write_release(folder: Path, url: str, sheets: str = "") -> Path:
    data = folder / "data"
    if not data.is_dir():
        shutil.copytree(DEMO.parent / "demo", data)
        lines = [{"id": f"q{n}", "query": f"Was hilft gegen {n}?"} for n in range(QUESTIONS)]
        (data / "questions.jsonl").write_text("\n".join(map(json.dumps, lines)))
        template = "{% for m in messages %}{{ m.content }}\n{% endfor %}"
        (data / "chat.jinja").write_text(template)
    text = DEMO.read_text(encoding="utf-8").replace("data: demo", f"data: {data}")
    text = text.replace("../../space", str(DEMO.parents[2] / "space"))
    part = f"""
  judge:
    queries: {{name: questions, file: questions.jsonl}}
    models: {{base: {{template: chat.jinja}}, adapted: {{template: chat.jinja}}}}
    generation: {{max_new_tokens: 12, batch: 8, temperature: 1.0, seed: 1}}
    by: {{endpoint: {{url: "{url}", model: scripted, retries: 1}}}}
    resamples: 200
    people: {{sheets: [{sheets}]}}

space:"""
    path = folder / "judged.yaml"
    path.write_text(text.replace("\nspace:", part), encoding="utf-8")
    return path


def run(recipe: Path, work: Path) -> None:
    words = ["run", str(recipe), "--scale", "quick", "--workdir", str(work)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output


def artefacts_of(work: Path) -> dict[str, Artefact]:
    found = [read_artefact(path.parent) for path in work.glob("*/*/manifest.json")]
    return {artefact.manifest.name: artefact for artefact in found if artefact}


@pytest.fixture(scope="module")
def released(demo: Workdir, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judged]:
    folder = tmp_path_factory.mktemp("judged")
    work = Path(shutil.copytree(demo.path, folder / "work"))
    asked = []
    with serving(judge) as server:
        recipe = write_release(folder, server.url)
        run(recipe, work)
        asked.append(len(server.asked))
        (sheet,) = work.glob("*/judge-excluded-*/sheet.csv")
        with sheet.open(newline="", encoding="utf-8-sig") as opened:
            rows = list(csv.DictReader(opened))
        for number, row in enumerate(rows):
            row["winner"] = str(number % 3)
            row["annotator"] = "anna"
        with (folder / "data" / "anna.csv").open("w", newline="", encoding="utf-8") as opened:
            writer = csv.DictWriter(opened, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        shutil.rmtree(sheet.parent)
        for made in work.glob("*/judge-*"):
            shutil.rmtree(made)
        recipe = write_release(folder, server.url, "anna.csv")
        run(recipe, work)
        asked.append(len(server.asked))
    loaded = load(recipe, "quick", [])
    _, publication = assemble(loaded, artefacts_of(work), work)
    yield Judged(recipe, work, publication, asked)


def test_the_second_run_asks_nobody_again(released: Judged) -> None:
    first, second = released.asked
    assert first >= QUESTIONS * 2
    # what is no verdict is known too: the same question gets the same answer
    assert second == first


def test_its_figures_are_in_the_results_dataset(released: Judged) -> None:
    table = parquet.read_table(released.results / "judged.parquet").to_pylist()
    said = json.loads((released.results / "judge" / "judge.json").read_bytes())
    (rate,) = [row for row in table if row["figure"] == "win-rate"]
    assert (rate["model"], rate["against"]) == ("adapted", "base")
    (as_made,) = said["win_rates"]
    assert rate["value"] == as_made["rate"]["value"]
    assert rate["without_verdict"] == sum(as_made["bad"].values()) > 0
    modes = [row for row in table if row["figure"] == "failure-mode"]
    assert len(modes) == 2 * len(FAILURE_MODES) == 28
    (agreed,) = [row for row in table if row["figure"] == "agreement"]
    assert {agreed["model"], agreed["against"]} == {"anna", "judge"}
    assert agreed["n"] > 0
    assert [row["note"] for row in table if row["figure"] == "warning"] == said["warnings"]


def test_its_card_says_them_and_lists_the_table(released: Judged) -> None:
    text = (released.results / "README.md").read_text(encoding="utf-8")
    assert "## Open answers, judged" in text
    assert "| language mixing |" in text
    assert "| anna and judge |" in text or "| judge and anna |" in text
    assert "nobody's win" in " ".join(text.split())
    configs = DatasetCard.load(released.results / "README.md").data.to_dict()["configs"]
    assert "judged" in [config["config_name"] for config in configs]


def test_no_answer_and_no_reason_is_published(released: Judged) -> None:
    (answers,) = released.work.glob("*/judge-excluded-*/answers.parquet")
    texts = {row["text"].strip() for row in parquet.read_table(answers).to_pylist()}
    planted = [text.encode() for text in texts if len(text) > 12] + [REASON.encode()]
    assert len(planted) > 2
    for path in released.folder.rglob("*"):
        if not path.is_file() or path.suffix == ".safetensors":
            continue
        found = path.read_bytes()
        if path.suffix == ".parquet":
            found = json.dumps(parquet.read_table(path).to_pylist(), default=str).encode()
        assert not [text for text in planted if text in found], path


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as launched:
        yield launched


@pytest.mark.parametrize("width", WIDTHS)
def test_the_space_shows_them(released: Judged, browser: Any, width: int) -> None:
    with started(str(released.work), None) as (url, _), page_of(browser, url, width=width) as page:
        assert get_json(f"{url}/board.json")["status"] == "read"
        page.wait_for_selector("#judged table", timeout=20_000)
        said = " ".join(page.inner_text("#judged").split())
        assert "Win-rates" in said
        assert "adapted base" in said
        assert "language mixing" in said
        assert "People and judge" in said
        is_accessible(page, width)


def test_the_page_of_the_run_is_accessible_and_asks_for_nothing(
    released: Judged, browser: Any
) -> None:
    (report,) = released.work.glob("*/judge-excluded-*/report.html")
    with page_of(browser, report.parent.as_uri(), report.name, 1200) as page:
        assert page.locator("table").count() >= 4
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 844})
            is_accessible(page, width)


def test_a_judge_that_says_nothing_of_use_is_shown_as_that() -> None:
    """No rate where there is no verdict; harmful names stay text."""
    said = {
        "warnings": [f"{HARM} against base: nothing was decided."], "position": None,
        "win_rates": [{"later": HARM, "earlier": "base", "rate": None, "p_adjusted": 1.0,
                       "counts": {"bad": 4}, "bad": {"prose": 8}, "if_lost": 0.0, "if_won": 1.0}],
        "failure_modes": [{"model": HARM, "mode": "verbosity", "rate": None}],
        "failure_modes_without_verdict": {HARM: {"prose": 4}},
        "failure_mode_changes": [], "safety": [], "safety_changes": [], "agreement": [],
    }  # fmt: skip
    rows = list(judged.rows(said))
    (rate,) = [row for row in rows if row["figure"] == "win-rate"]
    assert (rate["value"], rate["p_adjusted"], rate["without_verdict"]) == (None, None, 8)
    assert "| – | – | 4 bad | 8 |" in card.render(rows, {})


def test_a_local_model_judges_by_the_same_command(demo: Workdir, tmp_path: Path) -> None:
    """A model of this machine that has learnt nothing: all it says is counted, nobody wins."""
    work = Path(shutil.copytree(demo.path, tmp_path / "work"))
    recipe = write_release(tmp_path, "http://127.0.0.1:9/v1")
    folder = shutil.copytree(demo.folder("base"), tmp_path / "data" / "judge-model")
    (folder / "chat_template.jinja").write_text(
        "{% for m in messages %}{{ m.content[:400] }}\n{% endfor %}"
    )
    text = recipe.read_text(encoding="utf-8")
    start, end = text.index("    by: {endpoint"), text.index("    resamples: 200")
    local = "    by: {local: {path: judge-model}, max_tokens: 16}\n    safety: false\n"
    recipe.write_text(text[:start] + local + text[end:], encoding="utf-8")
    run(recipe, work)
    (made,) = work.glob("evaluation/judge-[0-9a-f]*/judge.json")
    found = json.loads(made.read_bytes())
    assert found["win_rates"][0]["rate"] is None
    bad = found["win_rates"][0]["bad"]
    assert sum(bad.values()) > 0
    assert bad.keys() <= {"prose", "cut", "empty", "rejected"}
    assert any("no verdict" in line for line in found["warnings"])
