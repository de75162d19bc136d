"""Publication of a small release by the real client: old or new, never between, never twice."""

import json
import shutil
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import huggingface_hub
import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError
from publication_lab import REPOS, edit, quiet
from torture import TOKEN

from hub.cards import reading
from hub.failure import BadInput, Refused, Unexpected
from hub.publish.__main__ import explained, main
from hub.publish.cards import clock_problem
from hub.publish.comparison import compare
from hub.publish.notes import notes
from hub.publish.transaction import publish


def test_the_same_publication_again_is_one_listing_a_repo_and_no_byte(lab, api):
    publish(lab.first, api, quiet)
    before = lab.heads(api)
    asked: list[tuple[str, str]] = []
    client = huggingface_hub.utils._http.default_client_factory()
    client.event_hooks["request"].append(lambda r: asked.append((r.method, r.url.path)))
    huggingface_hub.set_client_factory(lambda: client)
    try:
        publish(lab.first, api, quiet)
    finally:
        huggingface_hub.set_client_factory(huggingface_hub.utils._http.default_client_factory)
    assert {method for method, _ in asked} == {"GET"}
    listings = Counter(path.split("/tree/")[0] for _, path in asked if "/tree/" in path)
    assert sorted(listings.values()) == [1] * len(REPOS)
    assert lab.heads(api) == before


def test_a_dry_run_shows_the_difference_and_changes_nothing(lab, api):
    publish(lab.first, api, quiet)
    before = lab.heads(api)
    found = {change.repo.partition("/")[2]: change for change in compare(lab.second, api, quiet)}
    assert found["corpus"].removed == ["gone.txt"]
    assert set(found["corpus"].changed) == {"README.md", "app.py", "weights.safetensors"}
    assert found["corpus"].state == "changed" and not found["corpus"].added
    assert lab.heads(api) == before
    assert {change.state for change in compare(lab.first, api, quiet)} == {"unchanged"}


def test_a_card_edited_by_hand_is_shown_and_not_overwritten(lab, api):
    publish(lab.first, api, quiet)
    repo = f"{lab.name}/corpus"
    theirs = edit(api, repo, lab.card("0.1.0").read_bytes() + b"A word of warning.\n")
    for folder in (lab.second, lab.first):
        with pytest.raises(Unexpected, match=r"edited by hand.*\+A word of warning"):
            publish(folder, api, quiet)
    assert api.repo_info(repo, repo_type="dataset").sha == theirs


def test_what_is_written_between_the_marked_lines_is_kept_and_no_conflict(lab, api):
    first, second = (lab.card(version) for version in ("0.1.0", "0.2.0"))
    first.write_text(f"{first.read_text()}\n{reading.block()}\n")
    lab.replan(lab.first)
    publish(lab.first, api, quiet)
    repo, said = f"{lab.name}/corpus", "Ask the data office.\n\nBefore *any* use."
    edit(api, repo, first.read_text().replace(reading.block(), reading.block(said)).encode())
    assert notes(api, f"{lab.name}/results") == {"corpus": said}

    planned = second.read_text()
    for kept in ("", "Something else."):  # it would be lost
        second.write_text(f"{planned}\n{reading.block(kept)}\n")
        lab.replan(lab.second)
        with pytest.raises(Unexpected, match=r"edited by hand.*\+Ask the data office"):
            publish(lab.second, api, quiet)
    second.write_text(f"{planned}\n{reading.block(said)}\n")
    lab.replan(lab.second)
    publish(lab.second, api, quiet)
    assert notes(api, f"{lab.name}/results") == {"corpus": said}


def test_what_somebody_commits_meanwhile_is_kept(lab, api):
    publish(lab.first, api, quiet)
    repo, theirs = f"{lab.name}/model", []

    def interrupt(line: str) -> None:
        if line.startswith(f"{lab.name}/corpus: main is"):
            theirs.append(edit(api, repo, b"---\nlicense: mit\n---\n", "model"))

    with pytest.raises(Unexpected, match="changed by somebody else"):
        publish(lab.second, api, interrupt)
    assert api.repo_info(repo).sha == theirs[0]
    results = json.loads(Path(api.hf_hub_download(
        f"{lab.name}/results", "release.json", repo_type="dataset",
    )).read_bytes())  # fmt: skip
    assert results["version"] == "0.1.0"


