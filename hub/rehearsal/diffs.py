"""The text of a pull request's changes, as `git diff` writes it.

Against where the pull request left `main`; for a merged one, against the state before the merge. A
large file shows as its pointer, another binary file as "Binary files differ".
"""

from collections.abc import Iterator
from difflib import unified_diff

from dulwich.objects import ObjectID

from hub.rehearsal.attributes import is_text
from hub.rehearsal.pulls import changes, common_ancestor, pull_ref
from hub.rehearsal.repository import Repository
from hub.rehearsal.settings import Discussion
from hub.rehearsal.store import MAIN

MAX_FILES = 500
MAX_FILE_BYTES = 200_000
MAX_DIFF_CHARACTERS = 1_000_000
_NOTHING = b"0" * 40


def of_pull_request(repository: Repository, found: Discussion) -> str:
    """The whole diff, cut where it gets longer than a person would read."""
    pull, main = repository.head(pull_ref(found.num)), repository.head(MAIN)
    if pull is None or main is None:
        return ""
    with repository.reading():
        base = _base(repository, found, main, pull)
        old, new = repository.folder(base), repository.folder(pull)
        parts: list[str] = []
        size = 0
        for path in sorted(changes(repository, base, pull))[:MAX_FILES]:
            before, after = old.find(path), new.find(path)
            text = "".join(
                _of_file(
                    repository,
                    path,
                    ObjectID(before) if isinstance(before, bytes) else None,
                    ObjectID(after) if isinstance(after, bytes) else None,
                )
            )
            size += len(text)
            if size > MAX_DIFF_CHARACTERS:
                break
            parts.append(text)
    return "".join(parts)


def _base(repository: Repository, found: Discussion, main: ObjectID, pull: ObjectID) -> ObjectID:
    """The commit that the pull request started from."""
    if found.status != "merged":
        return common_ancestor(repository, main, pull)
    own = [event.data["oid"] for event in found.events if event.type == "commit"]
    if not own:
        return pull
    parents = repository.commit(ObjectID(own[0].encode())).parents
    return parents[0] if parents else pull


def _of_file(
    repository: Repository, path: str, before: ObjectID | None, after: ObjectID | None
) -> Iterator[str]:
    yield f"diff --git a/{path} b/{path}\n"
    if before is None:
        yield "new file mode 100644\n"
    if after is None:
        yield "deleted file mode 100644\n"
    yield f"index {(before or _NOTHING).decode()}..{(after or _NOTHING).decode()}\n"
    old, new = (b"" if oid is None else repository.data(oid) for oid in (before, after))
    left = "/dev/null" if before is None else f"a/{path}"
    right = "/dev/null" if after is None else f"b/{path}"
    if not (is_text(old) and is_text(new)) or len(old) + len(new) > MAX_FILE_BYTES:
        yield f"Binary files {left} and {right} differ\n"
        return
    for line in unified_diff(_lines(old), _lines(new), left, right):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(data: bytes) -> list[str]:
    """Split at newlines only, as git does; each line keeps its own."""
    text = data.decode(errors="replace")
    return [f"{line}\n" for line in text.split("\n")[:-1]] + (
        [t] if (t := text.split("\n")[-1]) else []
    )
