"""Publication of a small release by the real client: old or new, never between, never twice."""

import json
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import huggingface_hub
import pytest
from huggingface_hub import CommitOperationAdd, HfApi, ModelCard
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError
from torture import TOKEN, make_publication

from hub.cards import reading
from hub.disk import sha256_file
from hub.failure import BadInput, Refused, Unexpected
from hub.manifest import describe_files
from hub.publication import Superseded, digest_of, read_publication
from hub.publish.__main__ import explained, main
from hub.publish.cards import clock_problem
from hub.publish.comparison import compare
from hub.publish.notes import notes
from hub.publish.remote import Address, files_at, read_file, record_at
from hub.publish.rollback import rollback
from hub.publish.transaction import publish
from hub.rehearsal.serve import running

REPOS = (("corpus", "dataset"), ("model", "model"), ("results", "dataset"), ("space", "space"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    root = tmp_path_factory.mktemp("hub")
    orgs = [f"lab{number}" for number in range(40)]
    with running(root, {"someone": TOKEN, "other": "hf_other"}, orgs) as url:
        yield url, root


@pytest.fixture
def api(server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> HfApi:
    # the LFS route: the client decides about Xet by this module constant
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    return HfApi(endpoint=server[0], token=TOKEN)


_next = iter(range(40))


class Lab:
    """A namespace of its own, and its two versions."""

    def __init__(self, folder: Path) -> None:
        self.name = f"lab{next(_next)}"
        self.first, self.second = folder / "0.1.0", folder / "0.2.0"
        make_publication(self.first, self.name, "0.1.0", 2_000)
        make_publication(self.second, self.name, "0.2.0", 2_000)

    def heads(self, api: HfApi) -> dict[str, str | None]:
        return {
            name: api.repo_info(f"{self.name}/{name}", repo_type=kind).sha for name, kind in REPOS
        }

    def card(self, version: str, name: str = "corpus", kind: str = "dataset") -> Path:
        folder = self.first if version == "0.1.0" else self.second
        return folder / kind / self.name / name / "README.md"

    def replan(self, folder: Path, **update: Any) -> None:
        """Describe the files anew after a test changed them."""
        publication = read_publication(folder)
        repos = []
        for repo in publication.repos:
            content = folder / repo.type / repo.id
            paths = [p.relative_to(content).as_posix() for p in content.rglob("*") if p.is_file()]
            repos.append(repo.model_copy(update={"files": describe_files(content, paths)}))
        update = {"repos": tuple(repos), "digest": digest_of(tuple(repos)), **update}
        changed = publication.model_copy(update=update)
        (folder / "publication.json").write_text(changed.model_dump_json())


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def quiet(line: str) -> None:
    pass


def edit(api: HfApi, repo: str, text: bytes, kind: str = "dataset") -> str:
    """What a person does in the browser."""
    operation = CommitOperationAdd("README.md", text)
    return api.create_commit(
        repo, [operation], commit_message="Update README.md", repo_type=kind
    ).oid


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


def test_back_to_an_earlier_release_and_forth(lab, api):
    publish(lab.first, api, quiet)
    publish(lab.second, api, quiet)
    record = rollback(f"{lab.name}/results", "v0.1.0", api, quiet)
    assert record.version == "0.1.0"
    assert {change.state for change in compare(lab.first, api, quiet)} == {"unchanged"}
    record = publish(lab.second, api, quiet)
    assert {change.state for change in compare(lab.second, api, quiet)} == {"unchanged"}
    assert record.previous_digest == read_publication(lab.first).digest
    with pytest.raises(BadInput, match="no release v9"):
        rollback(f"{lab.name}/results", "v9.0.0", api, quiet)


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


def test_a_gated_corpus_is_closed_to_an_outsider(lab, api, tmp_path):
    publication = read_publication(lab.first)
    first, *others = publication.repos
    repos = (first.model_copy(update={"gated": "manual"}), *others)
    lab.replan(lab.first)
    changed = publication.model_copy(update={"repos": repos})
    (lab.first / "publication.json").write_text(changed.model_dump_json())
    publish(lab.first, api, quiet)
    outsider = HfApi(endpoint=api.endpoint, token=False)
    with pytest.raises(GatedRepoError):
        outsider.hf_hub_download(first.id, "README.md", repo_type="dataset", local_dir=tmp_path)
    assert outsider.hf_hub_download(
        others[1].id, "README.md", repo_type="dataset", local_dir=tmp_path
    )


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


def gated(lab: Lab, folder: Path, gate: str | None) -> str:
    """Plan another gate for the corpus; returns its id."""
    first, *others = read_publication(folder).repos
    lab.replan(folder)
    changed = read_publication(folder).model_copy(
        update={"repos": (first.model_copy(update={"gated": gate}), *others)}
    )
    (folder / "publication.json").write_text(changed.model_dump_json())
    return first.id


def test_a_gate_comes_before_its_content_and_one_set_by_hand_stays(lab, api):
    publish(lab.first, api, quiet)
    corpus = gated(lab, lab.second, "manual")
    seen: list[tuple[str, object]] = []

    def watch(line: str) -> None:
        seen.append((line, api.repo_info(corpus, repo_type="dataset").gated))

    publish(lab.second, api, watch)
    promoted = next(gate for line, gate in seen if line.startswith(f"{corpus}: main is"))
    assert promoted == "manual"
    api.update_repo_settings(corpus, repo_type="dataset", gated="auto")
    with pytest.raises(Unexpected, match=r"gate of .* was changed by hand"):
        publish(lab.second, api, quiet)
    assert api.repo_info(corpus, repo_type="dataset").gated == "auto"
    api.update_repo_settings(corpus, repo_type="dataset", gated="manual")
    third = lab.second.with_name("0.3.0")
    shutil.copytree(lab.second, third)
    gated(lab, third, None)
    changed = read_publication(third).model_copy(update={"version": "0.3.0", "digest": "3" * 64})
    (third / "publication.json").write_text(changed.model_dump_json())
    publish(third, api, quiet)
    assert not api.repo_info(corpus, repo_type="dataset").gated


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


def test_a_repo_that_another_one_replaces_names_it(lab, api):
    publish(lab.first, api, quiet)
    old = f"{lab.name}/old"
    api.create_repo(old)
    edit(api, old, b"---\nlicense: mit\ntags:\n- kept\n---\n# Old\n\nBy hand.\n", "model")
    one = Superseded(type="model", id=old, by=f"{lab.name}/model")
    for update in ({"superseded": (one.model_copy(update={"id": f"{lab.name}/nobody"}),)},
                   {"superseded": (one,)}):  # fmt: skip
        lab.replan(lab.second, **update)
        if "nobody" in str(update):
            with pytest.raises(BadInput, match=r"nobody gives way .* is not on the Hub"):
                publish(lab.second, api, quiet)
    said: list[str] = []
    publish(lab.second, api, said.append)
    head = api.repo_info(old).sha
    publish(lab.second, api, said.append)
    assert api.repo_info(old).sha == head
    assert [line for line in said if line.startswith(old)] == [
        f"{old}: gives way to {one.by}", f"{old}: gives way to {one.by} already"
    ]  # fmt: skip
    card = ModelCard.load(api.hf_hub_download(old, "README.md"))
    assert card.data.new_version == one.by and card.data.tags == ["kept"]
    assert "takes the place" in card.text and "By hand." in card.text
    assert (api.model_info(old).card_data or {}).get("new_version") == one.by


def versions_of(lab: Lab, count: int) -> list[Path]:
    """So many versions, each with other large files."""
    folders = [lab.first, lab.second]
    for number in range(3, count + 1):
        folder = lab.first.with_name(f"0.{number}.0")
        make_publication(folder, lab.name, f"0.{number}.0", 2_000)
        folders.append(folder)
    return folders


@pytest.mark.parametrize("stop_at", ["main has one commit", "release.json", "removed for good", ""])
def test_history_that_may_no_longer_be_read_is_gone(lab, api, stop_at):
    """0.2.0 held what 0.3.0 is without; 0.1.0 did not. Killed at any moment, it ends the same."""
    first, second, third = versions_of(lab, 3)
    corpus, model = f"{lab.name}/corpus", f"{lab.name}/model"
    for folder in (first, second):
        publish(folder, api, quiet)
    held = second / "dataset" / corpus / "weights.safetensors"
    squash = {corpus: ["v0.2.0"]}

    class Stopped(Exception):
        pass

    def stop(line: str) -> None:
        record = json.loads(read_file(api, Address("dataset", f"{lab.name}/results"),
                                      "release.json", "main") or b"")  # fmt: skip
        for repo in record["repos"]:  # it never names what is not there
            assert files_at(api, Address(repo["type"], repo["id"]), repo["commit"])
        if stop_at and stop_at in line:
            raise Stopped

    if stop_at:
        with pytest.raises(Stopped):
            publish(third, api, stop, squash=squash)
    record = publish(third, api, stop if not stop_at else quiet, squash=squash)
    refs = api.list_repo_refs(corpus, repo_type="dataset")
    tags = {tag.name: tag.target_commit for tag in refs.tags}
    assert tags.keys() == {"v0.1.0", "v0.3.0"} and [b.name for b in refs.branches] == ["main"]
    (squashed,) = api.list_repo_commits(corpus, repo_type="dataset")
    named = next(repo.commit for repo in record.repos if repo.id == corpus)
    assert tags["v0.3.0"] == squashed.commit_id == named
    large = {file.file_oid for file in api.list_lfs_files(corpus, repo_type="dataset")}
    assert sha256_file(held) not in large and len(large) == 3
    assert {tag.name for tag in api.list_repo_refs(model).tags} == {"v0.1.0", "v0.2.0", "v0.3.0"}
    assert record_at(api, Address("dataset", f"{lab.name}/results"), "v0.3.0") == record
    with pytest.raises(Unexpected, match=r"corpus has no v0\.2\.0 any more"):
        rollback(f"{lab.name}/results", "v0.2.0", api, quiet)


def test_history_can_go_after_the_release(lab, api):
    publish(lab.first, api, quiet)
    before = publish(lab.second, api, quiet)
    corpus = f"{lab.name}/corpus"
    record = publish(lab.second, api, quiet, squash={corpus: ["v0.1.0"]})
    (squashed,) = api.list_repo_commits(corpus, repo_type="dataset")
    assert [r.commit for r in record.repos if r.id == corpus] == [squashed.commit_id]
    assert record.previous_digest == before.previous_digest
    assert record_at(api, Address("dataset", f"{lab.name}/results"), "v0.2.0") == record
    again = publish(lab.second, api, quiet, squash={corpus: ["v0.1.0"]})
    assert again == record == publish(lab.second, api, quiet)
