"""Writing git objects: all objects of one commit reach the disk before any ref names them.

A commit of a few small files is written as loose objects; anything larger streams into one pack, so
that 5,000 files cost one fsync and a 100 MB commit never sits in memory. Both become visible by
renames, the pack's index last: killed half-way, the repo holds at most objects that nothing names.
"""

import hashlib
import os
import tempfile
import zlib
from io import BufferedRandom
from pathlib import Path
from types import TracebackType
from typing import Self

from dulwich.object_format import DEFAULT_OBJECT_FORMAT
from dulwich.objects import Blob, Commit, ObjectID, ShaFile, Tree, hex_to_sha
from dulwich.pack import pack_object_header, write_pack_index_v2

from hub.disk import sync_folder

MAX_LOOSE_OBJECTS = 64
MAX_LOOSE_BYTES = 1 << 20
_TYPE_NUMBERS = {Commit.type_name: 1, Tree.type_name: 2, Blob.type_name: 3, b"tag": 4}


def object_id(type_name: bytes, data: bytes) -> ObjectID:
    """The git object id, as 40 hexadecimal digits in bytes."""
    digest = hashlib.sha1(b"%s %d\0" % (type_name, len(data)), usedforsecurity=False)
    digest.update(data)
    return ObjectID(digest.hexdigest().encode())


class ObjectWriter:
    """Collects the objects of one commit; `keep` makes them part of the repo, leaving drops them.

    >>> with ObjectWriter(Path("repo.git/objects"), Path("tmp")) as writer:
    ...     oid = writer.add(b"blob", b"hello")
    ...     writer.keep()
    """

    def __init__(self, objects_folder: Path, incoming_folder: Path) -> None:
        self._objects_folder = objects_folder
        self._incoming_folder = incoming_folder
        self._loose: dict[ObjectID, tuple[bytes, bytes]] = {}
        self._loose_bytes = 0
        self._pack: _Pack | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pack is not None:
            self._pack.discard()

    def add(self, type_name: bytes, data: bytes) -> ObjectID:
        """Take one object; its id is returned at once, its bytes are safe after `keep`."""
        oid = object_id(type_name, data)
        if self._pack is not None:
            self._pack.add(oid, type_name, data)
            return oid
        if oid not in self._loose:
            self._loose[oid] = (type_name, data)
            self._loose_bytes += len(data)
        if len(self._loose) > MAX_LOOSE_OBJECTS or self._loose_bytes > MAX_LOOSE_BYTES:
            self._pack = _Pack(self._incoming_folder)
            for loose_oid, (loose_type, loose_data) in self._loose.items():
                self._pack.add(loose_oid, loose_type, loose_data)
            self._loose.clear()
        return oid

    def add_object(self, item: ShaFile) -> ObjectID:
        return self.add(item.type_name, item.as_raw_string())

    def keep(self) -> None:
        """Flush everything to the disk and let the repo see it."""
        if self._pack is not None:
            self._pack.keep(self._objects_folder / "pack")
            return
        for oid, (type_name, data) in self._loose.items():
            self._write_loose(oid, type_name, data)

    def _write_loose(self, oid: ObjectID, type_name: bytes, data: bytes) -> None:
        name = oid.decode()
        target = self._objects_folder / name[:2] / name[2:]
        if target.exists():
            return
        target.parent.mkdir(exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._incoming_folder, prefix="git-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(zlib.compress(b"%s %d\0" % (type_name, len(data)) + data, 1))
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(target)
        finally:  # left behind on a full disk, it would keep the disk full
            Path(temporary).unlink(missing_ok=True)
        sync_folder(target.parent)


class _Pack:
    """A git pack being written: header, undeltified objects, sha1 of it all."""

    def __init__(self, incoming_folder: Path) -> None:
        handle, name = tempfile.mkstemp(dir=incoming_folder, prefix="pack-")
        self._path = Path(name)
        self._file: BufferedRandom = os.fdopen(handle, "w+b")
        self._entries: dict[ObjectID, tuple[bytes, int, int | None]] = {}
        self._offset = self._file.write(b"PACK" + bytes(8))

    def add(self, oid: ObjectID, type_name: bytes, data: bytes) -> None:
        if oid in self._entries:
            return
        number = _TYPE_NUMBERS[type_name]
        header = bytes(pack_object_header(number, None, len(data), DEFAULT_OBJECT_FORMAT))
        record = header + zlib.compress(data, 1)
        self._entries[oid] = (hex_to_sha(oid), self._offset, zlib.crc32(record))
        self._offset += self._file.write(record)

    def keep(self, pack_folder: Path) -> None:
        self._file.seek(4)
        self._file.write((2).to_bytes(4, "big") + len(self._entries).to_bytes(4, "big"))
        self._file.seek(0)
        checksum = hashlib.file_digest(self._file, _sha1).digest()
        self._file.write(checksum)
        self._file.flush()
        os.fsync(self._file.fileno())
        index_path = self._path.with_name(self._path.name + ".idx")
        with index_path.open("wb") as index:
            write_pack_index_v2(index, sorted(self._entries.values()), checksum)
            index.flush()
            os.fsync(index.fileno())
        target = pack_folder / f"pack-{checksum.hex()}"
        self._path.replace(target.with_suffix(".pack"))
        index_path.replace(target.with_suffix(".idx"))
        sync_folder(pack_folder)

    def discard(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)
        self._path.with_name(self._path.name + ".idx").unlink(missing_ok=True)


def _sha1() -> "hashlib._Hash":
    return hashlib.sha1(usedforsecurity=False)
