"""A dataset of a Hub as a source: the real client, against the rehearsal Hub."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import HfApi

from corpus.sources.fetch.fetch import fetch
from corpus.sources.fetch.settings import FetchHub
from hub.failure import BadInput, Failed
from hub.rehearsal.serve import running

TOKEN = "hf_fetching_token_01234567"
CARD = b"---\nlicense: cc-by-4.0\n---\n\nA data set.\n"


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HfApi]:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    with running(tmp_path / "hub", {"someone": TOKEN}, []) as url:
        api = HfApi(endpoint=url, token=TOKEN)
        api.create_repo("someone/texts", repo_type="dataset")
        for name, text in (("data/deu_Latn/train/a.parquet", "eins"), ("data/x.parquet", "zwei")):
            upload(api, name, text)
        api.upload_file(
            path_or_fileobj=CARD, path_in_repo="README.md", repo_id="someone/texts",
            repo_type="dataset",
        )  # fmt: skip
        yield api


def upload(api: HfApi, name: str, text: str) -> None:
    content = io.BytesIO()
    pq.write_table(pa.table({"id": ["1"], "text": [text]}), content)
    api.upload_file(
        path_or_fileobj=content.getvalue(), path_in_repo=name, repo_id="someone/texts",
        repo_type="dataset",
    )  # fmt: skip


def asked_for(api: HfApi, **more: object) -> FetchHub:
    return FetchHub(
        service="hub", contact="a@b.org", endpoint=api.endpoint, repo="someone/texts", **more
    )


def test_the_files_of_one_commit_are_taken_and_the_commit_is_noted(api, tmp_path):
    first = api.dataset_info("someone/texts").sha
    upload(api, "data/x.parquet", "drei")
    fetch(asked_for(api, revision=first), tmp_path / "old", tmp_path, print)
    fetch(asked_for(api, files=("data/deu_Latn/*",)), tmp_path / "new", tmp_path, print)
    assert pq.read_table(tmp_path / "old/data/x.parquet")["text"].to_pylist() == ["zwei"]
    assert {p.name for p in (tmp_path / "new").rglob("*") if p.is_file()} == {
        "a.parquet", "fetch.json",
    }  # fmt: skip
    found = json.loads((tmp_path / "old/fetch.json").read_bytes())
    assert found["said"] == {"commit": first, "card_licence": "cc-by-4.0"}
    newer = json.loads((tmp_path / "new/fetch.json").read_bytes())
    assert newer["said"]["commit"] == api.dataset_info("someone/texts").sha != first
    assert TOKEN not in json.dumps([found, newer])


def test_what_is_not_on_the_hub_is_one_sentence(api, tmp_path):
    with pytest.raises(BadInput, match="no file of someone/texts matches nothing"):
        fetch(asked_for(api, files=("nothing",)), tmp_path / "a", tmp_path, print)
    with pytest.raises(Failed, match="the Hub answers 404 for someone/texts"):
        fetch(asked_for(api, revision="f" * 40), tmp_path / "b", tmp_path, print)
    gone = asked_for(api).model_copy(update={"endpoint": "http://127.0.0.1:9"})
    with pytest.raises(Failed, match=r"someone/texts"):
        fetch(gone, tmp_path / "c", tmp_path, print)
    assert not (tmp_path / "a").exists()
