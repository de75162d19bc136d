"""Large files, each stored once under the sha256 of its content.

    large/ab/cd/abcd...   complete and checked, or absent: never half a file
    tmp/                  uploads on their way in; emptied when the server starts

A file is written to `tmp/`, hashed on the way, flushed to the disk and only then renamed into
place, so a server killed at any moment leaves either the whole object or none.
"""

import hashlib
import os
import re
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from hub.disk import sync_folder
from hub.rehearsal.errors import bad_request

_SHA256 = re.compile(r"[0-9a-f]{64}")


def is_sha256(text: object) -> bool:
    return isinstance(text, str) and bool(_SHA256.fullmatch(text))


class Incoming:
    """A large file on its way in: `write` its bytes, then `keep` it; else it is dropped.

    >>> with large.receive(sha256, size) as incoming:
    ...     incoming.write(data)
    ...     incoming.keep()
    """

    def __init__(self, folder: Path, target: Path, size: int | None) -> None:
        self._handle, name = tempfile.mkstemp(dir=folder, prefix="large-")
        self._path = Path(name)
        self._target = target
        self._expected_size = size
        self._sha256 = hashlib.sha256()
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._handle)
        self._path.unlink(missing_ok=True)

    def write(self, data: bytes | memoryview) -> None:
        self._sha256.update(data)
        self.size += len(data)
        view = memoryview(data)
        while view:
            view = view[os.write(self._handle, view) :]

    def keep(self) -> None:
        """Check digest and size, flush to the disk, rename into place."""
        expected = self._target.name
        if self._sha256.hexdigest() != expected or self._expected_size not in (None, self.size):
            raise bad_request(f"Content does not match its digest or size: {expected}")
        os.fsync(self._handle)
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._path.replace(self._target)
        sync_folder(self._target.parent)


class LargeFiles:
    """The content-addressed store under one root."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "large"
        self._incoming = root / "tmp"
        self._folder.mkdir(parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """Where the object is, or would be."""
        if not is_sha256(sha256):
            raise bad_request("Not a sha256 digest")
        return self._folder / sha256[:2] / sha256[2:4] / sha256

    def size(self, sha256: str) -> int | None:
        """Its size in bytes, or None if it is not here."""
        try:
            return self.path(sha256).stat().st_size
        except FileNotFoundError:
            return None

    def receive(self, sha256: str, size: int | None = None) -> Incoming:
        """Take in one object that is announced with this digest and size."""
        return Incoming(self._incoming, self.path(sha256), size)
