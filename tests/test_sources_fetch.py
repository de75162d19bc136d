"""Fetching from services that answer in their recorded shapes, over real sockets, on bad days."""

import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import Workdir, imprimatur
from fetch_services import Services, serving
from pydantic import TypeAdapter, ValidationError

from corpus.build import source_files
from corpus.readers.registry import READERS
from corpus.settings import SourceSettings
from corpus.sources.fetch.fetch import fetch
from corpus.sources.fetch.polite import ATTEMPTS
from corpus.sources.fetch.request import is_fetched
from corpus.sources.fetch.settings import FetchSettings
from hub.disk import WorkdirBusy, locked
from hub.failure import BadInput, Failed
from hub.licences.recognise import recognise

CONTACT = "mailto:corpus@example.org"
BAD_DAY = {1: 429, 3: 500, 4: "reset", 6: "short", 8: "half", 9: 503}


def asked_for(service: str, services: Services, **more: object) -> FetchSettings:
    own: dict[str, object] = {
        "hal": {"endpoint": f"{services.url}/search/", "query": "domain_t:sdv"},
        "mediawiki": {
            "endpoint": f"{services.url}/w/api.php",
            "categories": ["Catégorie:Médecine"],
        },
        "pmc": {"endpoint": services.url, "commit_every": 2},
    }[service]
    polite = {"contact": CONTACT, "seconds_between": 0.0}
    return TypeAdapter(FetchSettings).validate_python({"service": service, **polite, **own, **more})


