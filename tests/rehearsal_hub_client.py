"""An outside user's session with huggingface_hub, asserting as it goes. Run as a script.

    python rehearsal_hub_client.py MODEL_NAME FOLDER      with HF_ENDPOINT, HF_TOKEN, HF_HOME set

It leaves nothing behind. Who plays which part comes from the environment: CLIENT_USER and
CLIENT_ORG, whom HF_TOKEN may write for, and CLIENT_GUEST_TOKEN of another user (empty: there is
none); as they are in `rehearsal_server` if it says nothing.
"""

import array
import hashlib
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from huggingface_hub import (
    CommitInfo,
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfApi,
    HfFileSystem,
    hf_hub_download,
    metadata_update,
    snapshot_download,
)
from huggingface_hub.errors import HfHubHTTPError

ME = os.environ.get("CLIENT_USER", "demo")
ORG = os.environ.get("CLIENT_ORG", "lab")
GUEST_TOKEN = os.environ.get("CLIENT_GUEST_TOKEN", "hf_guest")
LARGE = {"noise.safetensors", "floats.safetensors", "text.bin", "odd.xyz"}
README = b"""---
license: mit
language: fr
library_name: transformers
pipeline_tag: text-generation
base_model: Qwen/Qwen3-0.6B-Base
tags: [medical]
datasets: [lab/corpus]
---
# Title
"""


