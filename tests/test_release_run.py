"""A whole release by the real command: what is left, run again, killed, in another folder."""

import json
import os
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from conftest import DEMO, Workdir, imprimatur
from forge import Forge


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge]:
    with Forge() as started:
        yield started


def excluded(demo: Workdir, name: str) -> dict[str, str]:
    """id -> reason of what a corpus left out, from its ledger."""
    rows = pq.read_table(demo.folder(name) / "ledger.parquet").to_pylist()
    return {row["id"]: row["reason"] for row in rows if row["status"] == "excluded"}


def test_every_artefact_has_its_manifest_and_holds_what_it_lists(demo):
    names = demo.manifests().keys()
    assert {"general", "medical-commercial", "medical-commercial-excluded", "medical-research",
            "blank", "base", "adapted", "adapted-slerp", "base-results"} <= names  # fmt: skip
    for name, manifest in demo.manifests().items():
        for file in manifest["files"]:
            assert (demo.folder(name) / file["path"]).stat().st_size == file["size"]


def test_summary_has_the_rows_that_readers_rely_on(demo):
    rows = json.loads((demo.path / "summary.json").read_bytes())
    assert {tuple(sorted(row)) for row in rows} == {
        ("ci_high", "ci_low", "group", "metric", "model", "value")
    }
    text = [row for row in rows if row["metric"] == "bits_per_byte"]
    assert {row["group"] for row in text} == {"medical", "general"}
    assert {row["model"] for row in text} == {"base", "adapted", "adapted-slerp"}
    for row in rows:
        assert row["ci_low"] <= row["value"] <= row["ci_high"]


def test_planted_trouble_ends_where_it_belongs(demo):
    commercial, research = excluded(demo, "medical-commercial"), excluded(demo, "medical-research")
    assert commercial["article-10"] == "licence"  # non-commercial
    assert "article-10" not in research
    for reasons in (commercial, research):
        assert reasons["article-13"] == "licence"  # no derivatives
        assert reasons["soin-sans-licence"] == "licence"
        assert reasons["soin-copie-1"] == "duplicate"
        assert reasons["soin-copie-2"] == "duplicate"
        assert reasons["soin-fuite"] == "contaminated"
        assert reasons["cas-variante"] == "near_duplicate"
        assert reasons["soin-028"] == "near_duplicate"


def test_a_removal_names_the_document_kept_in_its_place(demo):
    rows = pq.read_table(demo.folder("medical-research") / "ledger.parquet").to_pylist()
    ledger = {row["id"]: row for row in rows}
    assert ledger["soin-copie-2"]["kept_id"] == "cas-022"
    assert ledger["soin-copie-2"]["similarity"] == 1.0
    assert ledger["cas-variante"]["kept_id"] == "cas-061"
    assert 0.8 <= ledger["cas-variante"]["similarity"] < 1.0
    assert {ledger[row["kept_id"]]["status"] for row in rows if row["kept_id"]} == {"kept"}


def test_personal_data_is_masked_and_mojibake_repaired(demo):
    files = (demo.folder("medical-commercial") / "data").glob("*.parquet")
    texts = {row["id"]: row["text"] for file in files for row in pq.read_table(file).to_pylist()}
    masked = texts["soin-personnel"]
    for placeholder in ("[EMAIL]", "[PHONE]", "[INSURANCE NUMBER]", "[NAME]"):
        assert masked.count(placeholder) == 1
    assert "@" not in masked
    assert "420 L/min" in masked  # a quantity is not personal
    assert "fraîche, suffit à couvrir" in texts["soin-mojibake"]
    assert "Ã" not in texts["soin-mojibake"]


def test_nothing_is_left_out_without_being_planted(demo):
    planted = {"article-13", "soin-sans-licence", "soin-copie-1", "soin-copie-2", "soin-fuite",
               "cas-variante", "soin-028"}  # fmt: skip
    assert excluded(demo, "medical-research").keys() == planted
    assert excluded(demo, "medical-commercial").keys() == planted | {"article-10"}
    assert not excluded(demo, "general")


def test_what_is_held_out_is_in_no_training_corpus(demo):
    def ids(name: str) -> set[str]:
        files = sorted((demo.folder(name) / "data").glob("*.parquet"))
        return {row["id"] for file in files for row in pq.read_table(file).to_pylist()}

    held_out = ids("medical-held-out")
    assert held_out
    assert not held_out & (ids("medical-commercial") | ids("medical-research"))
    assert not ids("general-held-out") & ids("general")


