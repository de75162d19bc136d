"""Cards are checked by the rules that the Hub publishes, before anything is public."""

from pathlib import Path

import pytest
from rehearsal_server import TOKENS, client_environment, run_client

from hub.rehearsal import eval_results
from hub.rehearsal.card import language_codes, licence_ids, problems
from hub.rehearsal.serve import running

CARDS = {
    "---\nlicense: mit\n---\n": None,
    "---\nlicense: no-such\n---\n": "license",
    "---\nlicense: mit\nlanguage: no\n---\n": None,
    "---\nlicense: mit\nlanguage: french\n---\n": "language",
    "---\nlanguage: [fr, fra, fre, zh-Hant, code, yue]\n---\n": None,
    "---\nlanguage: xx\n---\n": "language",
    "---\nlanguage: zzy\n---\n": "language",
    "---\nbase_model: ./outputs/checkpoint-10\n---\n": "base_model",
    "---\nbase_model: /home/me/model\n---\n": "base_model",
    "---\nbase_model: [Qwen/Qwen3-0.6B-Base, lab/other]\n---\n": None,
    "---\nmodel-index: [{name: a}]\n---\n": "model-index",
    "---\nmodel-index:\n- name: a\n  results:\n  - task: {type: t}\n"
    "    dataset: {type: d, name: d}\n"
    "    metrics: [{type: acc, value: 0.5}]\n---\n": None,
    "---\na: [\n---\n": "YAML",
    "---\na: &x [1]\nb: [" + "*x, " * 20 + "]\n---\n": "aliases",
    "---\n- 1\n---\n": "mapping",
}


@pytest.mark.parametrize("readme", CARDS)
def test_cards_are_checked_as_the_hub_would(readme: str) -> None:
    expected, found = CARDS[readme], problems(readme, "model")
    assert bool(found.errors) is (expected is not None), found
    assert expected is None or expected in str(found.errors)


VALIDATE = """
from huggingface_hub import RepoCard
RepoCard("---\\nlicense: mit\\n---\\n").validate()
try:
    RepoCard("---\\nlicense: mine\\n---\\n").validate(repo_type="dataset")
except ValueError as error:
    assert "licence ids" in str(error), error
else:
    raise AssertionError("an unknown licence passed")
"""


def test_the_client_validates_cards_here(tmp_path: Path) -> None:
    with running(tmp_path / "root", TOKENS) as url:
        run_client(VALIDATE, client_environment(url, tmp_path / "home", xet=False))


def test_an_empty_card_is_a_warning_only() -> None:
    assert problems("# No metadata", "model").warnings
    assert not problems("# No metadata", "model").errors


def test_spaces_have_rules_of_their_own() -> None:
    assert not problems("---\nsdk: gradio\ncolorFrom: blue\n---\n", "space").errors
    assert problems("---\nsdk: cobol\n---\n", "space").errors
    assert problems(f"---\nsdk: static\nshort_description: {'x' * 61}\n---\n", "space").errors


def test_the_licence_list_is_whole() -> None:
    assert len(licence_ids()) == 83 and {"other", "openrail++", "llama3.1"} <= licence_ids()


def test_the_language_table_is_whole() -> None:
    assert {"fr", "fra", "fre", "yue", "roa"} <= language_codes() and len(language_codes()) > 8000
    assert not {"english", "xx", "ISO"} & language_codes()


GOOD = """- dataset: {id: cais/hle, task_id: default}
  value: 20.9
"""
RESULTS = {
    GOOD: None,
    f'{GOOD}  date: "2026-01-15T10:30:00Z"\n  notes: no-tools\n': None,
    f"{GOOD}  source: {{url: https://a.b/c, name: logs, org: cais}}\n": None,
    f"{GOOD}  date: 2026-01-15\n": "in quotes",
    f"{GOOD}  source: {{name: logs}}\n": "source.url",
    f"{GOOD}  notes: [1]\n": "notes",
    f"{GOOD}  verified: true\n": "unknown key 'verified'",
    GOOD.replace("20.9", "good"): "number",
    GOOD.replace("20.9", ".nan"): "number",
    GOOD.replace("20.9", "true"): "number",
    GOOD.replace("cais/hle", "./hle"): "dataset.id",
    GOOD.replace(", task_id: default", ""): "task_id",
    GOOD.replace("default", "default, revision: main"): "revision",
    "": "list",
    "value: 1": "list",
    "- [1]": "mapping",
    "- &a {x: *a}": "aliases",
    "- {": "YAML",
}


@pytest.mark.parametrize("text", RESULTS)
def test_results_are_checked_by_the_published_rules(text: str) -> None:
    expected, (entries, error) = RESULTS[text], eval_results.read(text)
    assert (error is None) is (expected is None) is bool(entries), error
    assert expected is None or expected in str(error)
