"""`python -m hub.rehearsal --root DIR [--port P] --users-file FILE [--org NAME ...]
[--chaos SEED[:KIND...]]`

The users file is JSON, {"user": "token", ...}, readable by its owner only; the first user owns the
organisations. Prints one line with the address once it answers.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hub.rehearsal.serve import READY, end_with, serve


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hub.rehearsal", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="folder that holds the repos")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--users-file", type=Path, required=True)
    parser.add_argument("--org", action="append", default=[], metavar="NAME")
    parser.add_argument(
        "--chaos", metavar="SEED[:KIND...]", help="misbehave: see hub.rehearsal.chaos"
    )
    parser.add_argument("--until-stdin-closes", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)

    from hub.disk import WorkdirBusy
    from hub.failure import BadInput, Failed
    from hub.rehearsal.auth import read_users
    from hub.rehearsal.chaos import Chaos

    if arguments.until_stdin_closes:
        end_with(sys.stdin)
    try:
        users = read_users(arguments.users_file, ())
        chaos = None if arguments.chaos is None else Chaos.parse(arguments.chaos)
        serve(arguments.root, arguments.port, users, arguments.org, _announce, chaos)
    except (OSError, ValueError, WorkdirBusy) as error:
        # a parent that started us reads our standard output
        said = error.strerror if isinstance(error, OSError) and error.strerror else error
        print(said, file=sys.stdout if arguments.until_stdin_closes else sys.stderr)
        return BadInput.exit_code if isinstance(error, ValueError) else Failed.exit_code
    return 0


def _announce(url: str) -> None:
    print(f"{READY}{url}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
