"""A parent that lies on the Hub, described without downloading any weights.

    check({"base": folder, "adapted": remote.read("adapted", "org/model", "v1.0.0")})

The small JSON files are fetched; of each safetensors file only the header, by range requests. The
endpoint and token are huggingface_hub's own (HF_ENDPOINT, HF_TOKEN).
"""

from pathlib import Path

from hub.failure import Unreachable
from merging.headers import Parent, Tensor, describe
from merging.settings import MergeError

SMALL = (
    "config.json",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "chat_template.jinja",
)


def read(name: str, repo: str, revision: str) -> Parent:
    """What `repo` says about itself at `revision`; raises MergeError where it is no safe model,
    Unreachable."""
    import httpx2  # what the Hub's client speaks with
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import (
        HfHubHTTPError,
        LocalEntryNotFoundError,
        NotASafetensorsRepoError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
        SafetensorsParsingError,
    )

    api = HfApi()
    try:
        files = set(api.list_repo_files(repo, revision=revision))
        if "adapter_config.json" in files:
            raise MergeError(f"{name} is a LoRA adapter, not a model: merge it into its base first")
        if "config.json" not in files:
            raise MergeError(f"{name} is not a model: it has no config.json")
        found = api.get_safetensors_metadata(repo, revision=revision)
        folder = snapshot_download(repo, revision=revision, allow_patterns=list(SMALL))
    except NotASafetensorsRepoError:
        raise MergeError(
            f"{name} has no safetensors weights (pickled ones can run code and are not read): "
            "convert it first"
        ) from None
    except SafetensorsParsingError:
        raise MergeError(f"{name} has a weight file without a readable header: it is cut") from None
    except (RepositoryNotFoundError, RevisionNotFoundError):
        raise MergeError(f"{name}: there is no {repo} at {revision}, or it needs a token") from None
    except (LocalEntryNotFoundError, OfflineModeIsEnabled, httpx2.TransportError):
        raise Unreachable("the Hub cannot be reached") from None
    except HfHubHTTPError as error:
        if error.response is not None and error.response.status_code == 404:
            raise MergeError(f"{name} lacks a weight file that its index names") from None
        status = error.response.status_code if error.response is not None else "nothing"
        raise Unreachable(f"the Hub answers {status}") from error
    tensors = {
        key: Tensor(tuple(tensor.shape), tensor.dtype)
        for file in found.files_metadata.values()
        for key, tensor in file.tensors.items()
    }
    return describe(name, Path(folder), tensors)