def test_a_second_run_does_nothing_and_says_so(demo):
    before = {path: path.stat().st_mtime_ns for path in demo.path.rglob("manifest.json")}
    began = time.monotonic()
    done = imprimatur("run", DEMO, "--scale", "quick", "--workdir", demo.path)
    assert done.returncode == 0
    assert done.stdout.startswith("Everything is up to date")
    assert time.monotonic() - began < 10
    assert before == {path: path.stat().st_mtime_ns for path in demo.path.rglob("manifest.json")}


def test_no_path_of_this_machine_enters_a_manifest(demo):
    for path in demo.path.rglob("manifest.json"):
        text = path.read_text(encoding="utf-8")
        assert str(demo.path) not in text
        assert str(Path.home()) + "/" not in text
        assert os.uname().nodename not in text


def test_another_folder_gives_the_same_digests(demo, tmp_path):
    done = imprimatur("run", DEMO, "--scale", "quick", "--workdir", tmp_path / "other")
    assert done.returncode == 0, done.stderr
    assert Workdir(tmp_path / "other").digests() == demo.digests()


def test_corpora_and_shards_do_not_depend_on_the_number_of_workers(demo, tmp_path):
    digests = []
    for folder, count in (("one", 1), ("more", 3)):
        done = imprimatur(
            "run", DEMO, "--scale", "quick", "--until", "corpus", "--workdir", tmp_path / folder,
            "--set", "corpora.medical-research.shards=3", "--set", f"workers={count}",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        work = Workdir(tmp_path / folder)
        digests.append(work.digests())
        assert len(list((work.folder("medical-research") / "data").iterdir())) == 3
    assert digests[0] == digests[1]
    other = {name for name in digests[0] if not name.startswith("medical-research")}
    assert all(digests[1][name] == demo.digests()[name] for name in other) and len(other) >= 10


def test_a_release_killed_at_22_seeded_moments_ends_as_an_undisturbed_one(demo, forge, tmp_path):
    """kill -9 from the first corpus to the last result; whole artefacts are never made twice."""
    work = Workdir(tmp_path / "killed")
    whole: dict[Path, int] = {}
    kills = 0
    for point in moments(demo.lines, 22):
        if point.partition(":")[0] in work.manifests():
            continue  # its step was finished before the last kill came
        kill_at(forge, point, work.path)
        kills += 1
        now = {path: path.stat().st_mtime_ns for path in work.path.glob("*/*/manifest.json")}
        assert whole.items() <= now.items(), f"a finished stage was repeated before {point}"
        whole = now
    assert kills >= 20
    done = imprimatur("run", DEMO, "--scale", "quick", "--workdir", work.path)
    assert done.returncode == 0, done.stderr
    assert work.digests() == demo.digests()
    assert not list((work.path / "scratch").iterdir())


def moments(lines: tuple[str, ...], count: int) -> list[str]:
    """Progress lines drawn by a seed, in their order; those that only time decides are left out."""
    steady = [
        re.sub(r"done in .*|\d[\d.,]* .*", lambda found: found[0][:5].rstrip("0123456789.,"), line)
        for line in lines
        if ": step " not in line
    ]
    chosen = random.Random(20261120).sample(range(len(steady)), count)
    return [steady[position] for position in sorted(chosen)]


@pytest.mark.parametrize("point", ["scratch/base-*/checkpoint-1", "scratch/base-*/checkpoint-3/*"])
def test_a_training_killed_while_it_saves_ends_as_an_undisturbed_one(demo, forge, tmp_path, point):
    work = Workdir(tmp_path / "killed")
    kill_at(forge, point, work.path)
    done = imprimatur(
        "run", DEMO, "--scale", "quick", "--workdir", work.path, "--until", "training"
    )
    assert done.returncode == 0, done.stderr
    for name in ("base", "adapted"):
        assert work.digests()[name] == demo.digests()[name]


def kill_at(forge: Forge, point: str, workdir: Path) -> None:
    """Run until `point`, then kill the process and all its children.

    A point is part of a progress line or, with a slash in it, a file that appears.
    """
    with forge.start("run", DEMO, "--scale", "quick", "--workdir", workdir) as run:
        if "/" in point:
            while not (reached := any(workdir.glob(point))) and run.alive():
                time.sleep(0.01)
        else:
            reached = any(point in line for line in run.said)
        run.kill()
        while run.alive():
            time.sleep(0.01)
    assert reached, f"the run never came to “{point}”"