@pytest.mark.parametrize("moment", ["staged and read back", "corpus: main is"])
def test_the_same_release_published_twice_at_once_is_noticed(lab, api, moment):
    def overtake(line: str) -> None:
        if moment in line and not overtaken:
            overtaken.append(publish(lab.first, HfApi(endpoint=api.endpoint, token=TOKEN), quiet))

    overtaken: list[Any] = []
    with pytest.raises(Unexpected, match=r"somebody else|was deleted while it was staged"):
        publish(lab.first, api, overtake)
    before = lab.heads(api)
    assert publish(lab.first, api, quiet) == overtaken[0]
    assert lab.heads(api) == before


def test_a_repo_made_by_somebody_else_is_refused(lab, api):
    repo = f"{lab.name}/corpus"
    api.create_repo(repo, repo_type="dataset")
    edit(api, repo, b"---\nlicense: mit\n---\nMine.\n")
    with pytest.raises(Refused, match="this kit did not put there"):
        publish(lab.first, api, quiet)
    assert not api.repo_exists(f"{lab.name}/model")


def test_the_same_version_with_other_content_is_refused(lab, api):
    publish(lab.first, api, quiet)
    lab.card("0.1.0").write_text("---\nlicense: mit\n---\nOther.\n")
    lab.replan(lab.first)
    with pytest.raises(Refused, match="raise `version`"):
        publish(lab.first, api, quiet)


class _NoBranches(HfApi):
    """An account that may open pull requests and make no branches."""

    def create_branch(self, repo_id: str, **rest: Any) -> None:
        request = httpx2.Request("POST", f"{self.endpoint}/api/x")
        raise HfHubHTTPError("Forbidden", response=httpx2.Response(403, request=request))


def test_where_there_may_be_no_branch_a_pull_request_is_staged(lab, api):
    publish(lab.first, api, quiet)
    publish(lab.second, _NoBranches(endpoint=api.endpoint, token=TOKEN), quiet)
    assert {change.state for change in compare(lab.second, api, quiet)} == {"unchanged"}
    (pull,) = api.get_repo_discussions(f"{lab.name}/model")
    assert pull.is_pull_request and pull.status == "closed"


def test_a_space_that_does_not_run_gives_way_to_the_previous_one(lab, api):
    publish(lab.first, api, quiet)
    space = f"{lab.name}/space"
    before = lab.heads(api)["space"]
    lab.card("0.2.0", "space", "space").write_text("---\nsdk: gradio\napp_file: no.py\n---\n")
    lab.replan(lab.second)
    with pytest.raises(Unexpected, match="NO_APP_FILE; the Space of before"):
        publish(lab.second, api, quiet)
    assert api.get_space_runtime(space).stage == "RUNNING"
    files = {f.path: f.blob_id for f in api.list_repo_tree(space, repo_type="space")}
    earlier = api.list_repo_tree(space, repo_type="space", revision=before)
    assert files == {f.path: f.blob_id for f in earlier}


def test_every_problem_is_listed_before_anything_is_sent(lab, api, tmp_path):
    card = lab.card("0.1.0", "model", "model")
    card.write_text("---\nlicense: mine\nbase_model: nobody/nothing\n---\n")
    content = lab.card("0.1.0").parent
    (content / "Été.txt").write_text("fine: names need not be ASCII")
    (content / "empty.txt").touch()
    for name in ("a.txt", "A.txt", "hidden\u200b.txt"):
        (content / name).write_text(name)
    secret = tmp_path / "secret"
    secret.write_text("not for publication")
    (content / "link.txt").symlink_to(secret)
    lab.replan(lab.first)
    (content / "app.py").write_text("changed afterwards")
    api.create_repo(f"{lab.name}/Results", repo_type="dataset")
    with pytest.raises(BadInput) as found:
        publish(lab.first, api, quiet)
    said = str(found.value).splitlines()
    for words in ("licence ids", "nobody/nothing is private or does not exist", "are one name",
                  "cannot be seen", "symbolic link", "changed since it was planned",
                  "differs only by case"):  # fmt: skip
        assert any(words in line for line in said), (words, said)
    assert not any("Été" in line or "empty" in line for line in said)
    assert not api.repo_exists(f"{lab.name}/model")


