"""One of the processes of a distributed run: `accelerate launch … -m training REQUEST.json`."""

import sys
from pathlib import Path

from hub.failure import Failure
from training.launch import work


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: accelerate launch -m training REQUEST.json")
    try:
        work(Path(sys.argv[1]))
    except Failure as failure:
        print(failure, file=sys.stderr)
        sys.exit(failure.exit_code)


if __name__ == "__main__":
    main()
