"""Publication to a rehearsal Hub with the real client: what goes up, what never does, bad days."""

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from conftest import DEMO, Workdir, imprimatur
from huggingface_hub import DatasetCard, HfApi, ModelCard

from hub.failure import BadInput, Refused, Unexpected
from hub.manifest import describe_files
from hub.publication import Publication, digest_of, read_publication
from hub.publish.transaction import publish
from hub.rehearsal.serve import running
from hub.verify import check_files
from release import outside
from release.rehearse import has_passed, rehearse

TOKEN = "hf_planted_token_0123456789"


def publication_of(work: Workdir) -> tuple[Publication, Path]:
    (folder,) = (work.path / "publication").iterdir()
    return read_publication(folder), folder


@pytest.fixture
def hub_server(tmp_path: Path) -> Iterator[str]:
    with running(tmp_path / "hub", {"someone": TOKEN}, ["imprimatur-demo"]) as url:
        yield url


@pytest.fixture
def api(hub_server: str, monkeypatch: pytest.MonkeyPatch) -> HfApi:
    # the LFS route: the client decides about Xet by this module constant
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    return HfApi(endpoint=hub_server, token=TOKEN)


@pytest.fixture(scope="session")
def small(rehearsed: Workdir, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The publication without its models: the same code, less to send."""
    publication, folder = publication_of(rehearsed)
    repos = tuple(repo for repo in publication.repos if repo.type == "dataset")
    copy = tmp_path_factory.mktemp("small")
    shutil.copytree(folder / "dataset", copy / "dataset")
    smaller = publication.model_copy(update={"repos": repos, "digest": digest_of(repos)})
    (copy / "publication.json").write_text(smaller.model_dump_json())
    return copy


def test_a_rehearsed_release_may_be_published_and_is_verified(rehearsed, tmp_path):
    with running(tmp_path / "hub", {"someone": TOKEN}, ["imprimatur-demo"]) as url:
        done = imprimatur(
            "publish", DEMO, "--scale", "quick", "--workdir", rehearsed.path, "--to", url,
            HF_TOKEN=TOKEN,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert TOKEN not in done.stdout + done.stderr
        checked = imprimatur("verify", DEMO, "--scale", "quick", "--from", url, "--json")
        assert checked.returncode == 0, checked.stderr
        publication, _ = publication_of(rehearsed)
        assert json.loads(checked.stdout)["publication_digest"] == publication.digest


def with_other_words(small: Path, folder: Path, words: str) -> Path:
    """The same version with another card."""
    shutil.copytree(small, folder)
    publication = read_publication(folder)
    repo = publication.repos[0]
    readme = folder / repo.type / repo.id / "README.md"
    readme.write_text(readme.read_text() + f"\n{words}\n")
    files = describe_files(readme.parent, [file.path for file in repo.files])
    repos = (repo.model_copy(update={"files": files}), *publication.repos[1:])
    update = {"repos": repos, "digest": digest_of(repos)}
    changed = publication.model_copy(update=update)
    (folder / "publication.json").write_text(changed.model_dump_json())
    return folder


def test_a_release_may_be_rehearsed_until_it_is_right(small, tmp_path):
    """Other content under the same version: refused by a Hub, not by a rehearsal."""
    work = tmp_path / "work"
    for words in ("First words.", "Other words."):
        content = with_other_words(small, tmp_path / words, words)
        publication = read_publication(content)
        assert not has_passed(publication, work)
        rehearse(publication, content, work, 0, lambda line: None)
        assert has_passed(publication, work)
    assert len(list((work / "rehearsal-hub").iterdir())) == 1


def test_refused_text_is_in_no_published_byte(rehearsed):
    """Every excluded document, searched for in every file that goes up, Parquet decoded."""
    _, folder = publication_of(rehearsed)
    published = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for path in folder.rglob("*.parquet"):
        published += json.dumps(pq.read_table(path).to_pylist(), ensure_ascii=False).encode()
    searched = 0
    for path in rehearsed.path.glob("corpus/medical-commercial-excluded-*/data/*.parquet"):
        for row in pq.read_table(path).to_pylist():
            if row["reason"] == "licence" and row["id"] != "article-10":  # free for research
                sentence = row["text"].split("\n\n")[-1][:60]
                assert sentence.encode() not in published, row["id"]
                searched += 1
    assert searched == 2
    assert b"excluded-00000" not in published


def test_cards_read_back_as_they_were_meant(rehearsed):
    publication, folder = publication_of(rehearsed)
    scores = json.loads((rehearsed.path / "summary.json").read_bytes())
    for repo in publication.repos:
        path = folder / repo.type / repo.id / "README.md"
        if repo.type == "dataset":
            assert DatasetCard.load(path).data.license
            continue
        card = ModelCard.load(path).data
        if repo.type == "space":
            assert card.to_dict()["models"] == [
                r.id for r in publication.repos if r.type == "model"
            ]
            continue
        assert card.license == "cc0-1.0"
        read = {(r.metric_type, r.dataset_config): r.metric_value for r in card.eval_results}
        assert read == {
            (row["metric"], row["group"]): row["value"]
            for row in scores if row["model"] == repo.artefact
        }  # fmt: skip
    merge = ModelCard.load(folder / "model/imprimatur-demo/demo-adapted-slerp/README.md").data
    assert merge.base_model == ["imprimatur-demo/demo-base", "imprimatur-demo/demo-adapted"]
    assert merge.to_dict()["base_model_relation"] == "merge"


def test_differences_are_published_with_their_verdicts(rehearsed):
    _, folder = publication_of(rehearsed)
    results = folder / "dataset/imprimatur-demo/demo-results"
    rows = pq.read_table(results / "differences.parquet").to_pylist()
    card = (results / "README.md").read_text(encoding="utf-8")
    assert f"corrected by Holm over the {len(rows)} differences of this table" in card
    assert all(row["p_value"] <= row["p_adjusted"] <= 1 for row in rows)
    for row in rows:
        assert (row["verdict"] == "no clear difference") == (row["p_adjusted"] >= 0.05)
        assert f"{row['difference']:+.3f} [" in card


def test_the_space_has_the_results_with_their_date_where_the_hub_is_away(rehearsed):
    publication, folder = publication_of(rehearsed)
    results = next(folder / "dataset" / r.id for r in publication.repos if r.kind == "results")
    snapshot = folder / "space" / publication.space.id / "snapshot"
    for path in ("scores.parquet", "ranks.parquet", "calibration.parquet", "models.json"):
        assert (snapshot / path).read_bytes() == (results / path).read_bytes(), path
    said = json.loads((snapshot / "snapshot.json").read_bytes())
    assert time.strptime(said["date"], "%Y-%m-%d") <= time.gmtime()
    assert said["results_repo"] == results.relative_to(folder / "dataset").as_posix()
    calibration = pq.read_table(results / "calibration.parquet").to_pylist()
    asked = pq.read_table(results / "samples").to_pylist()
    assert sum(row["items"] for row in calibration) == sum(
        row["option_log_likelihoods"] is not None for row in asked
    )


def test_nothing_private_is_published(rehearsed):
    _, folder = publication_of(rehearsed)
    for path in folder.rglob("*"):
        assert path.name not in {
            "training_args.bin",
            "optimizer.pt",
            "scheduler.pt",
            "rng_state.pth",
        }
        if path.is_file():
            data = path.read_bytes()
            assert str(rehearsed.path).encode() not in data
            assert str(Path.home()).encode() + b"/" not in data


def test_publishing_again_sends_nothing(small, api):
    publish(small, api, lambda line: None)
    before = {repo.id: repo.sha for repo in api.list_datasets(author="imprimatur-demo")}
    lines: list[str] = []
    record = publish(small, api, lines.append)
    assert {repo.id: repo.sha for repo in api.list_datasets(author="imprimatur-demo")} == before
    assert not any("bytes" in line for line in lines)
    assert record.tag == "v0.1.0"


def test_the_same_version_with_other_content_is_refused(small, api, tmp_path):
    publish(small, api, lambda line: None)
    other = with_other_words(small, tmp_path / "other", "changed")
    with pytest.raises(Refused, match="raise `version`"):
        publish(other, api, lambda line: None)


def test_new_repos_are_private_until_all_are_there(small, api):
    """Stop after the second repo: nothing of the release can be seen from outside."""
    outsider = HfApi(endpoint=api.endpoint, token=False)

    class Stopped(Exception):
        pass

    seen: list[str] = []

    def stop(line: str) -> None:
        seen.append(line)
        if len(seen) == 3:
            raise Stopped

    with pytest.raises(Stopped):
        publish(small, api, stop)
    assert list(outsider.list_datasets(author="imprimatur-demo")) == []
    publish(small, api, lambda line: None)
    assert len(list(outsider.list_datasets(author="imprimatur-demo"))) == 4


def test_a_foreign_namespace_is_refused_before_anything_is_sent(small, api, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(small, other)
    publication = read_publication(other)
    (other / "publication.json").write_text(
        publication.model_copy(update={"namespace": "stranger"}).model_dump_json()
    )
    with pytest.raises(BadInput, match="may not write to stranger"):
        publish(other, api, lambda line: None)


def test_a_killed_publication_is_finished_by_the_next(small, hub_server, tmp_path):
    """kill -9 at three seeded moments; `torture` has many more, of a release without models."""
    environment = outside.environment(hub_server, tmp_path / "home") | {"HF_TOKEN": TOKEN}
    command = [sys.executable, "-m", "hub.publish", "publish", str(small), "--endpoint", hub_server]
    draw = random.Random(20261120)
    for lines in sorted(draw.randrange(1, 10) for _ in range(3)):
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        for _ in range(lines):
            process.stderr.readline()
        time.sleep(draw.random() / 20)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = outside.verify(
        "imprimatur-demo/demo-results", "v0.1.0", hub_server, tmp_path / "outsider", print
    )
    assert record.publication_digest == read_publication(small).digest


def test_a_changed_file_is_noticed_by_verify(rehearsed, tmp_path):
    publication, folder = publication_of(rehearsed)
    record = publication.repos[0]
    copy = tmp_path / "copy"
    shutil.copytree(folder / record.type / record.id, copy)
    check_files(record, copy)  # type: ignore[arg-type]  # the fields that it reads are the same
    data = copy / record.files[0].path
    data.write_bytes(data.read_bytes()[:-1] + b"x")
    with pytest.raises(Unexpected, match="is not the file that was published"):
        check_files(record, copy)  # type: ignore[arg-type]


def test_an_unfinished_release_does_not_verify(hub_server, tmp_path):
    with pytest.raises(Unexpected, match="cannot be downloaded"):
        outside.verify("imprimatur-demo/demo-results", "v0.1.0", hub_server, tmp_path, print)


def test_no_token_is_one_sentence(rehearsed, tmp_path):
    done = imprimatur(
        "publish", DEMO, "--scale", "quick", "--workdir", rehearsed.path,
        "--to", "http://127.0.0.1:9", HF_TOKEN="", HF_HOME=str(tmp_path),
    )  # fmt: skip
    assert done.returncode == 2
    assert "no token" in done.stderr
