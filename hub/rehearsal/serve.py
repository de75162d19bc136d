"""Running the rehearsal Hub: in this process (`serve`), or beside it (`running`).

    with running(root, {"demo": "hf_demo"}, orgs=["lab"]) as url:
        subprocess.run([...], env={**os.environ, "HF_ENDPOINT": url, "HF_TOKEN": "hf_demo", ...})

Tokens never go through the command line. The subprocess ends when its standard input closes, so it
cannot outlive its parent, however that ends.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from hub.environment import without_secrets
from hub.failure import Failed

if TYPE_CHECKING:
    import asyncio

    from hub.rehearsal.chaos import Chaos

HOST = "127.0.0.1"
READY = "rehearsal hub ready at "
START_SECONDS = 60


def listen(port: int) -> socket.socket:
    """A socket on loopback; OSError with one clear sentence if the port is taken."""
    # Named as TCP, because asyncio turns Nagle's algorithm off only then: without it every answer
    # waits 40 ms for the client's delayed acknowledgement.
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((HOST, port))
        server.listen(256)
    except OSError as error:
        server.close()
        raise OSError(error.errno, f"cannot serve on {HOST}:{port}: {error.strerror}") from error
    return server


def serve(
    root: Path,
    port: int = 0,
    users: Mapping[str, str] | None = None,
    orgs: Sequence[str] = (),
    ready: Callable[[str], None] | None = None,
    chaos: "Chaos | None" = None,
) -> None:
    """Serve until interrupted; calls `ready(url)` when it accepts. Port 0: a free one."""
    import uvicorn

    from hub.disk import WorkdirBusy, locked
    from hub.rehearsal.app import create_app

    with ExitStack() as held:
        server = held.enter_context(listen(port))
        try:
            held.enter_context(locked(root))
        except WorkdirBusy as busy:
            holder = str(busy).partition(" is in use by ")[2].partition(":")[0]
            raise WorkdirBusy(
                f"--root {root} is served by {holder} already: stop it, or give another --root"
            ) from None
        url = f"http://{HOST}:{server.getsockname()[1]}"
        config = uvicorn.Config(
            create_app(root, users or {}, orgs, chaos),
            http=_remembering(),
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=2,
            timeout_keep_alive=75,  # clients reuse a connection after a pause between two uploads
        )
        if ready is not None:
            ready(url)
        uvicorn.Server(config).run(sockets=[server])


def serve_for_a_person(
    root: Path,
    port: int,
    users_file: Path | None,
    pairs: Sequence[str],
    orgs: Sequence[str],
    chaos: str | None,
) -> None:
    """What `imprimatur hub serve` does: read the flags, serve, say where and to whom."""
    from hub.failure import BadInput
    from hub.rehearsal.auth import Accounts, new_user, read_users
    from hub.rehearsal.chaos import Chaos

    try:
        users = read_users(users_file, pairs)
        made = {} if users else new_user()
        Accounts(made or users, orgs)
        trouble = None if chaos is None else Chaos.parse(chaos)
    except ValueError as error:
        raise BadInput(str(error)) from None

    def announce(url: str) -> None:
        print(f"Serving {root} at {url}", flush=True)
        for name, token in made.items():
            print(f"User {name}, token {token}", flush=True)

    serve(root, port, made or users, orgs, announce, trouble)


def _remembering() -> "type[asyncio.Protocol]":
    """uvicorn's HTTP protocol, which also notes each connection for `chaos` to drop."""
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

    from hub.rehearsal.chaos import TRANSPORTS

    class Remembering(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        def connection_made(self, transport: "asyncio.Transport") -> None:
            super().connection_made(transport)
            peer = transport.get_extra_info("peername")
            if peer:
                TRANSPORTS[peer[0], peer[1]] = transport

    return Remembering


@contextmanager
def running(
    root: Path,
    users: Mapping[str, str],
    orgs: Sequence[str] = (),
    port: int = 0,
    chaos: str | None = None,
) -> Iterator[str]:
    """A server in a subprocess, its URL once it answers; it is gone when the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        users_file = Path(folder) / "users.json"
        users_file.touch(mode=0o600)
        users_file.write_text(json.dumps(dict(users)), encoding="utf-8")
        command = [sys.executable, "-m", "hub.rehearsal", "--root", str(root), "--port", str(port)]
        command += ["--users-file", str(users_file), "--until-stdin-closes"]
        for org in orgs:
            command += ["--org", org]
        if chaos is not None:
            command += ["--chaos", chaos]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=server_environment(),
        )
        try:
            yield _url_of(process)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()


def server_environment() -> dict[str, str]:
    """This environment without its secrets, this package's folder importable from anywhere."""
    here = str(Path(__file__).resolve().parents[2])
    known = os.environ.get("PYTHONPATH")
    return {**without_secrets(), "PYTHONPATH": os.pathsep.join([here, known] if known else [here])}


def _url_of(process: "subprocess.Popen[str]") -> str:
    """Wait for the line that says where the server is; raises Failed with what it said instead."""
    assert process.stdout is not None
    said = "it said nothing"
    timer = threading.Timer(START_SECONDS, process.kill)
    timer.start()
    try:
        for line in process.stdout:
            if line.startswith(READY):
                return line.removeprefix(READY).strip()
            said = line.strip()
    finally:
        timer.cancel()
    raise Failed(f"the rehearsal Hub did not start: {said}")


def end_with(stream: TextIO) -> None:
    """End this process when `stream` closes, from a thread of its own."""

    def watch() -> None:
        while stream.read(1024):
            pass
        os._exit(0)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
