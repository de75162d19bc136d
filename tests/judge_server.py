"""A judge that does as it is told, behind real HTTP: good days, bad days, known bias."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from evaluation.judge.answers import Answer
from evaluation.judge.queries import Query
from evaluation.judge.settings import By, JudgeSettings, Queries
from evaluation.language_model.settings import ChatEndpoint

_ANSWER = re.compile(r"<answer(?:-([AB]))? \w+>\n(.*?)\n</answer", re.DOTALL)


@dataclass
class Say:
    """What the server answers to one request."""

    text: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    finish: str = "stop"
    refusal: str | None = None
    body: bytes | None = None
    """instead of a completion"""


Script = Callable[[dict[str, Any], int], Say]
"""(request, number of the request) -> what is said"""


@dataclass
class Running:
    url: str
    asked: list[dict[str, Any]]


@contextmanager
def serving(script: Script) -> Iterator[Running]:
    asked: list[dict[str, Any]] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with lock:
                asked.append(request)
                number = len(asked) - 1
            say = script(request, number)
            body = say.body
            if body is None:
                message = {"role": "assistant", "content": say.text, "refusal": say.refusal}
                body = json.dumps(
                    {
                        "id": "x", "object": "chat.completion", "created": 0, "model": "scripted",
                        "choices": [{"index": 0, "message": message,
                                     "finish_reason": say.finish}],
                        "usage": {"prompt_tokens": 100, "completion_tokens": 10,
                                  "total_tokens": 110},
                    }
                ).encode()  # fmt: skip
            self.send_response(say.status)
            for name, value in {"content-type": "application/json", **say.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Running(f"http://127.0.0.1:{server.server_port}/v1", asked)
    finally:
        server.shutdown()
        server.server_close()


def shown(request: dict[str, Any]) -> dict[str, str]:
    """The answers in a request: A and B, or "" for the one that is examined."""
    return dict(_ANSWER.findall(request["messages"][-1]["content"]))


def pick(winner: str, reasoning: str = "because") -> Say:
    return Say(json.dumps({"reasoning": reasoning, "winner": winner}))


def settings_for(url: str = "", **changes: Any) -> JudgeSettings:
    endpoint = {"url": url or "http://127.0.0.1:9/v1", "model": "scripted", "retries": 1}
    endpoint |= changes.pop("endpoint", {})
    by = By(endpoint=ChatEndpoint(**endpoint), **changes.pop("by", {}))
    asked = Queries(name="questions", file="questions.jsonl")
    models = changes.pop("models", {"base": {}, "adapted": {}})
    return JudgeSettings(queries=asked, models=models, by=by, safety=False, **changes)


def made_up(
    num: int, better: Callable[[int], bool], models: tuple[str, str] = ("base", "adapted")
) -> tuple[list[Query], dict[tuple[str, str], Answer]]:
    """Queries and answers whose worth is written in them: `worth 1` is better than `worth 0`."""
    queries = [Query(f"q{n:03}", f"Question {n}?", "", "en", f"q{n:03}") for n in range(num)]
    answers = {}
    for n, query in enumerate(queries):
        for place, model in enumerate(models):
            worth = int(better(n)) if place else int(not better(n))
            text = f"{model} says to {n}: worth {worth}"
            answers[(model, query.id)] = Answer(model, "", "", query.id, "", text, 5, "stop")
    return queries, answers


def better_of(request: dict[str, Any]) -> str:
    answers = shown(request)
    return "A" if "worth 1" in answers["A"] else "B"
