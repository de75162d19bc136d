"""Publishing in a process of its own: `python -m hub.publish VERB …`, see the package's docstring.

Progress goes to stderr, the result as JSON to stdout. The token comes from the environment and
nowhere else: a command line shows in process lists.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi
from huggingface_hub.errors import LocalTokenNotFoundError

from hub.failure import BadInput, Failed, Failure
from hub.publish.comparison import compare
from hub.publish.holders import holders
from hub.publish.notes import notes
from hub.publish.patience import TROUBLE, status
from hub.publish.rollback import rollback
from hub.publish.running import PATIENCE_SECONDS
from hub.publish.signing import load_signer
from hub.publish.transaction import publish

_NO_TOKEN = "no token: set HF_TOKEN, or log in with `hf auth login`"  # noqa: S105


def main(argv: list[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    token = os.environ.get("HF_TOKEN", "")
    try:
        if not token:
            raise BadInput(_NO_TOKEN)
        found = _VERBS[arguments.verb](arguments, HfApi(endpoint=arguments.endpoint, token=token))
    except Failure as error:
        return _report(error, token)
    except LocalTokenNotFoundError:
        return _report(BadInput(_NO_TOKEN), token)
    except (*TROUBLE, OSError, ValueError) as error:
        return _report(explained(error, arguments.endpoint), token)
    print(json.dumps(found))
    return 0


def _publish(arguments: argparse.Namespace, api: HfApi) -> Any:
    signer = load_signer(arguments.key) if arguments.key else None
    squash = {}
    for text in arguments.squash:
        repo, _, versions = text.partition("=")
        squash[repo] = versions.split(",")
    record = publish(
        arguments.folder, api, _progress, signer, arguments.patience, arguments.unsigned, squash
    )
    return record.model_dump(mode="json")


def _compare(arguments: argparse.Namespace, api: HfApi) -> Any:
    return [change._asdict() for change in compare(arguments.folder, api, _progress)]


def _rollback(arguments: argparse.Namespace, api: HfApi) -> Any:
    record = rollback(arguments.results, arguments.tag, api, _progress, arguments.patience)
    return record.model_dump(mode="json")


def _holders(arguments: argparse.Namespace, api: HfApi) -> Any:
    found = holders(api, arguments.results, arguments.document)
    return {
        "tags": found.tags,
        "holders": [holder.model_dump(mode="json") for holder in found.holders],
    }


def _notes(arguments: argparse.Namespace, api: HfApi) -> Any:
    return notes(api, arguments.results)


_VERBS = {
    "publish": _publish, "compare": _compare, "rollback": _rollback, "holders": _holders,
    "notes": _notes,
}  # fmt: skip


_TAKES = {
    "rollback": ("results", "tag"), "holders": ("results", "document"), "notes": ("results",),
}  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hub.publish")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name in _VERBS:
        verb = verbs.add_parser(name)
        for argument in _TAKES.get(name, ("folder",)):
            verb.add_argument(argument, type=Path if argument == "folder" else str)
        verb.add_argument("--endpoint", required=True)
        verb.add_argument("--patience", type=float, default=PATIENCE_SECONDS)
        verb.add_argument("--key", type=Path, help="private key that signs")
        verb.add_argument("--unsigned", action="store_true", help="a rehearsal has no key")
        verb.add_argument(
            "--squash", action="append", default=[], metavar="ID=TAG,TAG",
            help="a repo that loses its history, and the versions that held what goes",
        )  # fmt: skip
    return parser


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def explained(error: Exception, endpoint: str) -> Failure:
    """One sentence about what a Hub, a network or a disk did."""
    reason = " ".join(str(error).split())
    match status(error):
        case 401:
            return BadInput(f"{endpoint} does not know this token: it is wrong, or has expired")
        case 403 if "storage limit" in reason.casefold():
            return Failed(f"{endpoint} has no room left for this: {reason}")
        case 403:
            return BadInput(f"the token may not do this at {endpoint}: {reason}")
        case 507:
            return Failed(f"{endpoint} has no room left for this: {reason}")
    return Failed(f"{endpoint} did not take the release: {reason or type(error).__name__}")


def _report(error: Failure, token: str) -> int:
    text = str(error).replace(token, "[token]") if token else str(error)
    for line in text.splitlines():
        print(f"error: {line}", file=sys.stderr)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
