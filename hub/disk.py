"""Writing so that a kill never leaves something half-written that looks whole.

write_atomically(path, data)    temporary name beside it, fsync, rename, fsync the folder
with locked(workdir): ...       one run at a time; the kernel unlocks when the holder dies
sha256_file(path)               streamed, so memory does not grow with the file
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hub.failure import Failed

CHUNK_BYTES = 1 << 20


class WorkdirBusy(Failed):
    """Another live process holds the work folder."""


def write_atomically(path: Path, data: bytes) -> None:
    """Replace `path` by `data`; readers see the old file or the new one, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Indented, sorted, UTF-8: made to be read and to be compared line by line."""
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
    write_atomically(path, (text + "\n").encode())


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Flush every file below `folder`: libraries that write for us do not fsync."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        elif path.is_dir():
            sync_folder(path)
    sync_folder(folder)


def place(source: Path, target: Path) -> None:
    """The same bytes a second time without the space, where the disk allows links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def sha256_file(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def locked(workdir: Path) -> Iterator[None]:
    """Hold `workdir` for one process; raises WorkdirBusy naming the holder."""
    workdir.mkdir(parents=True, exist_ok=True)
    with (workdir / ".lock").open("a+", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            holder = stream.read().strip() or "another process"
            raise WorkdirBusy(
                f"{workdir} is in use by {holder}: wait for it, or choose another folder"
            ) from None
        stream.seek(0)
        stream.truncate()
        stream.write(f"process {os.getpid()}")
        stream.flush()
        yield