@pytest.mark.parametrize(
    ("token", "words"),
    [("hf_other", "the token of other may not write to lab"),
     ("hf_wrong", "does not know this token: it is wrong, or has expired"),
     ("", "no token: set HF_TOKEN")],
)  # fmt: skip
def test_a_token_that_will_not_do_is_one_sentence(lab, api, token, words, monkeypatch, capfd):
    monkeypatch.setenv("HF_TOKEN", token)
    monkeypatch.setattr("hub.publish.patience.time.sleep", lambda seconds: None)
    assert main(["publish", str(lab.first), "--endpoint", api.endpoint]) == 2
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 1 and words in said[0] and said[0].startswith("error: ")
    assert not token or token not in said[0]
    assert not api.repo_exists(f"{lab.name}/model")


def test_private_storage_is_said_and_a_full_one_is_no_matter_of_permission(lab, api):
    """New repos count as private until all are there; the Hub does not say how much is left."""
    api.create_repo(f"{lab.name}/drafts", private=True)
    api.upload_file(path_or_fileobj=b"x" * 3_000_000, path_in_repo="draft.bin",
                    repo_id=f"{lab.name}/drafts")  # fmt: skip
    said: list[str] = []
    publish(lab.first, api, said.append)
    assert "in 4 repos that are private until all are there" in said[0]
    assert "its private repos hold 3.0 MB" in said[0] and "100 GB for a free account" in said[0]
    publish(lab.second, api, said.append)
    assert sum("private until" in line for line in said) == 1
    request = httpx2.Request("POST", f"{api.endpoint}/api/x")
    full = HfHubHTTPError("403 Forbidden: Private repository storage limit reached, please upgrade",
                          response=httpx2.Response(403, request=request))  # fmt: skip
    told = explained(full, api.endpoint)
    assert told.exit_code == 1 and "has no room left for this" in str(told)


def test_odd_files_arrive_as_they_are(lab, api):
    content = lab.card("0.1.0").parent
    (content / "Été à l’hôpital.txt").write_text("é")
    (content / "empty.bin").touch()
    (content / "empty.safetensors").touch()
    lab.replan(lab.first)
    publish(lab.first, api, quiet)
    listed = {f.path: f.size for f in api.list_repo_tree(f"{lab.name}/corpus", repo_type="dataset")}
    assert listed["Été à l’hôpital.txt"] == 2
    assert listed["empty.bin"] == listed["empty.safetensors"] == 0


def test_a_wrong_clock_is_noticed_before_anything_is_sent(lab, api, monkeypatch):
    now = time.time()
    monkeypatch.setattr("hub.publish.cards.time.time", lambda: now + 7200)
    with pytest.raises(BadInput, match="120 minutes ahead of the Hub's: set it"):
        publish(lab.first, api, quiet)
    assert not api.repo_exists(f"{lab.name}/model")
    from email.utils import formatdate

    assert clock_problem(formatdate(1_000_000, usegmt=True), 1_000_000 + 60) is None
    said = clock_problem(formatdate(1_000_000, usegmt=True), 1_000_000 - 7200)
    assert said is not None and "120 minutes behind" in said


def test_staging_leaves_nothing_behind(lab, api):
    publish(lab.first, api, quiet)
    broken = lab.second.with_name("broken")
    shutil.copytree(lab.second, broken)

    class Stopped(Exception):
        pass

    def stop(line: str) -> None:
        if "results" in line:
            raise Stopped

    with pytest.raises(Stopped):
        publish(broken, api, stop)
    lab.card("0.2.0").write_text("---\nlicense: mit\n---\nCorrected.\n")
    lab.replan(lab.second)
    publish(lab.second, api, quiet)
    for name, kind in REPOS:
        refs = api.list_repo_refs(f"{lab.name}/{name}", repo_type=kind)
        assert [branch.name for branch in refs.branches] == ["main"]


def test_a_pull_request_that_a_killed_run_left_is_closed(lab, api):
    publish(lab.first, api, quiet)

    class Stopped(Exception):
        pass

    def stop(line: str) -> None:
        if line.startswith(f"{lab.name}/model: main is"):
            raise Stopped

    with pytest.raises(Stopped):
        publish(lab.second, _NoBranches(endpoint=api.endpoint, token=TOKEN), stop)
    assert [pull.status for pull in api.get_repo_discussions(f"{lab.name}/model")] == ["draft"]
    publish(lab.second, _NoBranches(endpoint=api.endpoint, token=TOKEN), quiet)
    for name, kind in REPOS:
        pulls = api.get_repo_discussions(f"{lab.name}/{name}", repo_type=kind)
        assert [pull.status for pull in pulls] == ["closed"], name
