"""`python -m corpus.sources docs/sources.md`: write the page of all sources anew."""

import sys
from pathlib import Path

from corpus.sources.page import render
from hub.disk import write_atomically


def main(arguments: list[str]) -> None:
    if len(arguments) != 1:
        raise SystemExit("usage: python -m corpus.sources docs/sources.md")
    write_atomically(Path(arguments[0]), render().encode())


if __name__ == "__main__":
    main(sys.argv[1:])
