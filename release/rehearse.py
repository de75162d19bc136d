"""The rehearsal: the real client publishes to a Hub on this machine, an outsider verifies it there.

What passed is recorded by its publication digest in `rehearsal.json`: `publish` refuses anything
else.
"""

import json
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hub.disk import write_json
from hub.failure import BadInput, Refused
from hub.publication import Publication, ReleaseRecord
from hub.rehearsal.serve import running
from release import outside
from release.boot import boot
from release.steps.step import Progress

REHEARSED = "rehearsal.json"


@dataclass(frozen=True)
class Rehearsal:
    record: ReleaseRecord
    root: Path
    """of the rehearsal Hub: `imprimatur hub serve --root` shows it again"""


def rehearse(
    publication: Publication, folder: Path, workdir: Path, port: int, progress: Progress
) -> Rehearsal:
    """Publish `folder` to a fresh server, verify, and record that it passed."""
    # One Hub a publication: a version is published once, but it may be rehearsed until it is right.
    hubs = workdir / "rehearsal-hub"
    root = hubs / publication.digest[:12]
    for other in hubs.iterdir() if hubs.is_dir() else ():
        if other != root:
            shutil.rmtree(other)
    token = f"hf_{secrets.token_hex(16)}"
    with (
        tempfile.TemporaryDirectory(prefix="imprimatur-") as homes,
        running(root, {"rehearser": token}, [publication.namespace], port) as url,
    ):
        progress(f"rehearsal Hub at {url}")
        outside.publish(folder, url, token, Path(homes) / "publisher", progress, rehearsal=True)
        if publication.space:
            space = publication.space.id
            shown = boot(folder / "space" / space, url, Path(homes) / "reader", space)
            progress(f"{space}: starts, shows {shown} models, answers as its card says")
        progress("verifying as an outsider: no token, an empty cache, only what is published")
        record = outside.verify(
            publication.results.id, publication.tag, url, Path(homes) / "outsider", progress
        )
    check_record(record, publication)
    write_json(workdir / REHEARSED, {"publication_digest": publication.digest})
    return Rehearsal(record, root)


def has_passed(publication: Publication, workdir: Path) -> bool:
    """Whether exactly this publication passed a rehearsal already."""
    try:
        return rehearsed_digest(workdir) == publication.digest
    except (Refused, BadInput):
        return False


def check_record(record: ReleaseRecord, publication: Publication) -> None:
    if record.publication_digest != publication.digest:
        raise Refused(
            f"what is published as {publication.tag} is another release of that version: raise "
            "`version` in the release file"
        )


def rehearsed_digest(workdir: Path) -> str:
    """The publication that passed last; raises Refused where none did, before any computing."""
    path = workdir / REHEARSED
    if not path.exists():
        raise Refused(
            "this release may not be published, it was never rehearsed: run `imprimatur rehearse` "
            "first"
        )
    try:
        return str(json.loads(path.read_bytes())["publication_digest"])
    except (ValueError, KeyError, TypeError):
        raise BadInput(f"{path} is damaged: run `imprimatur rehearse` again") from None


def require_rehearsal(publication: Publication, digest: str) -> None:
    """Raises Refused unless exactly this publication passed a rehearsal."""
    if digest != publication.digest:
        raise Refused(
            "this release may not be published, something changed since its rehearsal: run "
            "`imprimatur rehearse` again"
        )