def refused(status: int, kind: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """The message of the exception, which must be of this class and carry this status."""
    try:
        call(*args, **kwargs)
    except HfHubHTTPError as found:
        assert (found.response.status_code, type(found).__name__) == (status, kind), found
        return str(found)
    raise AssertionError(f"{call} was not refused")


def content() -> dict[str, bytes]:
    """Text, odd names, and large files of which Xet encodes each kind differently."""
    random.seed(0)
    floats = array.array("f", [random.gauss(0, 0.02) for _ in range(100_000)])
    return {
        "README.md": README,
        "config.json": b'{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}',
        "noise.safetensors": random.randbytes(700_000),
        "floats.safetensors": floats.tobytes(),
        "text.bin": b"hello world, this is text. " * 30_000,
        "odd.xyz": bytes(range(256)) * 7,
        "dossier/été à la mer.txt": "déjà vu\n".encode(),
        "dossier/deep/er/note.txt": b"note",
        "empty.txt": b"",
    }


def accounts_and_access(api: HfApi, repo: str) -> None:
    me = api.whoami()
    assert me["name"] == ME and ORG in [org["name"] for org in me["orgs"]]
    address = api.create_repo(repo, private=True)
    assert api.create_repo(repo, exist_ok=True) == address == f"{api.endpoint}/{repo}"
    assert "already" in refused(409, "HfHubHTTPError", api.create_repo, repo)
    assert api.list_repo_files(repo) == [".gitattributes"]
    nobody, guest = HfApi(token=False), HfApi(token=GUEST_TOKEN or False)
    refused(404, "RepositoryNotFoundError", nobody.model_info, repo)
    refused(404, "RepositoryNotFoundError", guest.model_info, repo)
    api.update_repo_settings(repo, private=False)
    assert nobody.model_info(repo).private is False
    upload = {"path_or_fileobj": b"x", "path_in_repo": "x", "repo_id": repo}
    if GUEST_TOKEN:
        refused(403, "HfHubHTTPError", guest.upload_file, **upload)
    refused(401, "HfHubHTTPError", HfApi(token="hf_wrong").whoami)
    api.auth_check(repo, write=True)


def upload(api: HfApi, repo: str, folder: Path, files: dict[str, bytes]) -> CommitInfo:
    for path, data in {**files, "skip/ignored.log": b"not this"}.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    what = {"repo_id": repo, "folder_path": folder, "ignore_patterns": "*.log"}
    commit: CommitInfo = api.upload_folder(**what, commit_message="one")
    assert commit.repo_url.repo_id == repo
    assert set(api.list_repo_files(repo)) == {".gitattributes", *files}
    assert api.upload_folder(**what).oid == commit.oid, "unchanged: no new commit"
    return commit


def what_it_says(api: HfApi, repo: str, files: dict[str, bytes], commit: CommitInfo) -> None:
    model = api.model_info(repo, files_metadata=True)
    assert model.sha == commit.oid and model.card_data.license == "mit"
    assert model.config["model_type"] == "llama" and model.pipeline_tag == "text-generation"
    assert {"license:mit", "medical", "dataset:lab/corpus"} <= set(model.tags)
    siblings = {item.rfilename: item for item in model.siblings}
    for path, data in files.items():
        assert siblings[path].size == len(data), path
        sha256 = siblings[path].lfs and siblings[path].lfs.sha256
        assert sha256 == (hashlib.sha256(data).hexdigest() if path in LARGE else None), path
        assert Path(hf_hub_download(repo, path)).read_bytes() == data, path
    attributes = Path(hf_hub_download(repo, ".gitattributes")).read_text()
    assert "odd.xyz filter=lfs" in attributes and "noise.safetensors" not in attributes
    tree = {item.path: item for item in api.list_repo_tree(repo, recursive=True, expand=True)}
    assert tree["dossier/deep/er"].tree_id and tree["config.json"].last_commit.title == "one"
    assert [item.path for item in api.list_repo_tree(repo, "dossier/deep")] == ["dossier/deep/er"]
    found = api.get_paths_info(repo, ["dossier", "text.bin", "absent"])
    assert [type(item).__name__ for item in found] == ["RepoFolder", "RepoFile"]
    missing = "RemoteEntryNotFoundError"
    refused(404, missing, lambda: list(api.list_repo_tree(repo, "absent")))
    refused(404, missing, hf_hub_download, repo, "absent.txt")
    refused(404, "RevisionNotFoundError", api.model_info, repo, revision="absent")


def commits(api: HfApi, repo: str, files: dict[str, bytes], one: CommitInfo) -> CommitInfo:
    operations = [
        CommitOperationAdd("config.json", b"{}"),
        CommitOperationCopy("text.bin", "copies/text.bin"),
        CommitOperationCopy("README.md", "copies/README.md"),
        CommitOperationDelete("dossier/deep/"),
        CommitOperationDelete("odd.xyz"),
    ]
    message = {"commit_message": "two", "commit_description": "with a body"}
    two = api.create_commit(repo, operations, **message, parent_commit=one.oid)
    gone = {"odd.xyz", "dossier/deep/er/note.txt"}
    copies = {"copies/text.bin", "copies/README.md"}
    assert set(api.list_repo_files(repo)) == {".gitattributes", *files, *copies} - gone

    def commit(operation: Any, **more: Any) -> None:
        api.create_commit(repo, [operation], commit_message="refused", **more)

    late = CommitOperationAdd("late.txt", b"late")
    stale = refused(412, "HfHubHTTPError", commit, late, parent_commit=one.oid)
    assert "has happened since" in stale
    refused(404, "RemoteEntryNotFoundError", commit, CommitOperationDelete("absent"))
    refused(400, "BadRequestError", commit, CommitOperationAdd("config.json/x", b"x"))
    history = api.list_repo_commits(repo, formatted=True)
    assert [item.title for item in history] == ["two", "one", "initial commit"]
    assert history[0].message == "with a body" and history[0].authors == [ME]
    return two


def branches_and_tags(api: HfApi, repo: str, one: CommitInfo, two: CommitInfo) -> None:
    api.create_branch(repo, branch="stage/v1.0", revision=one.oid)
    refused(409, "HfHubHTTPError", api.create_branch, repo, branch="stage/v1.0")
    refused(409, "HfHubHTTPError", api.create_branch, repo, branch="stage")
    staged = {"path_in_repo": "staged.txt", "revision": "stage/v1.0", "repo_id": repo}
    api.upload_file(path_or_fileobj=b"staged", **staged)
    local = hf_hub_download(repo, "staged.txt", revision="stage/v1.0")
    assert Path(local).read_bytes() == b"staged"
    api.create_tag(repo, tag="v1.0", tag_message="first")
    api.create_tag(repo, tag="v1.0", exist_ok=True)
    refused(409, "HfHubHTTPError", api.create_tag, repo, tag="v1.0")
    refs = api.list_repo_refs(repo)
    assert {branch.name for branch in refs.branches} == {"main", "stage/v1.0"}
    assert [(tag.name, tag.target_commit) for tag in refs.tags] == [("v1.0", two.oid)]
    for revision in ("v1.0", "main", two.oid, two.oid[:8], "refs/heads/main"):
        assert api.model_info(repo, revision=revision).sha == two.oid
    api.delete_branch(repo, branch="stage/v1.0")
    api.create_branch(repo, branch="stage")
    api.delete_tag(repo, tag="v1.0")
    refused(404, "RevisionNotFoundError", api.delete_tag, repo, tag="v1.0")
    refused(400, "BadRequestError", api.delete_branch, repo, branch="main")


def pull_requests(api: HfApi, repo: str) -> None:
    def write(path: str, data: bytes, revision: str = "main") -> None:
        what = {"path_or_fileobj": data, "path_in_repo": path}
        api.upload_file(**what, repo_id=repo, revision=revision)

    late = [CommitOperationAdd("late.txt", b"late")]
    pull = api.create_commit(repo, late, commit_message="late", create_pr=True)
    assert pull.pr_revision == "refs/pr/1" and "late.txt" not in api.list_repo_files(repo)
    assert "late.txt" in api.list_repo_files(repo, revision="refs/pr/1")
    write("more.txt", b"more", "refs/pr/1")
    api.comment_discussion(repo, 1, "looks right")
    write("meanwhile.txt", b"meanwhile")
    assert api.get_discussion_details(repo, 1).conflicting_files == []
    api.merge_pull_request(repo, 1)
    details = api.get_discussion_details(repo, 1)
    assert details.status == "merged" and details.merge_commit_oid == api.model_info(repo).sha
    kinds = [event.type for event in details.events]
    assert kinds == ["comment", "commit", "commit", "comment", "status-change"]
    assert {"late.txt", "more.txt", "meanwhile.txt"} <= set(api.list_repo_files(repo))

    draft = api.create_pull_request(repo, "clash")
    assert draft.status == "draft" and draft.git_reference == "refs/pr/2"
    write("late.txt", b"theirs", "refs/pr/2")
    write("late.txt", b"ours")
    refused(400, "BadRequestError", api.merge_pull_request, repo, 2)
    api.change_discussion_status(repo, 2, "open")
    refused(409, "HfHubHTTPError", api.merge_pull_request, repo, 2)
    assert api.get_discussion_details(repo, 2).conflicting_files == ["late.txt"]
    api.change_discussion_status(repo, 2, "closed")
    closed = api.get_repo_discussions(repo, discussion_status="closed")
    assert [item.num for item in closed] == [2, 1]
    assert len(api.list_repo_refs(repo, include_pull_requests=True).pull_requests or []) == 2


def file_system(repo: str, files: dict[str, bytes], one: CommitInfo) -> None:
    system = HfFileSystem()
    with system.open(f"{repo}/noise.safetensors", "rb") as stream:
        stream.seek(1000)
        assert stream.read(50) == files["noise.safetensors"][1000:1050]
    assert system.read_text(f"{repo}/dossier/été à la mer.txt") == "déjà vu\n"
    assert f"{repo}/config.json" in system.ls(repo, detail=False)
    system.write_text(f"{repo}/written.txt", "by fsspec")
    assert system.exists(f"{repo}/written.txt")
    patterns = ["*.json", "dossier/**"]
    snapshot = snapshot_download(repo, revision=one.oid, allow_patterns=patterns)
    assert Path(snapshot, "config.json").read_bytes() == files["config.json"]


def collections(api: HfApi, repo: str) -> None:
    title = f"Release of {repo}"
    shelf = api.create_collection(title, namespace=ORG, description="all of it")
    assert api.create_collection(title, namespace=ORG, exists_ok=True).slug == shelf.slug
    api.add_collection_item(shelf.slug, repo, "model", note="the model")
    api.add_collection_item(shelf.slug, repo, "model", exists_ok=True)
    shelf = api.get_collection(shelf.slug)
    found = [(item.item_id, item.item_type, item.note) for item in shelf.items]
    assert found == [(repo, "model", "the model")]
    assert shelf.slug in [item.slug for item in api.list_collections(owner=ORG)]
    place = shelf.items[0].item_object_id
    api.update_collection_item(shelf.slug, place, note="other", position=0)
    assert api.update_collection_metadata(shelf.slug, title="Renamed").title == "Renamed"
    api.delete_collection_item(shelf.slug, place)
    api.delete_collection(shelf.slug)


def spaces(api: HfApi, space: str) -> None:
    api.create_repo(space, repo_type="space", space_sdk="gradio")
    assert api.space_info(space).runtime.stage == "NO_APP_FILE"
    app = {"path_or_fileobj": b"import gradio", "path_in_repo": "app.py"}
    api.upload_file(**app, repo_id=space, repo_type="space")
    assert api.space_info(space).runtime.stage == "RUNNING" and api.space_info(space).sdk
    runtime = api.get_space_runtime(space)
    assert (runtime.stage, runtime.hardware) == ("RUNNING", "cpu-basic")
    api.add_space_variable(space, "SIZE", "3")
    assert api.get_space_variables(space)["SIZE"].value == "3"
    api.add_space_secret(space, "KEY", "hidden")
    assert list(api.get_space_secrets(space)) == ["KEY"]
    api.delete_repo(space, repo_type="space")


def endings(api: HfApi, repo: str, folder: Path) -> None:
    metadata_update(repo, {"license": "apache-2.0"}, overwrite=True)
    assert api.model_info(repo).card_data.license == "apache-2.0"
    api.update_repo_settings(repo, gated="auto")
    stranger = {"token": False, "local_dir": folder / "gated"}
    refused(401, "GatedRepoError", hf_hub_download, repo, "late.txt", **stranger)
    api.super_squash_history(repo)
    assert len(api.list_repo_commits(repo)) == 1
    moved = f"{ME}/{repo.partition('/')[2]}-moved"
    api.move_repo(repo, moved)
    assert api.model_info(repo).id == moved, "the old name leads to the new one"
    assert moved in [item.id for item in api.list_models(author=ME)]
    api.delete_repo(moved)
    api.delete_repo(moved, missing_ok=True)
    assert not api.repo_exists(repo)


def main(name: str, folder: Path) -> None:
    api, repo, files = HfApi(), f"{ORG}/{name}", content()
    accounts_and_access(api, repo)
    one = upload(api, repo, folder, files)
    what_it_says(api, repo, files, one)
    two = commits(api, repo, files, one)
    branches_and_tags(api, repo, one, two)
    pull_requests(api, repo)
    file_system(repo, files, one)
    collections(api, repo)
    spaces(api, f"{repo}-space")
    endings(api, repo, folder)
    print("all accepted")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