def content(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "fetch.json"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def manifest(folder: Path) -> dict:
    return json.loads((folder / "fetch.json").read_bytes())


def hal_ids(folder: Path) -> list[str]:
    pages = [json.loads(body) for name, body in sorted(content(folder).items())]
    return [doc["docid"] for page in pages for doc in page["response"]["docs"]]


@pytest.mark.parametrize("service", ["hal", "mediawiki", "pmc"])
def test_a_bad_day_changes_nothing_of_what_is_fetched(service, tmp_path):
    with serving() as good:
        fetch(asked_for(service, good), tmp_path / "good", tmp_path, print)
    with serving(faults=dict(BAD_DAY)) as bad:
        fetch(asked_for(service, bad), tmp_path / "bad", tmp_path, print)
        assert len(bad.asked) == len(good.asked) + len(BAD_DAY)
    assert content(tmp_path / "bad") == content(tmp_path / "good")
    assert manifest(tmp_path / "bad")["digest"] == manifest(tmp_path / "good")["digest"]
    assert not list(tmp_path.glob("*.partial"))


def test_hal_gives_every_record_once_and_says_who_asks(tmp_path):
    with serving(files=True) as services:
        fetch(asked_for("hal", services, full_text=True), tmp_path / "hal", tmp_path, print)
        assert services.agents == {f"imprimatur/0.1.0 ({CONTACT})"}
    files = {name for name in content(tmp_path / "hal") if name.startswith("files/")}
    taken = (0, 4, 12, 16, 20)  # 8 is kept back
    assert files == {f"files/hal-{n:08d}.{form}" for n in taken for form in ("pdf", "json")}
    found = manifest(tmp_path / "hal")
    assert found["counts"] == {"found": 23, "records": 23, "files": 5}
    assert "example.org" not in json.dumps(found)


def test_a_page_that_comes_twice_is_kept_once(tmp_path):
    with serving(faults={3: "repeat"}) as services, pytest.raises(Failed, match=r"23 .* gave 18"):
        fetch(asked_for("hal", services), tmp_path / "hal", tmp_path, print)
    assert not (tmp_path / "hal").exists()
    with serving() as services:
        fetch(asked_for("hal", services, limit=12), tmp_path / "some", tmp_path, print)
    assert hal_ids(tmp_path / "some") == [str(n) for n in range(12)]


def test_the_wiki_is_read_one_level_deep_and_says_its_licence(tmp_path):
    with serving() as services:
        fetch(asked_for("mediawiki", services), tmp_path / "wiki", tmp_path, print)
    pages = [
        page
        for body in content(tmp_path / "wiki").values()
        for page in json.loads(body)["query"]["pages"]
    ]
    assert sorted(page["pageid"] for page in pages) == [n for n in range(1, 90) if n != 13]
    assert all(page["revisions"][0]["slots"]["main"]["content"] for page in pages)
    found = manifest(tmp_path / "wiki")
    assert found["counts"] == {"found": 89, "records": 88, "absent": 1}
    assert found["said"]["rights"]["text"] == "Creative Commons Attribution-Share Alike 4.0"


def test_a_category_that_holds_nothing_is_one_sentence(tmp_path):
    with serving() as services, pytest.raises(Failed, match="nothing in Catégorie:Medecine"):
        settings = asked_for("mediawiki", services, categories=["Catégorie:Medecine"])
        fetch(settings, tmp_path / "wiki", tmp_path, print)


def test_pmc_takes_the_newest_version_that_may_be_taken(tmp_path):
    with serving(licences={"PMC101": "TDM", "PMC102": "CC BY-NC"}) as services:
        fetch(asked_for("pmc", services), tmp_path / "pmc", tmp_path, print)
    names = set(content(tmp_path / "pmc"))
    assert "articles/PMC100.10.xml" in names
    assert "articles/PMC104.2.xml" in names
    assert manifest(tmp_path / "pmc")["counts"] == {
        "found": 23, "records": 20, "other_licence": 2, "retracted": 1,
    }  # fmt: skip


LISTS = {
    "old": 'oa_package/c6/PMC101.tar.gz,"J. 2000; 2(1):64-72, 3",PMC101,2019-11-05,114,CC BY\n'
    "oa_package/3b/PMC102.tar.gz,J. 1999,PMC102,2013-03-17,115,NO-CC CODE\n"
    "oa_package/3b/PMC999.tar.gz,J. 1999,PMC999,2013-03-17,116,CC0\n",
    "new": "File,Article Citation,Accession ID,Last Updated,PMID,License\n"
    "a,J. 1999,PMC101,2013-03-17,116,CC BY\nb,,PMC102,,,CC BY-NC\nc,,PMC999,,,CC BY\n",
}


@pytest.mark.parametrize("form", LISTS)
def test_pmc_by_a_file_list_asks_only_for_what_the_list_allows(form, tmp_path):
    (tmp_path / "list.csv").write_text(LISTS[form])
    with serving() as services:
        settings = asked_for("pmc", services, file_list="list.csv")
        fetch(settings, tmp_path / "pmc", tmp_path, print)
        assert not any("PMC102" in str(asked) for asked in services.asked)
    assert set(content(tmp_path / "pmc")) == {"file-list.csv", "articles/PMC101.2.xml"}
    assert manifest(tmp_path / "pmc")["counts"] == {
        "found": 3, "records": 1, "other_licence": 1, "absent": 1,
    }  # fmt: skip


def test_pmc_by_the_services_own_file_list(tmp_path):
    with serving() as services:
        settings = asked_for("pmc", services, file_list=f"{services.url}/lists/oa.csv", limit=4)
        fetch(settings, tmp_path / "pmc", tmp_path, print)
    assert manifest(tmp_path / "pmc")["counts"] == {"found": 5, "records": 4, "retracted": 1}


@pytest.mark.parametrize(
    ("service", "documents", "licence"),
    [
        ("hal", 23, (1, "CC-BY")),
        ("mediawiki", 88, (2, "CC-BY-SA-4.0")),
        ("pmc", 22, (1, "CC-BY-4.0")),
    ],
)
def test_what_is_fetched_is_read_with_its_licence(service, documents, licence, tmp_path):
    with serving() as services:
        fetch(asked_for(service, services), tmp_path / service, tmp_path, print)
    entry = {"mediawiki": "wikipedia-fr", "pmc": "pmc-oa"}.get(service, service)
    settings = SourceSettings.model_validate({"entry": entry, "path": service})
    files = source_files(settings, tmp_path)
    read = [d for path in files for d in READERS[settings.reader](service, settings, path)]
    assert len(read) == documents
    assert not [document.problem for document in read if document.problem]
    said = {(e.rank, recognise(e.statement)) for document in read for e in document.evidence}
    assert {(rank, str(id).removeprefix("LicenseRef-")) for rank, id in said} == {licence}


SCRIPT = """
import sys
from pathlib import Path
from pydantic import TypeAdapter
from corpus.sources.fetch.fetch import fetch
from corpus.sources.fetch.settings import FetchSettings
settings = TypeAdapter(FetchSettings).validate_json(sys.argv[1])
fetch(settings, Path(sys.argv[2]), Path(sys.argv[2]).parent, print)
"""


@pytest.mark.parametrize("service", ["hal", "mediawiki", "pmc"])
def test_killed_again_and_again_it_loses_and_repeats_nothing(service, tmp_path):
    with serving() as good:
        fetch(asked_for(service, good), tmp_path / "good", tmp_path, print)
        whole = len(good.asked)
    killed = 0
    with serving(pause=0.02) as services:
        settings = asked_for(service, services).model_dump_json()
        for life in (whole // 3, whole // 2, whole - 2, whole * 2):
            begun = len(services.asked)
            process = subprocess.Popen(
                [sys.executable, "-c", SCRIPT, settings, str(tmp_path / "killed")],
                stdout=subprocess.DEVNULL,
            )
            # behind the first requests of this life, somewhere in the middle of one
            while process.poll() is None and len(services.asked) < begun + life:
                time.sleep(0.005)
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                killed += 1
            process.wait()
            if (tmp_path / "killed").is_dir():
                break
        assert killed >= 2
        begun_anew = whole // 3 + whole // 2 + whole - 2 + whole
        assert len(services.asked) < begun_anew
    assert content(tmp_path / "killed") == content(tmp_path / "good")
    assert not list(tmp_path.glob("*.partial"))


def test_requests_keep_their_distance(tmp_path):
    with serving(records=14) as services:
        fetch(asked_for("hal", services, seconds_between=0.15), tmp_path / "hal", tmp_path, print)
        times = [at for at, _, _ in services.asked]
    assert len(times) == 3
    assert all(b - a >= 0.15 for a, b in pairwise(times))


def test_a_service_that_never_answers_is_given_up_with_what_was_fetched(tmp_path):
    faults = dict.fromkeys(range(4, 4 + ATTEMPTS), 503)
    with serving(faults=faults) as services:
        settings = asked_for("hal", services)
        with pytest.raises(Failed, match="answers 503 7 times: run again later"):
            fetch(settings, tmp_path / "hal", tmp_path, print)
        assert not (tmp_path / "hal").exists()
        before = len(services.asked)
        fetch(settings, tmp_path / "hal", tmp_path, print)
        assert len(services.asked) - before == 2  # the first three pages are not asked for again
    assert hal_ids(tmp_path / "hal") == [str(n) for n in range(23)]


def test_a_folder_is_fetched_once_and_another_request_is_another_folder(tmp_path):
    with serving() as services:
        fetch(asked_for("hal", services), tmp_path / "hal", tmp_path, print)
        before = len(services.asked)
        fetch(asked_for("hal", services, contact="x@y.org"), tmp_path / "hal", tmp_path, print)
        assert len(services.asked) == before
        with pytest.raises(BadInput, match=r"another request \(query changed\)"):
            fetch(asked_for("hal", services, query="else"), tmp_path / "hal", tmp_path, print)
        own = tmp_path / "own"
        own.mkdir()
        (own / "a.json").write_text("{}")
        assert is_fetched(asked_for("hal", services), own)


def test_two_runs_do_not_fill_one_folder_at_once(tmp_path):
    with serving() as services, locked(tmp_path / ".hal.fetching"):
        with pytest.raises(WorkdirBusy, match="in use by process"):
            fetch(asked_for("hal", services), tmp_path / "hal", tmp_path, print)
        assert services.asked == []


def test_a_file_list_that_is_none_is_one_sentence(tmp_path):
    (tmp_path / "list.csv").write_text("x" * 200_000)
    with serving() as services:
        for name, said in (("list.csv", "is no CSV"), ("none.csv", "there is no file list")):
            settings = asked_for("pmc", services, file_list=name)
            with pytest.raises(BadInput, match=said):
                fetch(settings, tmp_path / "pmc", tmp_path, print)
    assert not (tmp_path / "pmc").exists()


@pytest.mark.parametrize("contact", ["", "me", "a b@c.de", "me@host", "x@y.org\r\nX-Evil: 1"])
def test_somebody_has_to_be_reachable(contact):
    with serving() as services, pytest.raises(ValidationError, match="contact must be"):
        asked_for("hal", services, contact=contact)


RECIPE = """
release: fetched
version: 0.1.0
namespace: n
description: d
data: data
sources:
  articles:
    entry: pmc-oa
    fetch: {{contact: "corpus@example.org", endpoint: "{url}", seconds_between: 0.0, limit: 8}}
corpora:
  articles-corpus: {{sources: [articles], use: commercial}}
"""


def test_a_run_fetches_first_and_only_once(tmp_path):
    (tmp_path / "data").mkdir()
    recipe, work = tmp_path / "r.yaml", tmp_path / "work"
    with serving() as services:
        recipe.write_text(RECIPE.format(url=services.url), encoding="utf-8")
        planned = imprimatur("plan", recipe, "--workdir", work)
        assert planned.returncode == 0, planned.stderr
        assert "To fetch\n  articles" in planned.stdout
        assert services.asked == []
        done = imprimatur("run", recipe, "--workdir", work)
        assert done.returncode == 0, done.stderr
        asked = len(services.asked)
        again = imprimatur("run", recipe, "--workdir", work)
        assert "Everything is up to date" in again.stdout
        assert len(services.asked) == asked
    made = Workdir(work).manifests()["articles-corpus"]
    assert made["numbers"]["documents"]["value"] == 8
    assert made["licence"] == ["CC-BY-4.0"]
    assert "example.org" not in json.dumps(made)
