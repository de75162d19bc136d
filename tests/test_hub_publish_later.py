"""What comes after a first publication: back and forth, gates, successors, history that goes."""

import json
import shutil
from pathlib import Path

import pytest
from huggingface_hub import HfApi, ModelCard
from huggingface_hub.errors import GatedRepoError
from publication_lab import Lab, edit, quiet
from torture import make_publication

from hub.disk import sha256_file
from hub.failure import BadInput, Unexpected
from hub.publication import Superseded, read_publication
from hub.publish.comparison import compare
from hub.publish.remote import Address, files_at, read_file, record_at
from hub.publish.rollback import rollback
from hub.publish.transaction import publish


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
