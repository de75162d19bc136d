"""HAL, MediaWiki and PMC in small, over real sockets, answering in the shapes that the services do.

`faults` says what goes wrong with which request, counted from 1: 429, 500, "reset" in the middle of
the body, "short" (the connection ends early), "half" (half a body that claims to be whole),
"repeat" (the answer before once more), "odd" (JSON of another form).
"""

import hashlib
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ARTICLE = """<article><front><article-meta><title-group><article-title>Article {id}
</article-title></title-group><permissions><license><p>CC BY 4.0</p></license></permissions>
</article-meta></front><body><p>Le texte de l'article {id}.</p></body></article>"""


@dataclass
class Services:
    """What the services hold, what they were asked, and what is to go wrong."""

    url: str = ""
    records: int = 23
    files: bool = False
    """whether records have their file"""
    pause: float = 0.0
    """seconds before each answer"""
    faults: dict[int, object] = field(default_factory=dict)
    asked: list[tuple[float, str, dict[str, list[str]]]] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    before: bytes = b""
    licences: dict[str, str] = field(default_factory=dict)
    """by PMC id, where it is not CC BY"""

    def hal(self, query: dict[str, list[str]]) -> object:
        assert query["sort"] == ["docid asc"]
        cursor = query["cursorMark"][0]
        start = 0 if cursor == "*" else int(cursor.removeprefix("AoE"))
        rows = min(int(query["rows"][0]), 5)
        docs = [
            {
                "docid": str(n),
                "halId_s": f"hal-{n:08d}",
                "title_s": [f"Titre {n}"],
                "abstract_s": [f"Résumé numéro {n}."],
                "language_s": ["fr"],
                "licence_s": "http://creativecommons.org/licenses/by/",
                **({"fileMain_s": f"{self.url}/file/{n}"} if self.files and n % 4 == 0 else {}),
            }
            for n in range(start, min(start + rows, self.records))
        ]
        after = f"AoE{start + len(docs)}" if docs else cursor
        return {
            "response": {"numFound": self.records, "start": 0, "docs": docs},
            "nextCursorMark": after,
        }

    def wiki(self, query: dict[str, list[str]]) -> object:
        asked = {key: values[0] for key, values in query.items()}
        if asked.get("list") == "categorymembers":
            return self._members(asked)
        ids = [int(id) for id in asked["pageids"].split("|")]
        whole = "rvcontinue" in asked
        # the first answer leaves the second half of the texts to the next, as large pages make it
        told = ids[len(ids) // 2 :] if whole else ids[: len(ids) // 2]
        pages = [
            {"pageid": id, "ns": 0, "title": f"Page {id}"}
            | ({"revisions": [_revision(id)]} if id in told else {})
            for id in ids
            if id != 13
        ]
        pages += [{"pageid": 13, "missing": True}] if 13 in ids else []
        rights = {
            "url": "https://creativecommons.org/licenses/by-sa/4.0/deed.fr",
            "text": "Creative Commons Attribution-Share Alike 4.0",
        }
        answer: dict[str, object] = {"query": {"rightsinfo": rights, "pages": pages}}
        if whole:
            return {"batchcomplete": True, **answer}
        return {"continue": {"rvcontinue": "1|2", "continue": "||"}, **answer}

    def _members(self, asked: dict[str, str]) -> object:
        tree: dict[tuple[str, str], list[int] | list[str]] = {
            ("Catégorie:Médecine", "page"): list(range(1, 61)),
            ("Catégorie:Médecine", "subcat"): ["Catégorie:Cardiologie"],
            ("Catégorie:Cardiologie", "page"): list(range(50, 90)),  # ten of them a second time
            ("Catégorie:Cardiologie", "subcat"): ["Catégorie:Trop profond"],
            ("Catégorie:Trop profond", "page"): [999],
        }
        found = tree.get((asked["cmtitle"], asked["cmtype"]), [])
        start = int(asked.get("cmcontinue", "page|0").split("|")[1])
        members = [
            {"pageid": 5000, "ns": 14, "title": one}
            if isinstance(one, str)
            else {"pageid": one, "ns": 0, "title": f"Page {one}"}
            for one in found[start : start + 25]
        ]
        answer: dict[str, object] = {"query": {"categorymembers": members}}
        if start + 25 < len(found):
            return {"continue": {"cmcontinue": f"page|{start + 25}", "continue": "-||"}, **answer}
        return {"batchcomplete": True, **answer}

    def bucket_keys(self) -> list[str]:
        versions = [f"metadata/PMC{100 + n}.{v}.json" for n in range(self.records) for v in (1, 2)]
        return sorted([*versions, "metadata/PMC100.10.json"])

    def listing(self, query: dict[str, list[str]]) -> str:
        prefix, after = query["prefix"][0], query.get("start-after", [""])[0]
        keys = [key for key in self.bucket_keys() if key.startswith(prefix) and key > after]
        shown = "".join(f"<Contents><Key>{key}</Key><Size>9</Size></Contents>" for key in keys[:7])
        return (
            '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult '
            'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>pmc-oa-opendata</Name>'
            f"<Prefix>{prefix}</Prefix><IsTruncated>{str(len(keys) > 7).lower()}</IsTruncated>"
            f"{shown}</ListBucketResult>"
        )

    def metadata(self, name: str) -> object:
        id, _, version = name.removesuffix(".json").partition(".")
        content = ARTICLE.format(id=f"{id}.{version}").encode()
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return {
            "pmcid": id, "version": int(version), "is_pmc_openaccess": True,
            "is_retracted": id == "PMC103", "license_code": self.licences.get(id, "CC BY"),
            "xml_url": f"s3://pmc-oa-opendata/{id}.{version}/{id}.{version}.xml?md5={md5}",
        }  # fmt: skip


def _revision(id: int) -> dict[str, object]:
    text = f"'''Page {id}''' est un article."
    slot = {"contentmodel": "wikitext", "contentformat": "text/x-wiki", "content": text}
    return {"revid": 1000 + id, "timestamp": "2026-01-01T00:00:00Z", "slots": {"main": slot}}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    services: Services

    def do_GET(self) -> None:
        services, address = self.services, urlsplit(self.path)
        query = parse_qs(address.query)
        services.asked.append((time.monotonic(), address.path, query))
        services.agents.add(self.headers["User-Agent"])
        time.sleep(services.pause)
        fault = services.faults.get(len(services.asked))
        body = b"" if isinstance(fault, int) else self._body(address.path, query)
        if fault == "repeat" and services.before:
            body = self._repeated(body)
        elif body is not None:
            services.before = body
        if isinstance(fault, int) or body is None:
            self.send_response(fault if isinstance(fault, int) else 404)
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if fault == "odd":
            body = b'{"query": [], "continue": "later"}'
        sent = body[: len(body) // 2] if fault in ("reset", "short", "half") else body
        self.send_response(200)
        self.send_header("Content-Length", str(len(sent) if fault == "half" else len(body)))
        self.end_headers()
        self.wfile.write(sent)
        if fault == "reset":
            abort = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, abort)
        if fault in ("reset", "short"):
            self.close_connection = True

    def _repeated(self, body: bytes | None) -> bytes:
        """The docs of the answer before, under the cursor of this one."""
        old, new = json.loads(self.services.before), json.loads(body or b"{}")
        return json.dumps(old | {"nextCursorMark": new["nextCursorMark"]}).encode()

    def _body(self, path: str, query: dict[str, list[str]]) -> bytes | None:
        services = self.services
        if path == "/search/":
            return json.dumps(services.hal(query)).encode()
        if path == "/w/api.php":
            return json.dumps(services.wiki(query)).encode()
        if path.startswith("/file/"):
            return None if path.endswith("/8") else b"%PDF-1.4 " + path.encode() * 500
        if path == "/lists/oa.csv":
            rows = ["Key,ETag,Article Citation,AccessionID,PMID,License"]
            rows += [f'k,e,"J. 2020; 1(1):1, 2",PMC{100 + n},{n},CC BY' for n in range(9)]
            return "\n".join(rows).encode()
        if path == "/" and query.get("list-type") == ["2"]:
            return services.listing(query).encode()
        if path.startswith("/metadata/"):
            return json.dumps(services.metadata(path.removeprefix("/metadata/"))).encode()
        if path.startswith("/PMC"):
            return ARTICLE.format(id=path.split("/")[1]).encode()
        return None

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is no error of ours."""


@contextmanager
def serving(**fields: object) -> Iterator[Services]:
    services = Services(**fields)  # type: ignore[arg-type]
    handler = type("Handler", (_Handler,), {"services": services})
    server = _Server(("127.0.0.1", 0), handler)
    services.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield services
    finally:
        server.shutdown()
        server.server_close()
