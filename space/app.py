"""The comparison Space: what a domain adaptation gained and lost, and what a merge gave back.

    python app.py [--port 7860]     on 127.0.0.1; on Spaces wherever Gradio is told to listen

One page written by hand (page/), its data from /board.json, and the same for programs as Gradio
endpoints:

    from gradio_client import Client
    Client("NAMESPACE/SPACE").predict(api_name="/scores")

README.md says where the results come from. Whatever happens to them, the page answers.
"""

import argparse
import gzip
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from library import Library, pack
from tables import Unreadable

if TYPE_CHECKING:
    from fastapi import Request, Response
    from gradio import Server

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER / "page"
TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
# Only this server's own scripts and styles, and no inline ones: text can never become a script.
# Framing is left open, since the Hub shows a Space in a frame and the page acts on nobody's behalf.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="The comparison app.")
    parser.add_argument("--port", type=int, help="default: GRADIO_SERVER_PORT, or a free one")
    arguments = parser.parse_args(argv)
    # Read when gradio and huggingface_hub are imported, so they are set before that.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_ETAG_TIMEOUT", "10")
    library = Library(FOLDER, os.environ)
    library.current(wait_seconds=0)
    server = create_server(library)
    server.launch(server_port=arguments.port, ssr_mode=False, _frontend=False, footer_links=[])


def create_server(library: Library) -> "Server":
    from gradio import Server

    # The interactive API pages would load their scripts from elsewhere.
    server = Server(title="Imprimatur", docs_url=None, redoc_url=None)
    _add_pages(server, library)
    _add_endpoints(server, library)
    return server


def _add_pages(server: "Server", library: Library) -> None:
    from fastapi import Request, Response

    files = {path.name: path for path in PAGE.iterdir() if path.suffix in TYPES}

    @server.get("/", include_in_schema=False)
    def index() -> Response:
        return _file(files["index.html"])

    @server.get("/page/{name}", include_in_schema=False)
    def page_file(name: str) -> Response:
        return _file(files[name]) if name in files else Response(status_code=404)

    @server.get("/board.json")
    def board_json(request: Request) -> Response:
        return _json(request, library.packed())

    @server.get("/answers.json")
    def answers_json(
        request: Request, before: str, after: str, group: str, metric: str
    ) -> Response:
        return _json(request, pack(_answers(library, before, after, group, metric)))


def _add_endpoints(server: "Server", library: Library) -> None:
    @server.api(name="scores", description="Every score: model, group, metric, value, interval.")
    def scores() -> list[dict[str, Any]]:
        board = library.current()
        names = [model["name"] for model in board.get("models", [])]
        return [
            {
                "model": name,
                "group": column["group"],
                "metric": column["metric"],
                "value": column["value"][i],
                "ci_low": column["low"][i],
                "ci_high": column["high"][i],
                "problem": column["flaws"].get(i),
            }
            for column in board.get("columns", [])
            for i, name in enumerate(names)
            if column["value"][i] is not None or i in column["flaws"]
        ]

    @server.api(name="differences", description="Paired differences, `after` minus `before`.")
    def differences() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = library.current().get("differences", [])
        return found

    @server.api(name="models", description="Every model: kind, parents, family, licence, size.")
    def models() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = library.current().get("models", [])
        return found

    @server.api(name="release", description="What is shown: release, source, date, problems.")
    def release() -> dict[str, Any]:
        board = library.current()
        wanted = ("status", "notes", "problems", "source", "release")
        return {key: board.get(key) for key in wanted}

    @server.api(name="answers", description="The questions whose answer changed.")
    def answers(before: str, after: str, group: str, metric: str) -> dict[str, Any]:
        return _answers(library, before, after, group, metric)


def _answers(library: Library, *wanted: str) -> dict[str, Any]:
    try:
        return library.answers(*wanted)
    except Unreadable as error:
        return {"problem": str(error)}


def _file(path: Path) -> "Response":
    from fastapi import Response

    return Response(path.read_bytes(), media_type=TYPES[path.suffix], headers=HEADERS)


def _json(request: "Request", packed: bytes) -> "Response":
    from fastapi import Response

    headers = {**HEADERS, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
    else:
        packed = gzip.decompress(packed)
    return Response(packed, media_type="application/json", headers=headers)


if __name__ == "__main__":
    main()
