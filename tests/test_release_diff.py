"""What `imprimatur diff` says of two releases."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from conftest import Workdir, imprimatur

from hub.failure import BadInput
from release.diff import compare, content, report


def edited(demo: Workdir, to: Path) -> tuple[content.Content, content.Content]:
    """The demo, and a copy in which one document changed its text, one its licence, one went."""
    other = to / "work"
    shutil.copytree(demo.path, other, ignore=shutil.ignore_patterns("rehearsal-hub", "publication"))
    (path,) = other.glob(f"corpus/medical-commercial-{'[0-9a-f]' * 12}/data/*.parquet")
    table = pq.read_table(path)
    rows = table.to_pylist()
    rows[0]["text"] += " Un mot."
    rows[1]["licence"] = "CC-BY-4.0" if rows[1]["licence"] != "CC-BY-4.0" else "CC0-1.0"
    gone = rows.pop(2)
    pq.write_table(table.from_pylist(rows, schema=table.schema), path)
    manifest_path = path.parents[1] / "manifest.json"
    manifest = json.loads(manifest_path.read_bytes())
    manifest["digest"] = "f" * 64
    for file in manifest["files"]:
        file["size"] = (path.parents[1] / file["path"]).stat().st_size
    manifest_path.write_text(json.dumps(manifest))
    run = json.loads((other / "run.json").read_bytes())
    run["release"]["version"] = "0.2.0"
    run["release"]["training"]["adapted"]["sft_config"]["max_steps"] = 99
    (other / "run.json").write_text(json.dumps(run))
    assert gone["source"]
    return content.of_workdir(demo.path), content.of_workdir(other)


def test_every_change_is_found(demo, tmp_path):
    before, after = edited(demo, tmp_path)
    found = compare.compare(before, after)
    (corpus,) = [one for one in found.documents if not one.same]
    assert corpus.corpus == "medical-commercial"
    assert (len(corpus.added), len(corpus.removed), len(corpus.changed)) == (0, 1, 2)
    assert sorted(map(tuple, corpus.changed.values())) == [("licence",), ("text",)]
    assert sum(row.changed for row in corpus.rows) == 2
    assert sum(row.removed for row in corpus.rows) == sum(corpus.reasons.values()) == 1
    assert {(f.where, f.before, f.after) for f in found.settings} == {
        ("version", "0.1.0", "0.2.0"), ("training.adapted.sft_config.max_steps", 4, 99),
    }  # fmt: skip
    assert {one.verdict for one in found.scores} == {"identical"}
    json.dumps(compare.as_json(found), allow_nan=False)
    assert "1 removed, 2 changed" in report.changelog(found)
    assert "v0.1.0 to v0.2.0" in report.changelog(found)


def test_scores_are_paired_on_what_both_asked(demo, tmp_path):
    """The adapted model's answers in the place of the base's: the difference that the card has."""
    before = content.of_workdir(demo.path)
    table = pq.read_table(before.samples["adapted"])
    names = table.set_column(0, "model", [["base"] * len(table)])
    pq.write_table(names, tmp_path / "base.parquet")
    samples = {"base": tmp_path / "base.parquet"}
    after = content.Content("other", before.release, before.artefacts, samples, {})
    found = {(one.group, one.metric): one for one in compare.compare(before, after).scores}
    medical = found["medical", "bits_per_byte"]
    assert medical.ci_low <= medical.difference <= medical.ci_high < 0
    assert medical.verdict == "better" and medical.compared == medical.items_before
    assert medical.difference == pytest.approx(medical.after - medical.before)


def test_the_command_says_it_and_exits_0(demo, tmp_path):
    edited(demo, tmp_path)
    done = imprimatur("diff", demo.path, tmp_path / "work", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["versions"] == ["v0.1.0", "v0.2.0"]
    same = imprimatur("diff", demo.path, demo.path)
    assert same.returncode == 0 and "No difference." in same.stdout


@pytest.mark.parametrize("side", ["nowhere", "a/b", "a/b@latest", "../x@v1", "a b/c@v1"])
def test_what_is_no_release_is_bad_input(demo, side):
    done = imprimatur("diff", demo.path, side)
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_a_damaged_work_folder_is_bad_input(demo, tmp_path):
    with pytest.raises(BadInput, match="no work folder"):
        content.of_workdir(tmp_path)
    for said in ("{", "[]", '{"release": {}, "artefacts": {"a": "../.."}}', '{"release": 3}'):
        (tmp_path / "run.json").write_text(said)
        with pytest.raises(BadInput):
            content.of_workdir(tmp_path)


def test_a_version_alone_is_one_of_the_same_release():
    first = content.address("my-lab/demo@v0.1.0")
    assert first is not None and first.results == "my-lab/demo-results"
    assert content.address("my-lab/demo-results@0.1.0") == first
    second = content.address("0.2.0", first)
    assert second == content.Address("my-lab/demo-results", "v0.2.0")
    assert content.address("0.2.0") is None
