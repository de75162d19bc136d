"""All repos under one root: creating, finding, moving and deleting them.

    repos/models/NAMESPACE/NAME.git      see `repository`
    moved.json                           old name -> new name, so that old names keep working

A repo is prepared in `tmp/` and renamed into place; a deleted one is renamed out before its files
go.
"""

import json
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from dulwich.objects import ObjectID
from dulwich.refs import Ref
from dulwich.repo import Repo

from hub.disk import sync_folder, write_json
from hub.rehearsal.errors import conflict, repo_not_found
from hub.rehearsal.names import KINDS, RepoId, repo_id
from hub.rehearsal.packing import ObjectWriter
from hub.rehearsal.repository import HEADS, Repository, new_commit
from hub.rehearsal.settings import Settings
from hub.rehearsal.tree import Folder

MAIN = Ref(f"{HEADS}/main".encode())


class Store:
    """The repos of one rehearsal Hub."""

    def __init__(self, root: Path) -> None:
        self._repos = root / "repos"
        self._moved_path = root / "moved.json"
        self._incoming = root / "tmp"
        shutil.rmtree(self._incoming, ignore_errors=True)
        self._incoming.mkdir(parents=True)
        self._repos.mkdir(parents=True, exist_ok=True)
        self._names_lock = threading.RLock()
        self._locks: dict[RepoId, threading.RLock] = {}
        for lock_file in self._repos.glob("*/*/*.git/refs/**/*.lock"):
            lock_file.unlink()  # left by a killed server: dulwich would take the ref for busy

    def open(self, repo: RepoId) -> Repository:
        """The repo, under its present name if it was moved; else 404 RepoNotFound."""
        path = self._repos / repo.folder
        if not (path / "hub.json").is_file():
            repo = self._moved(repo)
            path = self._repos / repo.folder
        with self._names_lock:
            lock = self._locks.setdefault(repo, threading.RLock())
        return Repository(repo, path, self._incoming, lock)

    def open_named(self, kind: str, namespace: str, name: str) -> Repository:
        return self.open(repo_id(kind, namespace, name))

    def exists(self, repo: RepoId) -> bool:
        return (self._repos / repo.folder / "hub.json").is_file()

    def all(self, kind: str | None = None) -> Iterator[RepoId]:
        """Every repo, by name."""
        for plural in [f"{kind}s"] if kind else [f"{k}s" for k in KINDS]:
            for path in sorted((self._repos / plural).glob("*/*.git")):
                yield repo_id(plural[:-1], path.parent.name, path.name.removesuffix(".git"))

    def create(
        self,
        repo: RepoId,
        settings: Settings,
        files: Iterable[tuple[str, bytes]],
        title: str = "initial commit",
    ) -> Repository:
        """A new repo whose first commit holds `files`; 409 if the name is taken."""
        with self._names_lock:
            if self.exists(repo):
                raise conflict("You already created this repo")
            draft = Path(tempfile.mkdtemp(dir=self._incoming, prefix="repo-"))
            self._prepare(draft, settings, files, title)
            target = self._repos / repo.folder
            target.parent.mkdir(parents=True, exist_ok=True)
            draft.replace(target)
            sync_folder(target.parent)
            self._forget_move(repo)
        return self.open(repo)

    def _prepare(
        self, path: Path, settings: Settings, files: Iterable[tuple[str, bytes]], title: str
    ) -> None:
        git = Repo.init_bare(path, default_branch=b"main")
        git.close()
        with ObjectWriter(path / "objects", self._incoming) as writer:
            root = Folder(_no_trees, None)
            for name, data in files:
                root.put(name, writer.add(b"blob", data))
            first = new_commit(root.write(writer), [], settings.created_by, title)
            head = writer.add_object(first)
            writer.keep()
        git.refs[MAIN] = head
        write_json(path / "hub.json", settings.model_dump(mode="json"))

    def delete(self, repo: RepoId) -> None:
        repository = self.open(repo)
        with self._names_lock, repository.writing():
            trash = Path(tempfile.mkdtemp(dir=self._incoming, prefix="deleted-"))
            repository.path.replace(trash / "repo")
        shutil.rmtree(trash)

    def move(self, old: RepoId, new: RepoId) -> None:
        """Rename; the old name goes on leading here until somebody creates a repo under it."""
        repository = self.open(old)
        with self._names_lock, repository.writing():
            if self.exists(new):
                raise conflict(f"Repo {new.full_name} already exists")
            target = self._repos / new.folder
            target.parent.mkdir(parents=True, exist_ok=True)
            repository.path.replace(target)
            moves = self._moves()
            moves.pop(new.folder, None)
            moves[repository.repo.folder] = new.folder
            write_json(self._moved_path, moves)

    def _moved(self, repo: RepoId) -> RepoId:
        moves = self._moves()
        folder = repo.folder
        for _ in range(len(moves)):
            folder = moves.get(folder, folder)
        if folder == repo.folder or not (self._repos / folder / "hub.json").is_file():
            raise repo_not_found()
        _, namespace, name = folder.split("/")
        return RepoId(repo.kind, namespace, name.removesuffix(".git"))

    def _moves(self) -> dict[str, str]:
        try:
            found = json.loads(self._moved_path.read_bytes())
        except FileNotFoundError:
            return {}
        return {str(old): str(new) for old, new in found.items()}

    def _forget_move(self, repo: RepoId) -> None:
        moves = self._moves()
        if moves.pop(repo.folder, None) is not None:
            write_json(self._moved_path, moves)


def _no_trees(oid: ObjectID) -> bytes:
    raise KeyError(oid)
