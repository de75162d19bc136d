"""The folder that a fetch fills: whole or not there, and never fetched twice.

Work goes into `NAME.partial/`; `progress.json` there says how far it got and is written after the
files it speaks of. At the end `fetch.json` is written and the folder renamed into place.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from hub.disk import sha256_file, sync_folder, sync_tree, write_atomically, write_json
from hub.failure import BadInput, Failed
from hub.manifest import canonical_sha256

FETCH_MANIFEST = "fetch.json"
_PROGRESS = "progress.json"

State = dict[str, Any]


@dataclass(frozen=True)
class Filling:
    """A folder on its way; `state` is what the service needs to go on, as JSON has it."""

    final: Path
    partial: Path
    request: Mapping[str, Any]

    @classmethod
    def begin(cls, final: Path, request: Mapping[str, Any]) -> Self:
        """Go on with a partial folder of the same request; one of another is started anew."""
        partial = final.with_name(final.name + ".partial")
        filling = cls(final, partial, dict(request))
        if partial.exists() and filling._read().get("request") != filling.request:
            shutil.rmtree(partial)
        partial.mkdir(parents=True, exist_ok=True)
        return filling

    def state(self) -> State | None:
        """None: nothing is there yet."""
        found: State | None = self._read().get("state")
        return found

    def note(self, state: State) -> None:
        """What was written so far is on disk, and this is where to go on."""
        write_json(self.partial / _PROGRESS, {"request": self.request, "state": state})

    def write(self, name: str, value: Any) -> None:
        path = self.partial / name
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, (json.dumps(value, ensure_ascii=False) + "\n").encode())

    def finish(self, counts: Mapping[str, int], said: Mapping[str, Any]) -> None:
        """`said`: what the service says of its texts' licence, its commit …"""
        for notes in (_PROGRESS, FETCH_MANIFEST):  # the latter of a run killed before its rename
            (self.partial / notes).unlink(missing_ok=True)
        for begun in self.partial.rglob(".*.tmp"):  # of a run killed while it wrote
            begun.unlink()
        files = [p for p in sorted(self.partial.rglob("*")) if p.is_file()]
        if not files:
            raise Failed(f"{self.final.name}: nothing was found, look at the request")
        digests = {p.relative_to(self.partial).as_posix(): sha256_file(p) for p in files}
        manifest = {
            "request": self.request,
            "fetched": datetime.now(UTC).strftime("%Y-%m-%d"),
            "counts": dict(counts),
            "said": dict(said),
            "files": len(digests),
            "digest": canonical_sha256(digests),
        }
        sync_tree(self.partial)
        write_json(self.partial / FETCH_MANIFEST, manifest)
        self.partial.replace(self.final)
        sync_folder(self.final.parent)

    def _read(self) -> dict[str, Any]:
        for name in (_PROGRESS, FETCH_MANIFEST):
            try:
                found = json.loads((self.partial / name).read_bytes())
            except (OSError, ValueError):
                continue
            if isinstance(found, dict):
                return found
        return {}


def is_there(folder: Path, request: Mapping[str, Any]) -> bool:
    """Whether the folder needs no fetching; raises BadInput where it answers another request.

    A folder without `fetch.json` is somebody's own, and is taken as it is.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        return False
    try:
        fetched = json.loads((folder / FETCH_MANIFEST).read_bytes())
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        raise BadInput(f"{folder / FETCH_MANIFEST} cannot be read: move {folder} away") from None
    before = fetched.get("request", {})
    if before != request:
        changed = sorted(key for key in {*before, *request} if before.get(key) != request.get(key))
        raise BadInput(
            f"{folder} holds the answer to another request ({', '.join(changed)} changed): "
            "move it away, or name another path"
        )
    return True
