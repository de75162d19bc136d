"""Everything of a published release that can be read without loading a model.

    python -m hub.fetch NAMESPACE/RELEASE-results v0.1.0 --into FOLDER

The results repo and the datasets come whole, of models only what describes them. Each file is
compared with the sha256 in `release.json`: what is not as it was published is no ground to
compare or to build on (exit 4). The environment says which Hub.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from hub.disk import sha256_file
from hub.failure import BadInput, Failed, Failure, Unexpected
from hub.publication import PublishedRepo, ReleaseRecord
from hub.verify import check_files, read_record

DESCRIPTIONS = ["README.md", "manifest.json"]
"""of a model: what is read of it without its weights"""

Progress = Callable[[str], None]


def fetch(results: str, tag: str, into: Path, progress: Progress) -> ReleaseRecord:
    """Fill `into` with TYPE/NAMESPACE/NAME/…; what is there already is not sent again."""
    folder = _download("dataset", results, tag, into, None)
    record = read_record(folder, results, tag)
    for repo in record.repos:
        if repo.type == "dataset":
            local = folder if repo.id == results else _download("dataset", repo.id, tag, into, None)
            check_files(repo, local)
        elif repo.type == "model":
            local = _download("model", repo.id, tag, into, DESCRIPTIONS)
            _check_some(repo, local)
        else:
            continue
        progress(f"{repo.id}: fetched at {tag}")
    return record


def _download(repo_type: str, repo: str, tag: str, into: Path, only: list[str] | None) -> Path:
    target = into / repo_type / repo
    try:
        snapshot_download(
            repo, repo_type=repo_type, revision=tag, local_dir=target, allow_patterns=only
        )
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        what = "has no tag " + tag if isinstance(error, RevisionNotFoundError) else "is not there"
        raise BadInput(f"{repo} {what}: is it the right name, tag and Hub?") from None
    except HFValidationError as error:
        raise BadInput(f"{repo} cannot be the name of a repo: {error}") from None
    except (HfHubHTTPError, OSError) as error:
        said = " ".join(str(error).split())[-300:]
        raise Failed(f"{repo} at {tag} could not be downloaded: {said}") from None
    return target


def _check_some(repo: PublishedRepo, folder: Path) -> None:
    listed = {file.path: file for file in repo.files}
    for name in DESCRIPTIONS:
        if name not in listed:
            continue
        if not (folder / name).is_file() or sha256_file(folder / name) != listed[name].sha256:
            raise Unexpected(f"{repo.id}: {name} is not the file that was published")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hub.fetch")
    parser.add_argument("results")
    parser.add_argument("tag")
    parser.add_argument("--into", type=Path, required=True)
    arguments = parser.parse_args(argv)
    try:
        record = fetch(
            arguments.results, arguments.tag, arguments.into,
            lambda line: print(line, file=sys.stderr, flush=True),
        )  # fmt: skip
    except Failure as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(json.dumps(record.model_dump(mode="json")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
