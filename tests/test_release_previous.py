"""The version before: what was fetched is kept, and is never taken for another one."""

import json
from pathlib import Path

import pytest

from hub.failure import BadInput
from hub.publication import ReleaseRecord
from release import previous
from release.diff.content import of_download
from release.recipe import load

RECIPE = """\
release: demo
version: 0.3.0
namespace: lab
description: A release.
previous: {previous}
sources:
  notes: {{reader: jsonl, files: "*.jsonl"}}
corpora:
  general: {{sources: [notes], use: commercial}}
"""


@pytest.fixture
def before(tmp_path, monkeypatch):
    """Names the earlier version as it is told; `asked` is what went over the network."""
    asked = []

    def of_hub(where, endpoint, home, progress):
        asked.append(f"{where.release}@{where.tag}")
        record = ReleaseRecord(
            release=where.release, version=where.tag[1:], tag=where.tag, publication_digest="0",
            signature="unsigned", repos=(),
        )  # fmt: skip
        folder = home / "downloads" / "dataset" / where.results
        folder.mkdir(parents=True)
        (folder / "release.json").write_text(record.model_dump_json())
        (folder / "recipe.json").write_text(json.dumps({"version": where.tag[1:]}))
        return of_download(record, where, home / "downloads")

    def name(address: str) -> str:
        path = tmp_path / "demo.yaml"
        path.write_text(RECIPE.format(previous=address))
        found = previous.changed(load(path), {}, tmp_path / "work")
        assert found is not None
        return found.difference.before

    monkeypatch.setattr(previous, "of_hub", of_hub)
    return name, asked


def test_each_version_is_fetched_once_and_never_taken_for_another(before):
    name, asked = before
    addresses = ["lab/demo@v0.1.0", "lab/demo@v0.2.0", "lab/other@v0.1.0"]
    for address in [*addresses, *reversed(addresses)]:
        assert name(address) == address
    assert asked == addresses


def test_what_is_neither_a_folder_nor_an_address_names_the_field(before):
    name, asked = before
    with pytest.raises(BadInput, match=r"previous: v0\.1\.0 is neither a work folder"):
        name("v0.1.0")
    assert not asked


def test_a_work_folder_is_beside_the_release_file(before, tmp_path):
    name, asked = before
    (Path(tmp_path) / "earlier").mkdir()
    with pytest.raises(BadInput, match="run"):
        name("earlier")
    assert not asked
