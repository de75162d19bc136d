"""A folder as the Hub would take it: names, kinds of file, sizes, counts."""

import stat
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from hub.manifest import PayloadFile
from hub.publish.promotion import OPERATIONS_A_COMMIT

# huggingface.co/docs/hub/repositories-recommendations
FILES_A_REPO = 100_000
FILES_A_FOLDER = 10_000
FILE_BYTES = 200 * 10**9
NAME_BYTES = 255
"""of one part of a path, on every common file system"""


def content_problems(files: Sequence[PayloadFile], folder: Path) -> Iterator[str]:
    """One sentence for everything that is wrong with the files of one repo."""
    most = min(FILES_A_REPO, OPERATIONS_A_COMMIT)
    if len(files) > most:
        yield f"{len(files):,} files, and one commit promotes at most {most:,}: write larger shards"
    folders = Counter(str(PurePosixPath(file.path).parent) for file in files)
    for name, count in folders.items():
        if count > FILES_A_FOLDER:
            yield f"{count:,} files in {name}, and the Hub takes {FILES_A_FOLDER:,} a folder"
    yield from _clashes(files)
    for file in files:
        yield from _name(file.path)
        yield from _file(file, folder)


def _clashes(files: Sequence[PayloadFile]) -> Iterator[str]:
    """Names that are one on a disk that ignores case, or writes accents otherwise."""
    seen: dict[str, str] = {}
    for file in files:
        folded = unicodedata.normalize("NFC", file.path).casefold()
        if folded in seen:
            yield f"{file.path!r} and {seen[folded]!r} are one name on some disks: rename one"
        seen[folded] = file.path


def _name(path: str) -> Iterator[str]:
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\\" in path:
        yield f"{path!r} is not a path inside a repo"
    if any(unicodedata.category(character) in ("Cc", "Cs", "Cf") for character in path):
        yield f"{path!r} has characters that cannot be seen: rename it"
    if ".git" in parts:
        yield f"{path!r} lies in a git folder, which the Hub leaves out"
    if any(len(part.encode("utf-8", "replace")) > NAME_BYTES for part in parts):
        yield f"{path[:60]!r}… has a name of over {NAME_BYTES} bytes"


def _file(file: PayloadFile, folder: Path) -> Iterator[str]:
    path = folder / file.path
    try:
        found = path.lstat()
    except OSError:
        yield f"{file.path!r} is planned and not in {folder.name}: run `imprimatur rehearse` again"
        return
    if stat.S_ISLNK(found.st_mode):
        yield f"{file.path!r} is a symbolic link, which would publish whatever it points to"
    elif not stat.S_ISREG(found.st_mode):
        yield f"{file.path!r} is not a regular file"
    elif found.st_size != file.size:
        yield f"{file.path!r} was changed since it was planned: run `imprimatur rehearse` again"
    if file.size > FILE_BYTES:
        yield f"{file.path!r} has {file.size:,} bytes, and the Hub takes {FILE_BYTES:,}: split it"
