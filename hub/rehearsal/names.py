"""Names that arrive from outside, checked once, here: repo ids, revisions, paths in a repo.

Everything that becomes part of a file name on disk, or an entry in a git tree, passes through
`repo_id`, `ref_name` or `path_in_repo`; nothing else in this package builds a path from a request.
"""

import re
from typing import NamedTuple

from dulwich.refs import Ref, check_ref_format

from hub.rehearsal.errors import HubError, bad_request, repo_not_found

KINDS = ("model", "dataset", "space")
MAX_PATH_BYTES = 1024
MAX_REF_BYTES = 200

# huggingface_hub.utils.validate_repo_id: letters, digits, ".", "_", "-"; 96 characters a part;
# no leading or trailing "-" or ".", no "--" or "..".
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Names that a checkout would let escape into git's own folder (HFS+ and NTFS spellings as well).
_FORBIDDEN_PARTS = {".", "..", ".git", "git~1", ".huggingface"}


class RepoId(NamedTuple):
    """A repo's kind (model, dataset, space) and `namespace/name`."""

    kind: str
    namespace: str
    name: str

    @property
    def full_name(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def url_path(self) -> str:
        """`namespace/name`, with the `datasets/` or `spaces/` that models do without."""
        return self.full_name if self.kind == "model" else f"{self.kind}s/{self.full_name}"

    @property
    def folder(self) -> str:
        return f"{self.kind}s/{self.namespace}/{self.name}.git"


def is_name(text: str) -> bool:
    """Whether a namespace or a repo name is one the Hub accepts."""
    return bool(_NAME.fullmatch(text)) and "--" not in text and ".." not in text


def repo_id(kind: str, namespace: str, name: str) -> RepoId:
    """A checked RepoId; names the Hub would not accept name no repo."""
    if kind not in KINDS or not is_name(namespace) or not is_name(name) or name.endswith(".git"):
        raise repo_not_found()
    return RepoId(kind, namespace, name)


def new_repo_id(kind: object, namespace: object, name: object) -> RepoId:
    """The same for a repo about to be created: here a bad name is the caller's mistake (400)."""
    try:
        return repo_id(str(kind), str(namespace), str(name))
    except HubError as error:
        raise bad_request(
            f"Invalid repo id '{namespace}/{name}' ({kind}): use letters, digits, '-', '_' and '.',"
            " at most 96 characters, not starting or ending with '-' or '.', no '--' or '..'."
        ) from error


def ref_name(folder: str, name: str) -> Ref:
    """`refs/heads/NAME` or `refs/tags/NAME` if git would accept it, else 400."""
    full = f"{folder}/{name}".encode()
    if (
        not name
        or len(full) > MAX_REF_BYTES
        or name.startswith(("refs/", "-", "/"))
        or _CONTROL.search(name)
        or not check_ref_format(Ref(full))
    ):
        raise bad_request(f"Invalid reference name: {name!r}")
    return Ref(full)


def path_in_repo(path: object) -> str:
    """A POSIX path of plain names that stays inside the repo and outside `.git`, else 400."""
    if not isinstance(path, str) or not path or len(path.encode(errors="replace")) > MAX_PATH_BYTES:
        raise bad_request(f"Invalid path: empty, not text, or over {MAX_PATH_BYTES} bytes")
    if _CONTROL.search(path) or "\\" in path:
        raise bad_request("Invalid path: control characters and backslashes are not allowed")
    for part in path.split("/"):
        if not part or part.lower().rstrip(" .") in _FORBIDDEN_PARTS or part in _FORBIDDEN_PARTS:
            raise bad_request(f"Invalid path: {path!r}")
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise bad_request("Invalid path: not valid Unicode") from error
    return path
