"""Verification as an outsider: only what is published, a fresh cache, no token.

    python -m hub.verify NAMESPACE/RELEASE-results v0.1.0 --into FOLDER [--key PUBLIC.pem]

From `release.json` on: its signature, every repo fetched with `hf download` at its tag, every file
compared with its sha256, every corpus opened with `datasets.load_dataset`, every model loaded with
transformers and made to write a few tokens, every card's header read back, and last the Python
snippets of all cards run in a process of their own. Exit 4 where anything is not as it says.
"""

import argparse
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hub.disk import sha256_file
from hub.environment import without_secrets
from hub.failure import Failed, Failure, Unexpected
from hub.publication import (
    PUBLIC_KEY,
    RELEASE,
    SIGNATURE,
    UNSIGNED,
    PublishedRepo,
    ReleaseRecord,
)
from hub.publish.signing import check_signature, fingerprint_in

Progress = Callable[[str], None]

SNIPPET_SECONDS = 1800
"""for the snippets of all cards together"""
_RUN_ALL = """
import json, sys
for repo, code in json.load(sys.stdin):
    try:
        exec(compile(code, repo, "exec"), {"__name__": "__main__"})
    except BaseException as error:
        sys.exit(f"{repo}: {type(error).__name__}: {' '.join(str(error).split())}")
"""
_SNIPPET = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def verify(
    results: str, tag: str, into: Path, progress: Progress, key: Path | None = None
) -> ReleaseRecord:
    """Check a whole release; `into` takes the downloads. The environment says which Hub.

    `key` is the publisher's public key, from elsewhere than the Hub: without it a signature shows
    only that the release is of one piece. Raises BadInput where it is no public key.
    """
    if key is not None:  # before anything is downloaded
        fingerprint_in(key)
    folder = download("dataset", results, tag, into)
    record = read_record(folder, results, tag)
    progress(f"{results}: {check_signed(folder, record, key)}")
    snippets: list[tuple[str, str]] = []
    for repo in record.repos:
        if repo.gated:
            progress(f"{repo.id}: {check_gate(repo, tag, into)}")
            continue
        local = folder if repo.id == results else download(repo.type, repo.id, tag, into)
        check_files(repo, local)
        seen = use(repo, tag, local)
        if repo.type != "space":  # those of a Space call the app, and no published app is run here
            card = (local / "README.md").read_text(encoding="utf-8")
            snippets += [(repo.id, code) for code in snippets_of(card)]
        progress(f"{repo.id}: {len(repo.files)} files as published, {seen}")
    run_snippets(snippets, into)
    progress(f"{results}: {len(snippets)} snippets of the cards run")
    return record


def use(repo: PublishedRepo, tag: str, folder: Path) -> str:
    """What the libraries make of it; raises Unexpected where one of them fails."""
    try:
        return _CHECKS[repo.type](repo, tag, folder)
    except (Failure, OSError):
        raise
    except Exception as error:
        said = " ".join(str(error).split())
        raise Unexpected(f"{repo.id} does not load: {type(error).__name__}: {said}") from error


def download(repo_type: str, repo: str, tag: str, into: Path) -> Path:
    """`hf download`, as a person would."""
    target = into / repo_type / repo
    command = ["hf", "download", repo, "--repo-type", repo_type, "--revision", tag,
               "--local-dir", str(target), "--quiet"]  # fmt: skip
    program = Path(sys.executable).with_name("hf")
    command[0] = str(program) if program.exists() else "hf"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = " ".join((done.stderr or done.stdout).split())[-300:]
        raise Unexpected(f"{repo} at {tag} cannot be downloaded: {said}")
    return target


def check_gate(repo: PublishedRepo, tag: str, into: Path) -> str:
    """An outsider who agreed to nothing must not get at the files of a gated repo."""
    try:
        download(repo.type, repo.id, tag, into)
    except Unexpected:
        if not _is_closed(repo):  # the Hub is away, say: that it is closed was not seen
            raise
        return "gated, and closed to an outsider: its files were not compared"
    raise Unexpected(f"{repo.id} says that it is gated, and an outsider can download it")


