"""The Space, started from its folder before it is anybody's first impression.

It runs as on the Hub: its own process, the published results, nothing of ours. Only our own
folder is ever started; what a stranger published is compared and never run.
"""

import http.client
import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from hub.failure import Unexpected
from hub.verify import run_snippets, snippets_of
from release.outside import environment

PATIENCE_SECONDS = 60


def boot(folder: Path, endpoint: str, home: Path, address: str) -> int:
    """Start `app.py` against the Hub at `endpoint`; returns how many models it shows.

    The snippets of its card, which call the Space by its `address` on the Hub, are run against it.
    Raises Unexpected where it does not answer, shows anything but the published results, or where a
    snippet does not run.
    """
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port)],
        cwd=folder,
        env=environment(endpoint, home) | {"PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        board = _wait(port, process)
        card = (folder / "README.md").read_text(encoding="utf-8")
        here = f"http://127.0.0.1:{port}"
        called = [(address, code.replace(address, here)) for code in snippets_of(card)]
        run_snippets(called, home, environment(endpoint, home))
    finally:
        process.kill()
        process.communicate()
    if board.get("problems"):
        raise Unexpected(f"the Space finds fault with the results: {board['problems'][0]}")
    return len(board["models"])


def _wait(port: int, process: "subprocess.Popen[str]") -> dict[str, Any]:
    """The board, once the app has read the published results; a bundled snapshot is none."""
    patience = time.monotonic() + PATIENCE_SECONDS
    board: dict[str, Any] = {}
    while time.monotonic() < patience and process.poll() is None:
        try:
            board = _ask(port)
            if board.get("models") and board.get("source", {}).get("kind") == "live":
                return board
        except (OSError, http.client.HTTPException, ValueError):
            pass  # not there yet
        time.sleep(0.2)
    if process.poll() is not None:
        said = (process.stderr.read() if process.stderr else "").strip().splitlines()
        raise Unexpected(f"the Space does not start: {said[-1] if said else 'no reason given'}")
    why = "; ".join(board.get("notes", [])) or "no reason given"
    raise Unexpected(f"the Space does not show the published results: {why}")


def _ask(port: int) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/board.json")
        board: dict[str, Any] = json.load(connection.getresponse())
        return board
    finally:
        connection.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
