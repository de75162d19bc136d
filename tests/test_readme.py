"""What the README says can be done as it says."""

import re
import shlex
from pathlib import Path

import pytest
from conftest import ROOT
from typer.testing import CliRunner

from release.cli import app

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_is_read_at_a_sitting():
    assert len(README.splitlines()) < 200


@pytest.mark.parametrize("target", re.findall(r"\]\((?!https?:)([^)#]+)\)", README))
def test_its_links_lead_somewhere(target):
    assert (ROOT / target).exists()


@pytest.mark.parametrize("verb", sorted(set(re.findall(r"imprimatur ([a-z]+)", README))))
def test_its_verbs_exist(verb):
    assert CliRunner().invoke(app, [verb, "--help"]).exit_code == 0


@pytest.mark.parametrize(
    "line", re.findall(r"^(imprimatur plan .*|imprimatur run .*)$", README, re.M)
)
def test_its_recipes_exist(line):
    words = shlex.split(line)
    assert (ROOT / words[2]).is_file()


def test_its_tree_is_the_tree():
    block = README[README.index("## The tree") :].split("```")[1]
    for folder in re.findall(r"^(\w+)/", block, re.M):
        assert Path(ROOT, folder).is_dir()
    for folder in (
        "release",
        "corpus",
        "training",
        "merging",
        "evaluation",
        "hub",
        "space",
        "tests",
    ):
        assert f"{folder}/" in block