def _is_closed(repo: PublishedRepo) -> bool:
    import httpx2  # what the Hub's client speaks with
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError

    try:
        HfApi().auth_check(repo.id, repo_type=repo.type, token=False)
    except (httpx2.HTTPError, OSError) as error:  # any other answer of a Hub, or none
        return isinstance(error, GatedRepoError)
    return False


def read_record(folder: Path, results: str, tag: str) -> ReleaseRecord:
    try:
        record = ReleaseRecord.model_validate_json((folder / RELEASE).read_bytes())
    except FileNotFoundError:
        raise Unexpected(f"{results} at {tag} has no release.json: it was never finished") from None
    except ValidationError as error:
        raise Unexpected(
            f"release.json of {results} cannot be read: {error.errors()[0]['msg']}"
        ) from None
    if record.tag != tag:
        raise Unexpected(f"release.json of {results} at {tag} speaks of {record.tag}")
    return record


def check_signed(folder: Path, record: ReleaseRecord, key: Path | None) -> str:
    """Whether `release.json` is signed by whom it says, and by `key` where one is given."""
    if record.signature == UNSIGNED:
        if key is not None:
            raise Unexpected(f"{record.release} {record.tag} is unsigned, and a key was given")
        return "unsigned"
    files = [folder / name for name in (RELEASE, SIGNATURE, PUBLIC_KEY)]
    missing = [path.name for path in files if not path.is_file()]
    if missing:
        raise Unexpected(f"{record.release} {record.tag} says it is signed: {missing[0]} is absent")
    release, signature, public = (path.read_bytes() for path in files)
    check_signature(release, signature, public, record.key)
    if key is None:
        return f"signed by {record.key} (not compared: no --key given)"
    if fingerprint_in(key) != record.key:
        raise Unexpected(f"release.json is signed by {record.key}, which is not the key in {key}")
    return f"signed by {record.key}, the key that was given"


def snippets_of(card: str) -> list[str]:
    """The Python snippets of a card, in order."""
    return [block.strip() for block in _SNIPPET.findall(card)]


