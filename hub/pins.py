"""What the Hub says of a model or a dataset at this moment: enough to take the same bytes later.

    pin = read_model("org/model", "main")       commit, files with sizes and digests, licence, date
    download("org/model", pin, folder)          exactly these files

The client's own settings count: HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_OFFLINE.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, field_validator

from hub.disk import place, sha256_file
from hub.failure import BadInput, Failed, Unreachable
from hub.model_folder import is_model_file

SECONDS = 20
"""that the Hub may take for one answer"""

Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
Answer = TypeVar("Answer")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PinnedFile(_Frozen):
    size: int
    """bytes"""
    digest: str
    """sha256 of a large file's content (64 digits); of a small one the id of its git blob (40)"""


class PinnedModel(_Frozen):
    commit: Commit
    licence: tuple[str, ...]
    """as the card says; empty where it says none"""
    date: str
    """of the reading, ISO 8601"""
    files: dict[str, PinnedFile]
    """weights, tokenizer and configuration"""
    config: dict[str, Any]
    """its config.json"""
    private: bool
    """so that nobody could check what is made from it"""

    @field_validator("files")
    @classmethod
    def _are_of_a_model(cls, files: dict[str, PinnedFile]) -> dict[str, PinnedFile]:
        """A lock may be a stranger's: no name in it leads out of the folder of the model."""
        for name in files:
            if not is_model_file(name):
                raise ValueError(f"{name} is no file of a model's folder")
        return files

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files.values())


class PinnedDataset(_Frozen):
    commit: Commit
    licence: tuple[str, ...]
    date: str


def read_model(repo: str, revision: str) -> PinnedModel:
    """Raises BadInput where there is no model with safe weights, Unreachable."""
    from huggingface_hub import HfApi, hf_hub_download

    info = _asked(
        repo, revision,
        lambda: HfApi().model_info(repo, revision=revision, files_metadata=True, timeout=SECONDS),
    )  # fmt: skip
    there = {each.rfilename: each for each in info.siblings or []}
    files = {name: _pinned(each) for name, each in there.items() if is_model_file(name)}
    if "adapter_config.json" in there:
        raise BadInput(f"{repo} is a LoRA adapter, not a model: merge it into its base first")
    if "config.json" not in files:
        raise BadInput(f"{repo} is not a model: it has no config.json")
    if not any(name.endswith(".safetensors") for name in files):
        raise BadInput(
            f"{repo} has no safetensors weights (pickled ones can run code and are not read): "
            "name a repo or a revision that has them"
        )
    at = _asked(repo, revision, lambda: hf_hub_download(repo, "config.json", revision=info.sha))
    try:
        config = dict(json.loads(Path(at).read_bytes()))
    except ValueError:
        raise BadInput(f"the config.json of {repo} cannot be read") from None
    return PinnedModel(
        commit=str(info.sha), licence=_licence(info), date=_today(), files=files, config=config,
        private=bool(info.private),
    )  # fmt: skip


def read_dataset(repo: str, revision: str = "main") -> PinnedDataset:
    """Raises BadInput where there is none, Unreachable."""
    from huggingface_hub import HfApi

    info = _asked(
        repo, revision, lambda: HfApi().dataset_info(repo, revision=revision, timeout=SECONDS)
    )
    return PinnedDataset(commit=str(info.sha), licence=_licence(info), date=_today())


def download(repo: str, pin: PinnedModel, out: Path) -> tuple[str, ...]:
    """The pinned files in `out`, by the client's cache; their names.

    Raises BadInput where the repo went away, Unreachable, and Failed for a file that is not the
    pinned one.
    """
    from huggingface_hub import hf_hub_download

    for name, file in sorted(pin.files.items()):
        fetch = partial(hf_hub_download, repo, name, revision=pin.commit)
        cached: str = _asked(repo, pin.commit, fetch)
        place(Path(cached).resolve(), out / name)
        if _digest(out / name, len(file.digest)) != file.digest:
            raise Failed(f"{name} of {repo} is not the file that is pinned: delete {cached}")
    return tuple(sorted(pin.files))


def _digest(path: Path, length: int) -> str:
    if length == hashlib.sha256().digest_size * 2:
        return sha256_file(path)
    data = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _asked(repo: str, revision: str, ask: Callable[[], Answer]) -> Answer:
    """The Hub's answer; what went wrong in one sentence."""
    import httpx2  # what the Hub's client speaks with
    from huggingface_hub import errors

    try:
        return ask()
    except errors.GatedRepoError:
        raise BadInput(
            f"{repo} is gated: agree to its terms on the Hub, and set a token (HF_TOKEN)"
        ) from None
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError):
        raise BadInput(
            f"there is no {repo} at {revision}, or it is private and needs a token (HF_TOKEN)"
        ) from None
    except (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled, httpx2.TransportError):
        raise Unreachable("the Hub cannot be reached") from None
    except errors.HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else "nothing"
        raise Unreachable(f"the Hub answers {status}") from error


def _pinned(sibling: Any) -> PinnedFile:
    large = sibling.lfs
    return PinnedFile(size=sibling.size, digest=large.sha256 if large else sibling.blob_id)


def _licence(info: Any) -> tuple[str, ...]:
    """What the card says; `other` is a licence by the name that stands beside it."""
    card = info.card_data
    said = getattr(card, "license", None) if card else None
    if said == "other":
        said = getattr(card, "license_name", None) or said
    return tuple(map(str, said)) if isinstance(said, list) else (str(said),) if said else ()


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
