"""Where the results lie, and how their files are fetched.

    find_location(folder, environ)    what the Space's variables or `source.json` name, or None
    Live(location)                    files of a results dataset on a Hub, at one revision
    Snapshot(folder)                  the same files, bundled beside app.py at a stated date
    Paper(folder)                     the tables of a paper, bundled in the same form

All answer `find(path)` with a local file or None, `manifest(repo)` with a repo's manifest, and
`corpus(repo, path)` with a file of a published corpus.
Anything else that happens on the way is an Unreadable: one sentence that the page shows.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, overload

from tables import Unreadable, tame

RELEASE = "release.json"
PUBLIC_HUB = "https://huggingface.co"
MAX_JSON = 64 * 1024 * 1024

REPO = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_REVISION = re.compile(r"[A-Za-z0-9][\w./-]{0,127}", re.ASCII)
_ENDPOINT = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?(/[\w./-]*)?", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Location:
    results_repo: str
    revision: str
    endpoint: str


class Source(Protocol):
    def find(self, path: str) -> Path | None: ...
    def manifest(self, repo: Mapping[str, Any]) -> dict[str, Any] | None: ...
    def corpus(self, repo: Mapping[str, Any], path: str) -> Path | None: ...
    def describe(self) -> dict[str, Any]: ...


def find_location(folder: Path, environ: Mapping[str, str]) -> Location | None:
    """RESULTS_REPO and RESULTS_REVISION, else `source.json`; HF_ENDPOINT wins over its endpoint."""
    written: dict[str, Any] = {}
    if (folder / "source.json").is_file():
        written = read_json(folder / "source.json")
    repo = environ.get("RESULTS_REPO") or written.get("results_repo")
    if not repo:
        return None
    here = repo == written.get("results_repo")
    revision = environ.get("RESULTS_REVISION") or (here and written.get("revision")) or "main"
    endpoint = hub_address(environ, written)
    for value, pattern, what in (
        (repo, REPO, "results repo (namespace/name)"),
        (revision, _REVISION, "revision"),
        (endpoint, _ENDPOINT, "endpoint"),
    ):
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise Unreadable(f"{tame(value)!r} is no {what}: see README.md of this Space")
    return Location(str(repo), str(revision), endpoint)


def hub_address(environ: Mapping[str, str], written: Mapping[str, Any]) -> str:
    return str(environ.get("HF_ENDPOINT") or written.get("endpoint") or PUBLIC_HUB).rstrip("/")


@dataclass(frozen=True)
class Live:
    location: Location

    def find(self, path: str) -> Path | None:
        return self._download(self.location.results_repo, "dataset", path, self.location.revision)

    def manifest(self, repo: Mapping[str, Any]) -> dict[str, Any] | None:
        if not _COMMIT.fullmatch(str(repo.get("commit"))):
            return None
        path = self._download(repo["id"], repo["type"], "manifest.json", repo["commit"])
        return read_json(path) if path else None

    def corpus(self, repo: Mapping[str, Any], path: str) -> Path | None:
        if not _COMMIT.fullmatch(str(repo.get("commit"))):
            return None
        return self._download(repo["id"], repo["type"], path, repo["commit"])

    def describe(self) -> dict[str, Any]:
        place = self.location
        return {"kind": "live", "repo": place.results_repo, "revision": place.revision}

    def _download(self, repo: str, repo_type: str, path: str, revision: str) -> Path | None:
        import httpx
        from huggingface_hub import errors, hf_hub_download

        what = f"{repo} at {revision}"
        try:
            found = hf_hub_download(
                repo, path, repo_type=repo_type, revision=revision, endpoint=self.location.endpoint
            )
        except errors.LocalEntryNotFoundError:
            raise Unreadable(f"{path} of {what} cannot be read: the Hub does not answer") from None
        except errors.EntryNotFoundError:
            return None
        except errors.RevisionNotFoundError:
            raise Unreadable(
                f"{repo} has no {revision}: this release is not published yet"
            ) from None
        except (errors.RepositoryNotFoundError, errors.GatedRepoError):
            raise Unreadable(f"{repo} does not exist on the Hub, or is not public") from None
        except (errors.HfHubHTTPError, httpx.HTTPError, OSError, ValueError) as error:
            said = type(error).__name__
            raise Unreadable(f"{path} of {what} cannot be read: the Hub said {said}") from None
        return Path(found)


@dataclass(frozen=True)
class Snapshot:
    folder: Path

    def find(self, path: str) -> Path | None:
        found = self.folder / path
        return found if found.is_file() else None

    def manifest(self, repo: Mapping[str, Any]) -> dict[str, Any] | None:
        name = str(repo.get("artefact"))
        if not is_file_name(name):
            return None
        path = self.find(f"manifests/{name}.json")
        return read_json(path) if path else None

    def corpus(self, repo: Mapping[str, Any], path: str) -> Path | None:
        name = str(repo.get("artefact"))
        return self.find(f"corpora/{name}/{path}") if is_file_name(name) else None

    def describe(self) -> dict[str, Any]:
        path = self.find("snapshot.json")
        if path is None:
            raise Unreadable("the bundled snapshot has no snapshot.json, which says of when it is")
        said = read_json(path)
        if isinstance(said.get("local"), str):
            return {"kind": "local", "name": tame(said["local"])}
        if not isinstance(said.get("date"), str):
            raise Unreadable("the bundled snapshot does not say of when it is")
        fields = {"repo": said.get("results_repo"), "revision": said.get("revision")}
        return {
            "kind": "snapshot",
            "date": tame(said["date"]),
            **{key: tame(value) for key, value in fields.items() if value},
        }


@dataclass(frozen=True)
class Paper(Snapshot):
    def describe(self) -> dict[str, Any]:
        path = self.find("about.json")
        if path is None:
            raise Unreadable(f"the tables in {tame(self.folder.name)} do not say whose they are")
        said = read_json(path)
        return {"kind": "paper", "title": tame(said.get("title") or self.folder.name)}


def is_file_name(name: str) -> bool:
    """A plain name: no folder, nothing hidden, nothing that a path would read otherwise."""
    return re.fullmatch(r"[A-Za-z0-9][\w.-]{0,127}", name, re.ASCII) is not None


@overload
def read_json(path: Path) -> dict[str, Any]: ...
@overload
def read_json(path: Path, kind: type[list[Any]]) -> list[Any]: ...
def read_json(path: Path, kind: type = dict) -> Any:
    """What the file holds, an object unless a list is asked for."""
    try:
        if path.stat().st_size > MAX_JSON:
            raise Unreadable(f"{path.name} is larger than this page reads")
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError, OSError):
        raise Unreadable(f"{path.name} cannot be read as JSON") from None
    if not isinstance(found, kind):
        raise Unreadable(f"{path.name} does not hold what is expected of it")
    return found


def check_listed(path: Path, digest: str | None) -> None:
    """The bytes are those that `release.json` lists, where it lists them."""
    if digest is None:
        return
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != digest:
            raise Unreadable(f"{path.name} is not the file that {RELEASE} lists: not shown")