def run_snippets(
    snippets: Sequence[tuple[str, str]],
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> None:
    """What cards tell people to type has to work; `snippets` are (repo, code) pairs.

    All of them run in one new process, each with names of its own: a library is imported once. The
    environment, this process's own unless given, has no token.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-c", _RUN_ALL], input=json.dumps(list(snippets)),
            capture_output=True, text=True, check=False, cwd=folder, timeout=SNIPPET_SECONDS,
            env=without_secrets(environment),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Unexpected(
            f"the snippets of the cards do not end: they were stopped after {SNIPPET_SECONDS} s"
        ) from None
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["the process died"])[-1]
        raise Unexpected(f"a snippet of a card does not run: {said}")


def check_files(repo: PublishedRepo, folder: Path) -> None:
    for file in repo.files:
        path = folder / file.path
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            raise Unexpected(f"{repo.id}: {file.path} is listed and not there")
        if sha256_file(path) != file.sha256:
            raise Unexpected(f"{repo.id}: {file.path} is not the file that was published")


def check_dataset(repo: PublishedRepo, tag: str, folder: Path) -> str:
    """Every configuration loads, with the number of rows that the card says where it says one."""
    from datasets import get_dataset_config_names, load_dataset
    from huggingface_hub import DatasetCard

    card = DatasetCard.load(folder / "README.md")
    if card.data.to_dict().get("viewer") is False:  # of a release that evaluates nothing
        return "no tables, as its card says"
    stated = {
        entry["config_name"]: entry["splits"][0]["num_examples"]
        for entry in _as_list(card.data.to_dict().get("dataset_info"))
    }
    rows = {}
    for config in get_dataset_config_names(repo.id, revision=tag):
        splits: Any = load_dataset(repo.id, config, revision=tag)
        rows[config] = sum(len(split) for split in splits.values())
        if rows[config] != stated.get(config, rows[config]):
            raise Unexpected(
                f"{repo.id}: {config} has {rows[config]} rows and its card says {stated[config]}"
            )
    return ", ".join(f"{config} loads with {count:,} rows" for config, count in rows.items())


def check_model(repo: PublishedRepo, tag: str, folder: Path) -> str:
    """It loads by tag, writes, and its card's results read back as they were written."""
    from huggingface_hub import ModelCard
    from transformers import AutoModelForCausalLM, AutoTokenizer, pipeline

    if (folder / "filter.json").is_file():
        return check_classifier(repo, folder)
    card = ModelCard.load(folder / "README.md")
    stated = card.data.to_dict().get("model-index") or []
    metrics = sum(len(result["metrics"]) for entry in stated for result in entry["results"])
    results = card.data.eval_results or []
    if len(results) != metrics:
        raise Unexpected(
            f"{repo.id}: the card lists {metrics} results and {len(results)} read back"
        )
    shown = check_eval_results(repo.id, tag, folder)
    tokenizer = AutoTokenizer.from_pretrained(repo.id, revision=tag)
    model = AutoModelForCausalLM.from_pretrained(repo.id, revision=tag)
    write = pipeline("text-generation", model=model, tokenizer=tokenizer)
    prompt = "1, 2, 3,"  # of no language
    written = write(prompt, min_new_tokens=8, max_new_tokens=8, do_sample=False)
    if len(written[0]["generated_text"]) <= len(prompt):
        raise Unexpected(f"{repo.id}: the model writes nothing")
    return f"loads and writes, {len(results)} results on the card, {shown} of benchmarks"


def check_eval_results(repo: str, tag: str, folder: Path) -> int:
    """The Hub reads from `.eval_results` what stands there, file by file; the number of results."""
    from huggingface_hub import HfApi, parse_eval_result_entries
    from ruamel.yaml import YAML

    written = [
        entry
        for path in sorted(folder.glob(".eval_results/*.yaml"))
        for entry in parse_eval_result_entries(YAML(typ="safe", pure=True).load(path))
    ]
    if not written:
        return 0
    read = HfApi().model_info(repo, revision=tag, expand=["evalResults"]).eval_results or []
    for entry in written:
        if entry not in read:
            said = f"{entry.dataset_id}, {entry.task_id}, {entry.notes or 'no setting'}"
            raise Unexpected(f"{repo}: the Hub does not show its result on {said}")
    return len(written)


def check_classifier(repo: PublishedRepo, folder: Path) -> str:
    """Its weights are numbers and its thresholds are those of its languages."""
    import numpy as np

    told = json.loads((folder / "filter.json").read_bytes())
    weights = np.load(folder / "weights.npy", allow_pickle=False)
    if not np.isfinite(weights).all() or not weights.any():
        raise Unexpected(f"{repo.id}: the weights of the classifier are not numbers")
    if set(told["thresholds"]) != set(told["languages"]):
        raise Unexpected(f"{repo.id}: the thresholds are not those of its languages")
    return f"a classifier with {np.count_nonzero(weights):,} weights"


def check_space(repo: PublishedRepo, tag: str, folder: Path) -> str:
    """Its header names an app that is there. Nothing that somebody published is run."""
    from huggingface_hub import SpaceCard

    card = SpaceCard.load(folder / "README.md")
    if not (folder / str(card.data.app_file)).is_file():
        raise Unexpected(f"{repo.id}: {card.data.app_file} is named in its card and not there")
    return f"a {card.data.sdk} Space"


_CHECKS = {"dataset": check_dataset, "model": check_model, "space": check_space}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hub.verify")
    parser.add_argument("results")
    parser.add_argument("tag")
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--key", type=Path, help="the publisher's public key")
    arguments = parser.parse_args(argv)
    os.environ["HF_DATASETS_CACHE"] = str(arguments.into / "datasets-cache")
    for name in ("torchao", "torch.utils._pytree"):  # they print paths of this machine
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        record = verify(
            arguments.results, arguments.tag, arguments.into,
            lambda line: print(line, file=sys.stderr, flush=True), arguments.key,
        )  # fmt: skip
    except Failure as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return Failed.exit_code
    print(json.dumps(record.model_dump(mode="json")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
