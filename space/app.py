"""The comparison Space: what a domain adaptation gained and lost, and what a merge gave back.

    python app.py [--port 7860]     on 127.0.0.1; on Spaces wherever Gradio is told to listen

One page written by hand (page/), its data from /board.bin and what follows it when it is asked for,
and the same for programs as Gradio endpoints:

    from gradio_client import Client
    Client("NAMESPACE/SPACE").predict(api_name="/scores")

README.md says where the results come from. Whatever happens to them, the page answers.
"""

import argparse
import gzip
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import browse
import importing
import playground as playing
import scripts
import wire
from board import score_rows
from library import Library
from playground import Playground
from reading import Reading
from tables import MAX_TEXT, Unreadable, tame

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
BINARY = "application/octet-stream"
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
    app, _, _ = create_server(library, os.environ).launch(
        server_port=arguments.port, ssr_mode=False, _frontend=False, footer_links=[],
        prevent_thread_lock=True,
    )  # fmt: skip
    library.current(wait_seconds=0)  # begins to read; until here the start had the processor alone
    app.get_blocks().block_thread()


def create_server(library: Library, environ: Mapping[str, str]) -> "Server":
    with importing.quickly():
        from gradio import Server

    # The interactive API pages would load their scripts from elsewhere.
    server = Server(title="Imprimatur", docs_url=None, redoc_url=None)
    _add_pages(server, library)
    playground = Playground.of(environ)
    _add_data(server, library, playground is not None)
    _add_endpoints(server, library)
    _add_native(server, library, playground)
    return server


def _add_native(server: "Server", library: Library, playground: Playground | None) -> None:
    """Pages of Gradio's own fields, where these serve best."""
    from gradio import mount_gradio_app

    pages = {browse.PATH: browse.page(library)}
    if playground:
        pages[playing.PATH] = playing.page(playground)
    for path, page in pages.items():
        mount_gradio_app(server, page, path, ssr_mode=False, footer_links=[], run_history=False)


def _add_pages(server: "Server", library: Library) -> None:
    from fastapi import Request, Response

    texts = {path.name: path.read_bytes() for path in PAGE.iterdir() if path.suffix in TYPES}
    texts["page.js"] = scripts.bundle(PAGE, "page").encode()
    files = {
        name: (gzip.compress(text, 9), TYPES[Path(name).suffix]) for name, text in texts.items()
    }

    @server.get("/", include_in_schema=False)
    def index(request: Request) -> Response:
        page = _reply(request, *files["index.html"])
        if not request.query_params.keys() & {"board", "__sign"}:
            # The results are under way while the script that will ask for them is still read.
            page.headers["Link"] = "<board.bin>; rel=preload; as=fetch; crossorigin"
        return page

    @server.get("/page/{name}", include_in_schema=False)
    def page_file(request: Request, name: str) -> Response:
        return _reply(request, *files[name]) if name in files else Response(status_code=404)

    @server.get("/board.bin", include_in_schema=False)
    def board_bin(request: Request, board: str = "") -> Response:
        try:
            return _reply(request, library.packed(board), BINARY)
        except Unreadable as error:
            nothing = {"status": "nothing", "notes": [str(error)]}
            return _reply(request, wire.pack(nothing), BINARY)

    @server.get("/rest.bin", include_in_schema=False)
    def rest_bin(request: Request, of: str = "", board: str = "") -> Response:
        return of_reading(request, of, board, lambda reading: reading.rest)

    @server.get("/intervals.bin", include_in_schema=False)
    def intervals_bin(
        request: Request, start: int, stop: int, of: str = "", board: str = ""
    ) -> Response:
        def pack(reading: Reading) -> bytes:
            columns = reading.board.columns if reading.board else []
            return wire.pack_intervals(columns[max(0, start) : max(0, stop)])

        return of_reading(request, of, board, pack)

    def of_reading(
        request: Request, of: str, board: str, pack: Callable[[Reading], bytes]
    ) -> Response:
        """409 where the page stands on other results than those that are here now."""
        try:
            reading = library.reading(board)
        except Unreadable:
            return Response(status_code=409, headers=HEADERS)
        if of and of != reading.digest:
            return Response(status_code=409, headers=HEADERS)
        return _reply(request, pack(reading), BINARY)


