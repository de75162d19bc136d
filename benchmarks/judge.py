"""What asking a judge costs beside the judge: throughput, processor time, what a rerun asks again.

    python -m benchmarks.judge --quick      80 questions, once
    python -m benchmarks.judge              200 questions, medians of three

Both sides in one run and against one server, a process of its own that answers in the OpenAI
protocol after 20 to 180 ms, as judges do: unevenly. Once through the judge's own asking (paced,
retried, counted, each reply kept on disk) and once through the bare `openai` client with as many
threads. One JSON object a line.
"""

import argparse
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from evaluation.judge.prompts import PAIR_PROMPT, PAIR_SCHEMA
from evaluation.judge.settings import By
from evaluation.language_model.ask import Replies, ask_all
from evaluation.language_model.prompts import render
from evaluation.language_model.replies import Question
from evaluation.language_model.settings import ChatEndpoint

CONCURRENCY = 8
SHARE_OF_BARE, CPU_TIMES, RERUN_SECONDS = 0.9, 1.5, 1.0
VERDICT = json.dumps({"reasoning": "The second leaves out what matters.", "winner": "A"})


class Taken(NamedTuple):
    seconds: float
    cpu_seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="within 50 s on two cores")
    quick = parser.parse_args().quick
    number, times = (80, 1) if quick else (200, 3)
    against = f"{number} questions, {CONCURRENCY} threads"
    with serving() as url, tempfile.TemporaryDirectory() as scratch:
        by = By(
            endpoint=ChatEndpoint(url=url, model="scripted", concurrency=CONCURRENCY),
            max_tokens=200,
        )
        bare_client(questions(8, "warm"), by)
        ours, bare, reruns = [], [], []
        for turn in range(times):
            print(f"turn {turn + 1} of {times}", file=sys.stderr)
            asked = questions(number, str(turn))
            kept = Path(scratch) / f"{turn}.jsonl"
            bare.append(taken(lambda asked=asked: bare_client(asked, by)))
            ours.append(taken(lambda asked=asked, kept=kept: ask(asked, by, kept)))
            reruns.append(taken(lambda asked=asked, kept=kept: ask(asked, by, kept, fresh=0)))
    seconds = statistics.median(one.seconds for one in ours)
    share = statistics.median(b.seconds / o.seconds for b, o in zip(bare, ours, strict=True))
    cpu = statistics.median(o.cpu_seconds / b.cpu_seconds for b, o in zip(bare, ours, strict=True))
    emit("questions a second", number / seconds, "1/s", against, None, True)
    emit(
        "of the bare client's throughput", share, "times", against, SHARE_OF_BARE,
        share >= SHARE_OF_BARE,
    )  # fmt: skip
    emit("processor time of the bare client", cpu, "times", against, CPU_TIMES, cpu <= CPU_TIMES)
    again = statistics.median(one.seconds for one in reruns)
    emit("a rerun, which asks nothing", again, "s", against, RERUN_SECONDS, again <= RERUN_SECONDS)


def questions(number: int, salt: str) -> list[Question]:
    """Pairs of answers of 120 words, all different."""
    made = []
    for i in range(number):
        words = " ".join(f"Wort{(i * 7 + j) % 900}" for j in range(120))
        messages = render(
            PAIR_PROMPT, PAIR_SCHEMA, query=f"Frage {salt} {i}?", context="", response_a=words,
            response_b=words[::-1],
        )  # fmt: skip
        made.append(Question(messages, PAIR_SCHEMA))
    return made


def ask(asked: Sequence[Question], by: By, kept: Path, fresh: int | None = None) -> None:
    def no_chat() -> Any:
        raise AssertionError("an endpoint is asked, no local model")

    found = ask_all(asked, by, no_chat, Replies(kept, by, "judge"), lambda _: None)
    if any(reply.how != "said" for reply in found.replies):
        raise SystemExit("the server did not answer every question")
    if fresh is not None and found.cost.questions != fresh:
        raise SystemExit(f"a rerun asked {found.cost.questions} questions again")


def bare_client(asked: Sequence[Question], by: By) -> None:
    from openai import OpenAI

    endpoint = by.endpoint
    assert endpoint is not None
    client = OpenAI(base_url=endpoint.url, api_key="none", max_retries=0)

    def one(question: Question) -> Any:
        messages: Any = question.messages
        return client.chat.completions.create(
            model=endpoint.model,
            messages=messages,
            max_tokens=by.max_tokens,
            temperature=0,
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "verdict", "schema": question.schema, "strict": True},
            },
        )

    with client, ThreadPoolExecutor(CONCURRENCY) as threads:
        list(threads.map(one, asked))


def taken(act: Callable[[], None]) -> Taken:
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return Taken(time.perf_counter() - wall, time.process_time() - cpu)


class Judge(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["content-length"]))
        time.sleep(0.02 + 0.16 * (sum(asked) % 97) / 97)
        usage = {"prompt_tokens": 400, "completion_tokens": 20, "total_tokens": 420}
        message = {"role": "assistant", "content": VERDICT}
        body = json.dumps({
            "id": "x", "object": "chat.completion", "created": 0, "model": "scripted",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": usage,
        }).encode()  # fmt: skip
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[str]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,))
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/v1"
    finally:
        process.terminate()
        process.join(10)


def _serve(to: Connection) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Judge)
    to.send(server.server_port)
    server.serve_forever()


def emit(name: str, value: float, unit: str, against: str, goal: float | None, holds: bool) -> None:
    found = {
        "figure": name, "value": round(value, 3), "unit": unit, "against": against, "goal": goal,
        "holds": holds,
    }  # fmt: skip
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
