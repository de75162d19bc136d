"""What the tests of publication share: a namespace with two versions, and a person who edits."""

from itertools import count
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, HfApi
from torture import make_publication

from hub.manifest import describe_files
from hub.publication import digest_of, read_publication

REPOS = (("corpus", "dataset"), ("model", "model"), ("results", "dataset"), ("space", "space"))

NAMESPACES = 40
_next = count()


class Lab:
    """A namespace of its own, and its two versions."""

    def __init__(self, folder: Path) -> None:
        self.name = f"lab{next(_next) % NAMESPACES}"
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


def quiet(line: str) -> None:
    pass


def edit(api: HfApi, repo: str, text: bytes, kind: str = "dataset") -> str:
    """What a person does in the browser."""
    operation = CommitOperationAdd("README.md", text)
    return api.create_commit(
        repo, [operation], commit_message="Update README.md", repo_type=kind
    ).oid
