"""A server in the OpenAI protocol that has bad days on request; what was asked of it is kept."""

import json
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from corpus.domain.settings import Labeller, LabellingEndpoint


@dataclass
class Script:
    """The answer to a document is named by the last word in it."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    default: str = "medical"
    """the answer where a document names none"""
    failures: dict[str, int] = field(default_factory=dict)
    """how often a document was answered with an error already"""

    def labeller(self, **changed: Any) -> Labeller:
        endpoint = {"url": self.url, "model": "scripted", "retries": 2, "timeout_seconds": 1.5}
        own = changed.pop("endpoint", {})
        return Labeller(endpoint=LabellingEndpoint(**{**endpoint, **own}), **changed)


def _completion(content: str, probabilities: dict[str, float] | None, **choice: Any) -> Any:
    logprobs = None
    if probabilities is not None:
        top = [{"token": token, "logprob": math.log(p), "bytes": None}
               for token, p in probabilities.items()]  # fmt: skip
        logprobs = {"content": [{**top[0], "top_logprobs": top}], "refusal": None}
    message = {"role": "assistant", "content": content, "refusal": choice.pop("refusal", None)}
    found = {"index": 0, "finish_reason": "length", "message": message, "logprobs": logprobs}
    return {
        "id": "1", "object": "chat.completion", "created": 1, "model": "scripted",
        "choices": [{**found, **choice}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 1, "total_tokens": 101},
    }  # fmt: skip


ANSWERS: dict[str, Any] = {
    "medical": _completion("yes", {"yes": 0.7, " Yes": 0.2, "no": 0.1}),
    "other": _completion("No", {"No": 0.95, "yes": 0.05}),
    "prosaic": _completion("Well", {"Well": 0.9, "The": 0.1}),
    "doubtful": _completion("yes", {"yes": 0.2, "no": 0.1, "As": 0.1}),
    "refusing": _completion("", None, refusal="I cannot help with that"),
    "filtered": _completion("", None, finish_reason="content_filter"),
    "silent": _completion("yes", None),
    "hollow": {"id": "1", "choices": []},
}
ERRORS = {"busy": 429, "broken": 500}


class _Handler(BaseHTTPRequestHandler):
    script: Script

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.script.asked.append(body)
        word = body["messages"][0]["content"].split()[-1]
        kind, _, times = word.partition(":")
        seen = self.script.failures.get(word, 0)
        if kind in ERRORS and seen < int(times or 1_000):
            self.script.failures[word] = seen + 1
            self._send(ERRORS[kind], {"error": {"message": kind}}, {"Retry-After": "0"})
        elif kind == "slow":
            time.sleep(3)
            self._send(200, ANSWERS["medical"])
        elif kind == "page":
            self._send(200, None, {"Content-Type": "text/html"})
        elif kind == "away":
            self._send(307, {}, {"Location": "http://192.0.2.1/v1/chat/completions"})
        elif kind == "locked":
            self._send(401, {"error": {"message": "wrong key"}})
        else:
            self._send(200, ANSWERS.get(kind, ANSWERS[self.script.default]))

    def _send(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        content = b"<html>gateway</html>" if body is None else json.dumps(body).encode()
        try:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except BrokenPipeError:
            pass

    def log_message(self, *arguments: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[Script]:
    script = Script()
    handler = type("Handler", (_Handler,), {"script": script})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    script.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
