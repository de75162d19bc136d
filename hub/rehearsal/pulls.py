"""Pull requests and discussions, kept in the repo's `hub.json`; changes live on `refs/pr/NUM`.

Merging is fast-forward, or a merge commit when `main` has moved on and no file was changed on both
sides; otherwise the pull request stays open and the answer is 409 with the files in conflict.
"""

from typing import Any, Literal

from dulwich.objects import ObjectID
from dulwich.refs import Ref

from hub.rehearsal.errors import HubError, bad_request, conflict
from hub.rehearsal.repository import PULLS, Repository, new_commit
from hub.rehearsal.settings import Discussion, Event, now
from hub.rehearsal.store import MAIN

Status = Literal["draft", "open", "closed", "merged"]
MAX_DISCUSSIONS = 10_000


def pull_ref(number: int) -> Ref:
    return Ref(f"{PULLS}/{number}".encode())


def open_discussion(
    repository: Repository, user: str, title: str, text: str, pull_request: bool
) -> Discussion:
    """A new discussion; a pull request starts as a draft whose ref stands at `main`."""
    with repository.writing():
        settings = repository.settings
        if len(settings.discussions) >= MAX_DISCUSSIONS:
            raise bad_request("Too many discussions")
        number = len(settings.discussions) + 1
        status: Status = "draft" if pull_request else "open"
        found = Discussion(
            num=number, title=title, author=user, status=status, is_pull_request=pull_request
        )
        found.events.append(comment_event(user, text))
        head = repository.head(MAIN)
        if pull_request and head is not None:
            repository.move_ref(pull_ref(number), head)
        settings.discussions.append(found)
        repository.save(settings)
    return found


def open_pull(repository: Repository, user: str, title: str, text: str, oid: ObjectID) -> int:
    """A pull request that already has its commit; returns its number."""
    with repository.writing():
        found = open_discussion(repository, user, title, text, pull_request=True)
        repository.move_ref(pull_ref(found.num), oid)
        change(repository, found.num, status="open")
        record_commit(repository, user, f"{PULLS}/{found.num}", title, oid)
    return found.num


def record_commit(
    repository: Repository, user: str, revision: str, title: str, oid: ObjectID
) -> None:
    """Note a commit in its pull request's history, if `revision` is one's."""
    number = revision.removeprefix(f"{PULLS}/")
    if number != revision and number.isdigit():
        event = Event(type="commit", author=user, data={"subject": title, "oid": oid.decode()})
        change(repository, int(number), event)


def find(repository: Repository, number: int) -> Discussion:
    for discussion in repository.settings.discussions:
        if discussion.num == number:
            return discussion
    raise HubError(404, f"Discussion {number} not found")


def change(
    repository: Repository, number: int, event: Event | None = None, **fields: Any
) -> Discussion:
    """Add an event to a discussion and set some of its fields."""
    with repository.writing():
        settings = repository.settings
        found = next((d for d in settings.discussions if d.num == number), None)
        if found is None:
            raise HubError(404, f"Discussion {number} not found")
        updated = found.model_copy(update=fields)
        if event is not None:
            updated.events.append(event)
        settings.discussions[number - 1] = updated
        repository.save(settings)
    return updated


def comment_event(user: str, text: str) -> Event:
    latest = {"raw": text, "html": "", "updatedAt": now(), "author": {"name": user}}
    data = {"edited": False, "hidden": False, "latest": latest, "history": [latest]}
    return Event(type="comment", author=user, data=data)


def merge(repository: Repository, user: str, number: int) -> ObjectID:
    """Bring `main` to include the pull request; 409 when both changed the same file."""
    with repository.writing():
        found = find(repository, number)
        pull, main = repository.head(pull_ref(number)), repository.head(MAIN)
        if not found.is_pull_request or pull is None or main is None:
            raise bad_request("Not a pull request")
        if found.status != "open":
            raise bad_request(f"The pull request is {found.status}: only an open one can be merged")
        base = common_ancestor(repository, main, pull)
        if base == main:
            merged = pull
        else:
            merged = _merge_commit(repository, user, base, main, pull, found.title)
        repository.move_ref(MAIN, merged)
        event = Event(type="status-change", author=user, data={"status": "merged"})
        change(repository, number, event, status="merged", merge_commit=merged.decode())
    return merged


def conflicts(repository: Repository, number: int) -> list[str]:
    """Files that `main` and the pull request both changed, differently."""
    pull, main = repository.head(pull_ref(number)), repository.head(MAIN)
    if pull is None or main is None:
        return []
    base = common_ancestor(repository, main, pull)
    ours, theirs = changes(repository, base, main), changes(repository, base, pull)
    return sorted(path for path in ours.keys() & theirs.keys() if ours[path] != theirs[path])


def _merge_commit(
    repository: Repository, user: str, base: ObjectID, main: ObjectID, pull: ObjectID, title: str
) -> ObjectID:
    ours, theirs = changes(repository, base, main), changes(repository, base, pull)
    if both := sorted(p for p in ours.keys() & theirs.keys() if ours[p] != theirs[p]):
        raise conflict(f"Cannot merge, both sides changed: {', '.join(both[:10])}")
    with repository.reading(), repository.writer() as writer:
        root = repository.folder(main)
        for path, blob in theirs.items():
            if blob is not None:
                root.put(path, blob)
            elif root.find(path) is not None:
                root.remove(path, is_folder=False)
        tree = root.write(writer)
        oid = writer.add_object(new_commit(tree, [main, pull], user, f"Merge: {title}"))
        writer.keep()
    return oid


def changes(repository: Repository, old: ObjectID, new: ObjectID) -> dict[str, ObjectID | None]:
    """Path -> new blob (None if deleted) of every file that differs."""
    with repository.reading():
        before = {
            e.path: e.oid for e in repository.folder(old).entries(recursive=True) if not e.is_folder
        }
        after = {
            e.path: e.oid for e in repository.folder(new).entries(recursive=True) if not e.is_folder
        }
    return {
        path: after.get(path)
        for path in before.keys() | after.keys()
        if before.get(path) != after.get(path)
    }


def common_ancestor(repository: Repository, one: ObjectID, other: ObjectID) -> ObjectID:
    with repository.reading():
        seen = {commit.id for commit in repository.history(one)}
        for commit in repository.history(other):
            if commit.id in seen:
                return ObjectID(commit.id)
    raise conflict("The pull request shares no commit with main")
