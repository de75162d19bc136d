"""More of an outside user's session: access, likes, copies, large files, results, fsspec.

    python rehearsal_hub_client_more.py MODEL_NAME FOLDER    with HF_ENDPOINT, HF_TOKEN, HF_HOME set

Who plays which part comes from the environment, see `rehearsal_hub_client`; steps that need a
second user are left out where there is none.
"""

import hashlib
import os
import random
import sys
from pathlib import Path

from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    EvalResultEntry,
    HfApi,
    HfFileSystem,
    hf_hub_download,
    snapshot_download,
)
from huggingface_hub.errors import HfHubHTTPError

ME = os.environ.get("CLIENT_USER", "demo")
ORG = os.environ.get("CLIENT_ORG", "lab")
GUEST = os.environ.get("CLIENT_GUEST", "guest")
GUEST_TOKEN = os.environ.get("CLIENT_GUEST_TOKEN", "hf_guest")
WEIGHTS = random.Random(3).randbytes(1_500_000)
RESULTS = """- dataset: {id: cais/hle, task_id: default}
  value: 20.9
  date: "2026-01-15"
  source: {url: "https://example.org/log", name: Eval logs}
- dataset: {id: Idavidrein/gpqa, task_id: gpqa_diamond}
  value: 0.412
"""


def status_of(call: object, *args: object, **kwargs: object) -> tuple[int, str]:
    """The status and the class of the refusal of a call that must be refused."""
    assert callable(call)
    try:
        call(*args, **kwargs)
    except HfHubHTTPError as found:
        return found.response.status_code, type(found).__name__
    raise AssertionError(f"{call} was not refused")


def contents(api: HfApi, repo: str) -> None:
    api.create_repo(repo)
    operations = [
        CommitOperationAdd("weights.bin", WEIGHTS),
        CommitOperationAdd("README.md", b"---\nlicense: mit\n---\n# Model\n"),
        CommitOperationAdd(".eval_results/results.yaml", RESULTS.encode()),
        CommitOperationAdd(".eval_results/bad.yaml", b"- dataset: {id: here}\n  value: high\n"),
    ]
    api.create_commit(repo, operations, commit_message="contents")


def gates(api: HfApi, repo: str, folder: Path) -> None:
    """A gated repo shows its files to those who were let in, and to nobody else."""
    guest = HfApi(token=GUEST_TOKEN)
    download = {"filename": "weights.bin", "token": GUEST_TOKEN}
    assert status_of(api.grant_access, repo, GUEST)[0] == 400, "not gated yet"
    api.update_repo_settings(repo, gated="manual")
    refusal = (403, "GatedRepoError")
    assert status_of(hf_hub_download, repo, **download, local_dir=folder / "no") == refusal
    assert status_of(guest.auth_check, repo) == refusal
    assert not list(api.list_pending_access_requests(repo))
    api.grant_access(repo, GUEST)
    guest.auth_check(repo)
    path = hf_hub_download(repo, **download, local_dir=folder / "yes")
    assert Path(path).read_bytes() == WEIGHTS
    (entry,) = api.list_accepted_access_requests(repo)
    assert (entry.username, entry.status) == (GUEST, "accepted")
    assert status_of(api.grant_access, repo, GUEST)[0] == 400
    api.reject_access_request(repo, GUEST, rejection_reason="a test")
    assert status_of(guest.auth_check, repo) == refusal
    assert [e.username for e in api.list_rejected_access_requests(repo)] == [GUEST]
    api.cancel_access_request(repo, request_id=entry.request_id)
    assert [e.username for e in api.list_pending_access_requests(repo)] == [GUEST]
    api.accept_access_request(repo, GUEST)
    assert status_of(api.accept_access_request, repo, GUEST)[0] == 404
    assert status_of(api.accept_access_request, repo, "nobody-of-this-name")[0] == 404
    api.update_repo_settings(repo, gated=False)


def likes(api: HfApi, repo: str) -> None:
    """Only unliking has a call in the client; liking is the request behind the button."""
    from huggingface_hub.utils import get_session

    headers = {"Authorization": f"Bearer {api.token or os.environ['HF_TOKEN']}"}
    get_session().post(f"{api.endpoint}/api/models/{repo}/like", headers=headers)
    assert [user.username for user in api.list_repo_likers(repo)] == [ME]
    assert repo in api.list_liked_repos(ME).models and api.model_info(repo).likes == 1
    api.unlike(repo)
    assert not list(api.list_repo_likers(repo))


def copies(api: HfApi, repo: str, other: str) -> None:
    """Whole repos, and single files from one repo to another."""
    assert api.duplicate_repo(repo, other).repo_id == other
    assert api.duplicate_repo(repo, other, exist_ok=True).repo_id == other
    assert status_of(api.duplicate_repo, repo, other)[0] == 409
    ours, theirs = (set(api.list_repo_files(name)) for name in (repo, other))
    assert ours == theirs and Path(hf_hub_download(other, "weights.bin")).read_bytes() == WEIGHTS
    api.delete_file("weights.bin", other)
    operation = CommitOperationCopy(
        "weights.bin", "from/there.bin", src_repo_id=repo, src_repo_type="model"
    )
    readme = CommitOperationCopy(
        "README.md", "from/card.md", src_repo_id=repo, src_repo_type="model"
    )
    api.create_commit(other, [operation, readme], commit_message="copied")
    (found,) = api.get_paths_info(other, ["from/there.bin"])
    assert found.lfs.sha256 == hashlib.sha256(WEIGHTS).hexdigest()
    assert Path(hf_hub_download(other, "from/there.bin")).read_bytes() == WEIGHTS
    assert Path(hf_hub_download(other, "from/card.md")).read_text().endswith("# Model\n")


