"""One Hub repo on disk: a bare git repository with a `hub.json` beside its refs.

    NAME.git/hub.json          visibility, gate, dates, discussions, likes: what git does not know
    NAME.git/refs/heads/main   branches; refs/tags/...; refs/pr/1, ... for pull requests
    NAME.git/objects/          commits, trees, small files; for large files, git-lfs pointers

Reading needs no lock: git objects never change, and refs are replaced by one rename. Writing
happens inside `with repository.writing():`, one commit at a time.
"""

import errno
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from dulwich.object_store import DiskObjectStore
from dulwich.objects import Commit, ObjectID, Tag
from dulwich.refs import DiskRefsContainer, Ref

from hub.disk import write_json
from hub.rehearsal.errors import conflict, entry_not_found, revision_not_found
from hub.rehearsal.names import RepoId
from hub.rehearsal.packing import ObjectWriter
from hub.rehearsal.settings import Settings
from hub.rehearsal.tree import Folder

HEADS, TAGS, PULLS = "refs/heads", "refs/tags", "refs/pr"
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (\d+)\n"
)
_NAME_CLASH = {errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY}
_COMMIT_ID = re.compile(r"[0-9a-f]{7,40}")


class Blob(NamedTuple):
    """A file's content as the Hub tells it: its size, and the sha256 if it is a large file."""

    oid: ObjectID
    size: int
    sha256: str | None
    pointer_size: int


def pointer(sha256: str, size: int) -> bytes:
    """What git holds in place of a large file (the git-lfs pointer format, version 1)."""
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
    return text.encode()


class Repository:
    """A repo that exists. Cheap to make; the git object store opens per use and closes again."""

    def __init__(self, repo: RepoId, path: Path, incoming: Path, lock: threading.RLock) -> None:
        self.repo = repo
        self.path = path
        self._incoming = incoming
        self._lock = lock
        self._refs = DiskRefsContainer(path)
        self._objects: DiskObjectStore | None = None

    @property
    def settings(self) -> Settings:
        return Settings.model_validate_json((self.path / "hub.json").read_bytes())

    def save(self, settings: Settings) -> None:
        write_json(self.path / "hub.json", settings.model_dump(mode="json"))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the repo: nobody else commits, moves refs or changes settings meanwhile."""
        with self._lock:
            yield

    def writer(self) -> ObjectWriter:
        return ObjectWriter(self.path / "objects", self._incoming)

    # Revisions

    def refs(self, folder: str) -> dict[str, str]:
        """Name -> commit id of the refs below `refs/heads`, `refs/tags` or `refs/pr`."""
        with self.reading():
            found = self._refs.as_dict(Ref(folder.encode()))
            return {name.decode(): self._peel(found[name]).decode() for name in sorted(found)}

    def head(self, ref: Ref) -> ObjectID | None:
        """The commit a full ref name stands at."""
        try:
            oid = self._refs[ref]
        except KeyError:
            return None
        return self._peel(oid)

    def resolve(self, revision: str) -> ObjectID:
        """The commit meant by a branch, tag, `refs/...` name or (shortened) commit id."""
        names = [f"{HEADS}/{revision}", f"{TAGS}/{revision}"]
        if revision.startswith("refs/"):
            names.insert(0, revision)
        for name in names:
            try:
                oid = self.head(Ref(name.encode(errors="replace")))
            except ValueError:  # dulwich's RefFormatError: not a name that any ref can have
                oid = None
            if oid is not None:
                return oid
        if _COMMIT_ID.fullmatch(revision):
            with self.reading() as objects:
                for candidate in objects.iter_prefix(revision.encode()):
                    if isinstance(objects[candidate], Commit):
                        return candidate
        raise revision_not_found(revision)

    def move_ref(self, ref: Ref, new: ObjectID) -> None:
        """Point a ref at a commit whose objects are on disk."""
        try:
            self._refs[ref] = new
        except OSError as error:  # a branch `a` where `a/b` exists, or the reverse
            if error.errno not in _NAME_CLASH:
                raise
            raise conflict(
                f"Reference name clashes with an existing one: {ref.decode()}"
            ) from error

    def drop_ref(self, ref: Ref) -> None:
        if not self._refs.remove_if_equals(ref, None):
            raise conflict(f"Reference is being changed: {ref.decode()}")

    # Objects

    @contextmanager
    def reading(self) -> Iterator[DiskObjectStore]:
        """The git objects, opened once for everything inside the block."""
        if self._objects is not None:
            yield self._objects
            return
        self._objects = DiskObjectStore(self.path / "objects")
        try:
            yield self._objects
        finally:
            self._objects.close()
            self._objects = None

    def commit(self, oid: ObjectID) -> Commit:
        with self.reading() as objects:
            item = objects[oid]
        if not isinstance(item, Commit):
            raise revision_not_found(oid.decode())
        return item

    def folder(self, commit: ObjectID) -> Folder:
        """The root folder of a commit; look inside it within a `reading` block."""
        return Folder(self.data, self.commit(commit).tree)

    def history(self, oid: ObjectID) -> Iterator[Commit]:
        """The commits from `oid` back along first parents."""
        while True:
            commit = self.commit(oid)
            yield commit
            if not commit.parents:
                return
            oid = commit.parents[0]

    def blob(self, oid: ObjectID) -> Blob:
        data = self.data(oid)
        match = _POINTER.fullmatch(data) if len(data) < 200 else None
        if match is None:
            return Blob(oid, len(data), None, 0)
        return Blob(oid, int(match[2]), match[1].decode(), len(data))

    def data(self, oid: ObjectID) -> bytes:
        """A blob's or tree's bytes as git has them (a large file's pointer, not its content)."""
        with self.reading() as objects:
            return bytes(objects.get_raw(oid)[1])

    def file(self, commit: ObjectID, path: str) -> Blob:
        """The file at `path`, else 404 EntryNotFound."""
        with self.reading():
            found = self.folder(commit).find(path)
            if not isinstance(found, bytes):
                raise entry_not_found(f"Entry not found: {path}")
            return self.blob(ObjectID(found))

    def text(self, root: Folder, path: str) -> str | None:
        """A small text file's content, or None where there is none."""
        found = root.find(path)
        if not isinstance(found, bytes) or self.blob(ObjectID(found)).sha256 is not None:
            return None
        return self.data(ObjectID(found)).decode(errors="replace")

    def _peel(self, oid: ObjectID) -> ObjectID:
        """A commit id as it is; an annotated tag's target."""
        with self.reading() as objects:
            item: Any = objects[oid]
            while isinstance(item, Tag):
                item = objects[item.object[1]]
            return ObjectID(item.id)


def new_commit(
    tree: ObjectID, parents: list[ObjectID], author: str, title: str, description: str = ""
) -> Commit:
    """A commit object by a Hub user, now, in UTC."""
    commit = Commit()
    commit.tree, commit.parents = tree, parents
    commit.author = commit.committer = f"{author} <{author}@rehearsal.invalid>".encode()
    commit.author_time = commit.commit_time = int(time.time())
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding = b"UTF-8"
    message = f"{title}\n\n{description}" if description else title
    commit.message = message.encode(errors="replace")
    return commit
