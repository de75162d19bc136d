"""The exact content of every repo of a release, built locally before anything is pushed.

    publication/0a1b2c3d4e5f/
      publication.json                 repos in the order of promotion, every file with its sha256
      dataset/NAMESPACE/NAME/…         the files as they will lie on the Hub
      model/NAMESPACE/NAME/…

The folder's name begins the publication digest; it is built under another name and renamed, so a
folder of that name is whole.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from hub.failure import BadInput
from hub.manifest import PayloadFile, publication_digest

PUBLICATION = "publication.json"
RELEASE = "release.json"
SIGNATURE = "release.json.sig"
PUBLIC_KEY = "release.json.pem"
SIGNATURE_FILES = (SIGNATURE, PUBLIC_KEY)
UNSIGNED = "unsigned"

RepoType = Literal["dataset", "model", "space"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Repo(_Frozen):
    type: RepoType
    id: str
    """namespace/name"""
    artefact: str
    """name of what it holds in the release file"""
    kind: str
    digest: str
    """of the artefact; empty where the repo gathers several"""
    files: tuple[PayloadFile, ...]
    gated: Literal["auto", "manual"] | None = None
    """who is let in: whoever agrees, or whom a person accepts; None for everybody"""

    @property
    def address(self) -> str:
        return f"{self.type}/{self.id}"


class Superseded(_Frozen):
    """An earlier repo that another one takes the place of; its card comes to say so."""

    type: RepoType
    id: str
    by: str
    """id of the repo of this release"""


class Publication(_Frozen):
    release: str
    version: str
    namespace: str
    digest: str
    """publication digest: every byte of every repo"""
    repos: tuple[Repo, ...]
    """in the order of promotion"""
    key: str = ""
    """fingerprint of the public key that signs it; empty for an unsigned release"""
    superseded: tuple[Superseded, ...] = ()
    """not part of the digest: the release file in the results repo names them, and is"""

    @property
    def tag(self) -> str:
        return f"v{self.version}"

    @property
    def space(self) -> Repo | None:
        return next((repo for repo in self.repos if repo.type == "space"), None)

    @property
    def results(self) -> Repo:
        """the one that takes `release.json`"""
        return next(repo for repo in self.repos if repo.kind == "results")


class PublishedRepo(_Frozen):
    type: RepoType
    id: str
    artefact: str
    kind: str
    digest: str
    commit: str
    files: tuple[PayloadFile, ...]
    gated: Literal["auto", "manual"] | None = None


class ReleaseRecord(_Frozen):
    """`release.json`: the commit point. Until it is there, the release is not."""

    release: str
    version: str
    tag: str
    publication_digest: str
    previous_digest: str = ""
    """publication digest of the release before; empty for the first"""
    signature: str
    """name of the file beside it that signs it, or `unsigned`"""
    key: str = ""
    """fingerprint of the public key; empty where unsigned"""
    repos: tuple[PublishedRepo, ...]


def digest_of(repos: tuple[Repo, ...]) -> str:
    return publication_digest({repo.address: repo.files for repo in repos})


def read_publication(folder: Path) -> Publication:
    try:
        return Publication.model_validate_json((folder / PUBLICATION).read_bytes())
    except FileNotFoundError:
        raise BadInput(f"{folder} holds no publication: run `imprimatur rehearse` first") from None
    except ValidationError:
        raise BadInput(f"{folder / PUBLICATION} cannot be read: delete {folder}") from None
