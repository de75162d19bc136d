"""History that may no longer be read: one commit on `main`, no tag, no large file of before.

Done to the repos that held a withdrawn document, in an order in which `release.json` never names
what is not there: `main` is squashed before the new release is announced, while the tags of the
earlier ones still hold their commits; those go afterwards.
"""

from collections.abc import Collection

from huggingface_hub import HfApi

from hub.failure import Unexpected
from hub.publish.patience import patiently
from hub.publish.promotion import TRAILER
from hub.publish.refs import drop_branch, drop_tag
from hub.publish.remote import Address, equal_trees, files_at, head_of
from hub.publish.staging import BRANCHES


def squash_main(api: HfApi, where: Address, head: str, title: str, digest: str) -> str:
    """The one commit that `main` then has, with the content of `head`."""
    if len(_history(api, where, "main")) == 1:
        return head
    before = files_at(api, where, head)
    patiently(
        lambda: api.super_squash_history(
            where.id, repo_type=where.type, commit_message=f"{title}\n\n{TRAILER}{digest}"
        )
    )
    squashed = head_of(api, where)
    if squashed is None or not equal_trees(files_at(api, where, squashed), before):
        raise Unexpected(
            f"{where.id} was changed by somebody else while its history was squashed: see who it "
            "was, then run again"
        )
    return squashed


def forget(api: HfApi, where: Address, head: str, tag: str, versions: Collection[str]) -> list[str]:
    """Take away what still leads to the commits that `versions` name; says what was done.

    `tag` comes to `head`. A version whose history holds none of `versions` keeps its tag. Pull
    requests and branches of other people stay, without the large files that are removed.
    """
    refs = patiently(
        lambda: api.list_repo_refs(where.id, repo_type=where.type, include_pull_requests=True)
    )
    tags = {ref.name: str(ref.target_commit) for ref in refs.tags}
    histories = {name: _history(api, where, name) for name in tags if name != tag}
    holding = {commit for name, commit in tags.items() if name in versions}
    gone = [name for name, commits in histories.items() if holding & set(commits)]
    kept = {head, *(commit for name in histories if name not in gone for commit in histories[name])}
    said = []
    removed = _remove_files(api, where, {c for name in gone for c in histories[name]}, kept)
    if removed:
        said.append(f"{where.id}: {removed} large files of before were removed for good")
    for name in gone:
        drop_tag(api, where, name)
        said.append(f"{where.id}: {name} is gone with its history")
    if tags.get(tag) not in (None, head):
        drop_tag(api, where, tag)
    patiently(
        lambda: api.create_tag(
            where.id, tag=tag, revision=head, repo_type=where.type, exist_ok=True
        )
    )
    for branch in refs.branches:
        if branch.name.startswith(BRANCHES):
            drop_branch(api, where, branch.name)
        elif branch.name != "main":
            said.append(f"{where.id}: the branch {branch.name} stays, without those large files")
    return said + [
        f"{where.id}: pull request {pull.name} stays, without those large files"
        for pull in refs.pull_requests or ()
    ]


def _history(api: HfApi, where: Address, revision: str) -> list[str]:
    commits = patiently(
        lambda: api.list_repo_commits(where.id, repo_type=where.type, revision=revision)
    )
    return [commit.commit_id for commit in commits]


def _remove_files(
    api: HfApi, where: Address, commits: Collection[str], kept: Collection[str]
) -> int:
    """Large files of `commits` that none of `kept` has. Their pointers go from every other ref as
    well; Parquet files, and so all texts, are large files."""
    old = _large_files(api, where, commits) - _large_files(api, where, kept)
    there = patiently(lambda: list(api.list_lfs_files(where.id, repo_type=where.type)))
    unwanted = [file for file in there if file.file_oid in old]
    if unwanted:
        patiently(
            lambda: api.permanently_delete_lfs_files(where.id, unwanted, repo_type=where.type)
        )
    return len(unwanted)


def _large_files(api: HfApi, where: Address, commits: Collection[str]) -> set[str]:
    return {
        file.lfs.sha256
        for commit in commits
        for file in files_at(api, where, commit).values()
        if file.lfs is not None
    }