def _add_data(server: "Server", library: Library, playground: bool) -> None:
    """What the page asks for when it is needed, as JSON; programs may ask too."""
    from fastapi import Request, Response

    def say(request: Request, ask: Callable[[], Any]) -> Response:
        return _reply(request, _packed(_or_problem(ask)), "application/json")

    @server.get("/board.json")
    def board_json(request: Request) -> Response:
        return say(request, library.current)

    @server.get("/papers.json")
    def papers_json(request: Request) -> Response:
        return say(request, lambda: {"papers": library.papers, "playground": playground})

    @server.get("/differences.json")
    def differences_json(request: Request, base: str, board: str = "") -> Response:
        def ask() -> dict[str, Any]:
            found = library.reading(board).differences
            return found.between(base) if found else {"base": base, "rows": []}

        return say(request, ask)

    @server.get("/ranks.json")
    def ranks_json(request: Request, board: str = "") -> Response:
        return say(request, lambda: {"rows": library.reading(board).ranks})

    @server.get("/adaptation.json")
    def adaptation_json(request: Request) -> Response:
        return say(request, lambda: library.reading().adaptation)

    @server.get("/judged.json")
    def judged_json(request: Request) -> Response:
        return say(request, lambda: {"rows": library.reading().judged})

    @server.get("/corpora.json")
    def corpora_json(request: Request) -> Response:
        return say(
            request, lambda: {"corpora": [c.summary for c in library.reading().corpora.values()]}
        )

    @server.get("/ledger.json")
    def ledger_json(
        request: Request, corpus: str, q: str = "", page: int = 0, source: str = "",
        status: str = "", reason: str = "", licence: str = "",
    ) -> Response:  # fmt: skip
        chosen = {"source": source, "status": status, "reason": reason, "licence": licence}
        return say(request, lambda: _search(library, corpus, q, chosen, page))

    @server.get("/answers.json")
    def answers_json(
        request: Request, before: str, after: str, group: str, metric: str
    ) -> Response:
        return say(request, lambda: library.answers(before, after, group, metric))


def _add_endpoints(server: "Server", library: Library) -> None:
    @server.api(name="scores", description="Every score: model, group, metric, value, interval.")
    def scores() -> list[dict[str, Any]]:
        board = library.reading().board
        return score_rows(board) if board else []

    @server.api(name="differences", description="Paired differences, `after` minus `before`.")
    def differences() -> list[dict[str, Any]]:
        found = library.reading().differences
        return found.rows() if found else []

    @server.api(name="models", description="Every model: kind, parents, family, licence, size.")
    def models() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = library.current().get("models", [])
        return found

    @server.api(name="release", description="What is shown: release, source, date, problems.")
    def release() -> dict[str, Any]:
        board = library.current()
        wanted = ("status", "notes", "problems", "source", "release")
        return {key: board.get(key) for key in wanted}

    @server.api(name="judged", description="Open answers: win-rates, failure modes, agreement.")
    def judged() -> list[dict[str, Any]]:
        return library.reading().judged

    @server.api(name="answers", description="The questions whose answer changed.")
    def answers(before: str, after: str, group: str, metric: str) -> dict[str, Any]:
        found: dict[str, Any] = _or_problem(lambda: library.answers(before, after, group, metric))
        return found

    @server.api(name="ledger", description="Documents of a corpus: what decided about each.")
    def ledger(corpus: str, sought: str = "", page: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = _or_problem(lambda: _search(library, corpus, sought, {}, page))
        return found


def _search(
    library: Library, corpus: str, sought: str, chosen: dict[str, str], page: int
) -> dict[str, Any]:
    corpora = library.reading().corpora
    if corpus not in corpora:
        raise Unreadable(f"no corpus {tame(corpus)} is published")
    return corpora[corpus].search(sought[:MAX_TEXT], chosen, page)


def _or_problem(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Unreadable as error:
        return {"problem": str(error)}


def _packed(content: Any) -> bytes:
    return gzip.compress(json.dumps(content, allow_nan=False, separators=(",", ":")).encode(), 5)


def _reply(request: "Request", packed: bytes, kind: str) -> "Response":
    from fastapi import Response

    headers = {**HEADERS, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
    else:
        packed = gzip.decompress(packed)
    return Response(packed, media_type=kind, headers=headers)


if __name__ == "__main__":
    main()
