"""A commit's folders and files, read as needed and changed in place.

`Folder` loads a git tree only when somebody looks inside it; after changes, `write` stores the
changed trees and no others, so a commit to one file of a large repo touches one tree per level.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, Self

from dulwich.objects import ObjectID, parse_tree, serialize_tree, sorted_tree_items

from hub.rehearsal.errors import bad_request, entry_not_found
from hub.rehearsal.packing import ObjectWriter

FILE_MODE = 0o100644
FOLDER_MODE = 0o040000
_SHA1_BYTES = 20

ReadData = Callable[[ObjectID], bytes]


class Entry(NamedTuple):
    """One line of a listing: a file's blob or a folder's tree, by its path from the root."""

    path: str
    oid: ObjectID
    is_folder: bool


class Folder:
    """A git tree under change; `oid` is None for a new or changed folder."""

    def __init__(self, read: ReadData, oid: ObjectID | None) -> None:
        self._read = read
        self._oid = oid
        self._loaded: dict[str, Self | ObjectID] | None = {} if oid is None else None

    @property
    def oid(self) -> ObjectID | None:
        return self._oid

    @property
    def _children(self) -> "dict[str, Self | ObjectID]":
        if self._loaded is None:
            assert self._oid is not None
            self._loaded = {}
            for name, mode, sha in parse_tree(self._read(self._oid), _SHA1_BYTES):
                oid = ObjectID(sha)
                child = type(self)(self._read, oid) if mode == FOLDER_MODE else oid
                self._loaded[name.decode(errors="replace")] = child
        return self._loaded

    def find(self, path: str) -> "Self | ObjectID | None":
        """The folder or the file's blob id at `path`, or None."""
        here: Self | ObjectID | None = self
        for part in path.split("/") if path else ():
            here = here._children.get(part) if isinstance(here, Folder) else None
        return here

    def entries(self, prefix: str = "", recursive: bool = False) -> Iterator[Entry]:
        """What lies in this folder, in git's order; `prefix` is this folder's own path."""
        for name, child in self._children.items():
            path = f"{prefix}/{name}" if prefix else name
            if not isinstance(child, Folder):
                yield Entry(path, child, False)
                continue
            assert child._oid is not None, "listing a folder with unwritten changes"
            yield Entry(path, child._oid, True)
            if recursive:
                yield from child.entries(path, recursive=True)

    def put(self, path: str, blob: ObjectID) -> None:
        """Add or replace a file; a file cannot become a folder, nor a folder a file, by this."""
        name, _, rest = path.partition("/")
        child = self._children.get(name)
        if rest:
            if child is None:
                child = type(self)(self._read, None)
            elif not isinstance(child, Folder):
                raise bad_request(f"Cannot add '{path}': '{name}' is a file")
            child.put(rest, blob)
            self._children[name] = child
        elif isinstance(child, Folder):
            raise bad_request(f"Cannot add '{path}': a folder with this name exists")
        else:
            self._children[name] = blob
        self._oid = None

    def remove(self, path: str, is_folder: bool) -> None:
        """Delete a file or a folder; folders left empty go with it, as git keeps none."""
        name, _, rest = path.partition("/")
        child = self._children.get(name)
        if rest and isinstance(child, Folder):
            child.remove(rest, is_folder)
            if not child._children:
                del self._children[name]
        elif child is None or rest or isinstance(child, Folder) != is_folder:
            noun = "folder" if is_folder else "file"
            raise entry_not_found(f"A {noun} with this name doesn't exist: {path}")
        else:
            del self._children[name]
        self._oid = None

    def write(self, writer: ObjectWriter) -> ObjectID:
        """Store this folder and every changed one below it; returns the tree's id."""
        if self._oid is None:
            items: dict[bytes, tuple[int, ObjectID]] = {}
            for name, child in self._children.items():
                if isinstance(child, Folder):
                    items[name.encode()] = (FOLDER_MODE, child.write(writer))
                else:
                    items[name.encode()] = (FILE_MODE, child)
            in_order = sorted_tree_items(items, name_order=False)
            data = b"".join(serialize_tree((e.path, e.mode, e.sha) for e in in_order))
            self._oid = writer.add(b"tree", data)
        return self._oid