def large_files(api: HfApi, repo: str) -> None:
    files = {file.filename: file for file in api.list_lfs_files(repo)}
    (weights,) = (file for file in files.values() if file.size == len(WEIGHTS))
    before = api.repo_info(repo).sha
    api.permanently_delete_lfs_files(repo, [weights])
    assert api.repo_info(repo).sha != before, "the history was rewritten"
    assert not any(name.endswith(".bin") for name in api.list_repo_files(repo))
    assert not list(api.list_lfs_files(repo))
    data = {"path_or_fileobj": WEIGHTS, "path_in_repo": "again.bin"}
    api.upload_file(**data, repo_id=repo)
    assert Path(hf_hub_download(repo, "again.bin")).read_bytes() == WEIGHTS


def results(api: HfApi, repo: str) -> None:
    info = api.model_info(repo, expand=["evalResults"])
    assert info.eval_results == [
        EvalResultEntry(
            dataset_id="cais/hle",
            task_id="default",
            value=20.9,
            date="2026-01-15",
            source_url="https://example.org/log",
            source_name="Eval logs",
        ),
        EvalResultEntry(dataset_id="Idavidrein/gpqa", task_id="gpqa_diamond", value=0.412),
    ]
    assert info.card_data is None, "expand asks for some fields only"


def changes_of_a_pull_request(api: HfApi, repo: str) -> None:
    operations = [
        CommitOperationAdd("README.md", b"---\nlicense: mit\n---\n# Better\n"),
        CommitOperationAdd("new.txt", b"no newline"),
        CommitOperationDelete(".eval_results/bad.yaml"),
    ]
    commit = api.create_commit(repo, operations, commit_message="better", create_pr=True)
    number = commit.pr_num
    for when in ("open", "merged"):
        diff = api.get_discussion_details(repo, number).diff
        assert "-# Model\n+# Better\n" in diff and "deleted file mode" in diff, when
        assert "+no newline\n\\ No newline at end of file\n" in diff, when
        if when == "open":
            note = api.comment_discussion(repo, number, "first")
            api.edit_discussion_comment(repo, number, note.id, "**second**")
            shown = api.get_discussion_details(repo, number).events[-1]
            assert (shown.content, shown.edited) == ("**second**", True)
            api.hide_discussion_comment(repo, number, note.id)
            assert api.get_discussion_details(repo, number).events[-1].hidden
            api.rename_discussion(repo, number, "Better still")
            api.merge_pull_request(repo, number)
    assert api.get_discussion_details(repo, number).title == "Better still"


def file_system(repo: str) -> None:
    """Writing through fsspec: streams, copies, moves, deletions, globs."""
    system = HfFileSystem(skip_instance_cache=True)
    with system.open(f"{repo}/data/part-0.bin", "wb") as stream:
        for _ in range(3):
            stream.write(b"\0" * 400_000)
    with system.open(f"{repo}/data/notes.txt", "w") as text:
        text.write("été\nhiver\n")
    system.invalidate_cache()
    assert system.read_text(f"{repo}/data/notes.txt") == "été\nhiver\n"
    assert system.size(f"{repo}/data/part-0.bin") == 1_200_000
    system.cp_file(f"{repo}/data/part-0.bin", f"{repo}/data/part-1.bin")
    system.mv(f"{repo}/data/notes.txt", f"{repo}/notes.txt")
    system.invalidate_cache()
    assert sorted(system.glob(f"{repo}/data/*.bin")) == [
        f"{repo}/data/part-0.bin",
        f"{repo}/data/part-1.bin",
    ]
    assert not system.exists(f"{repo}/data/notes.txt") and system.isfile(f"{repo}/notes.txt")
    system.rm(f"{repo}/data", recursive=True)
    system.invalidate_cache()
    assert not system.exists(f"{repo}/data")


def main(name: str, folder: Path) -> None:
    api, repo, other = HfApi(), f"{ORG}/{name}", f"{ME}/{name}-copy"
    contents(api, repo)
    try:
        if GUEST_TOKEN:
            gates(api, repo, folder)
        likes(api, repo)
        copies(api, repo, other)
        results(api, repo)
        changes_of_a_pull_request(api, repo)
        file_system(repo)
        snapshot = Path(snapshot_download(repo, cache_dir=folder / "cache"))
        assert (snapshot / "weights.bin").read_bytes() == WEIGHTS
        large_files(api, other)
    finally:
        api.delete_repo(repo)
        api.delete_repo(other, missing_ok=True)
    print("all accepted")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
