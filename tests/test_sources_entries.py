"""The entries: complete, sound, and what a release file gets from them."""

import csv
import re
from pathlib import Path

import pytest
from conftest import ROOT

from corpus.build import SourceError, source_files
from corpus.readers.registry import READERS
from corpus.settings import SourceSettings, Terms
from corpus.sources.entry import Claim, entries, entry_of
from corpus.sources.page import render
from hub.licences.recognise import recognise
from release.plan import plan
from release.recipe import RecipeError, load
from release.sources import fetch_all

TABLE = ROOT.parent / "shared" / "tables" / "partages_t1_sources.csv"

RECIPE = """
release: r
version: 0.1.0
namespace: n
description: d
data: data
sources:
  texts: {source}
corpora:
  c: {{sources: [texts], use: research}}
"""


def recipe(tmp_path: Path, source: str) -> Path:
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "r.yaml").write_text(RECIPE.format(source=source), encoding="utf-8")
    return tmp_path / "r.yaml"


def test_the_page_is_made_from_the_entries():
    assert (ROOT / "docs" / "sources.md").read_text(encoding="utf-8") == render(), (
        "run python -m corpus.sources docs/sources.md"
    )


@pytest.mark.parametrize("name", entries())
def test_every_entry_makes_a_source_that_can_be_read(name):
    entry = entries()[name]
    settings = SourceSettings.model_validate({"entry": name})
    assert settings.reader in READERS
    assert entry.obtain.endswith(".")
    assert (entry.how == "folder") == (not entry.fetch)
    if entry.fetch:
        needs = {"repo": "a/b"} if name == "hub-dataset" else {}
        fetched = {"entry": name, "fetch": {"contact": "a@b.org", **needs}}
        assert SourceSettings.model_validate(fetched).fetch
        assert settings.fetch is None  # nothing is fetched that a release file does not name


def test_the_counts_are_those_of_the_paper():
    if not TABLE.is_file():
        pytest.skip("the paper's table is not here")
    with TABLE.open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["doc_type"]]
    theirs = {
        (int(row["docs"]), int(row["words"]), row["commercial"] == "Yes", row["doc_type"].lower())
        for row in rows
    }
    ours = {
        (e.paper.documents, e.paper.words, e.paper.commercial, e.document_type)
        for e in entries().values()
        if e.paper and e.paper.corpus == "PARCOMED"
    }
    assert len(theirs) == 23
    assert ours == theirs


def test_a_claim_about_the_collection_says_nothing_of_a_text():
    assert SourceSettings.model_validate({"entry": "fineweb2-de"}).terms == ()
    assert SourceSettings.model_validate({"entry": "hal"}).terms == ()
    both = SourceSettings.model_validate({"entry": "mqc"}).terms
    assert [(recognise(said.licence), said.rank) for said in both] == [
        ("CC-BY-SA-4.0", 2), ("CC-BY-NC-SA-4.0", 3),
    ]  # fmt: skip


def test_what_the_release_file_says_wins():
    own = {"entry": "quaero", "path": "q", "terms": {"licence": "CC0"}, "attribution": "me"}
    settings = SourceSettings.model_validate(own)
    assert settings.terms == (Terms(licence="CC0"),)
    assert (settings.reader, settings.path, settings.attribution) == ("brat", "q", "me")


def test_a_licence_that_is_no_licence_is_refused():
    with pytest.raises(ValueError, match="no licence of the table"):
        Claim(licence="quite free", rank=3, read="somewhere")


def test_an_unknown_entry_has_its_line_and_a_near_name(tmp_path):
    with pytest.raises(RecipeError, match=r"r\.yaml:\d+: .*no entry quaro; did you mean quaero"):
        load(recipe(tmp_path, "{entry: quaro}"))
    with pytest.raises(ValueError, match=r"there are: .*bdpm, "):
        entry_of("zzzzzz")


@pytest.mark.parametrize("path", ["../x", "/etc", "a/../../b"])
def test_a_source_stays_below_the_data(tmp_path, path):
    with pytest.raises(RecipeError, match="path is a folder below data"):
        load(recipe(tmp_path, f"{{entry: quaero, path: {path}}}"))


def test_what_is_not_there_is_said_with_the_way_to_have_it(tmp_path):
    loaded = load(recipe(tmp_path, "{entry: cas}"))
    (said,) = plan(loaded, tmp_path / "work").sought.to_obtain
    assert re.match(r"texts: no file matches .* Ask its authors", said)
    with pytest.raises(SourceError, match=r"texts: no file matches .* Ask its authors"):
        fetch_all(loaded, print)


def test_an_optional_source_is_left_out_and_named(tmp_path, capsys):
    loaded = load(recipe(tmp_path, "{entry: cas, optional: true}"))
    (said,) = plan(loaded, tmp_path / "work").sought.left_out
    assert said == "texts: left out, no **/*.txt in cas"
    fetch_all(loaded, print)
    assert said in capsys.readouterr().out


def test_a_plan_says_what_would_be_fetched_and_fetches_nothing(tmp_path):
    fetched = "{entry: pmc-oa, fetch: {contact: a@b.org, limit: 5}}"
    found = plan(load(recipe(tmp_path, fetched)), tmp_path / "work")
    (each,) = found.sought.to_fetch
    assert (each.source, each.into) == ("texts", "pmc-oa")
    assert each.what.startswith("articles (CC0, CC BY, CC BY-SA, CC BY-ND) by the service's own")
    assert [step.state for step in found.steps] == ["to run"]
    assert not list((tmp_path / "data").iterdir())


def test_the_manifest_of_a_fetch_is_no_document(tmp_path):
    (tmp_path / "hal").mkdir()
    for name in ("a.json", "fetch.json"):
        (tmp_path / "hal" / name).write_text("{}")
    settings = SourceSettings(reader="json", path="hal", files="**/*.json")
    assert [path.name for path in source_files(settings, tmp_path)] == ["a.json"]
