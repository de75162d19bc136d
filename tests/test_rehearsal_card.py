"""Cards are checked by the rules that the Hub publishes, before anything is public."""

from pathlib import Path

import pytest
from rehearsal_server import TOKENS, client_environment, run_client

from hub.rehearsal.card import licence_ids, problems
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
