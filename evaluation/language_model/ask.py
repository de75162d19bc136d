"""Puts questions to a language model: what it will cost, what is known already, what came of it.

Replies are kept as they come, under a hash of everything that was asked and of whom, so a killed
run goes on where it was and a second one pays nothing. A model that answers nothing at all is not
asked thousands of times: after `GIVE_UP` in a row without an answer the run stops.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from evaluation.language_model.cache import append, read_lines
from evaluation.language_model.chat import Chat
from evaluation.language_model.endpoint import Server
from evaluation.language_model.replies import Question, Reply
from evaluation.language_model.settings import LanguageModel
from hub.failure import Failed, Refused
from hub.manifest import canonical_sha256

GIVE_UP = 32
_NO_ANSWER = ("unanswered", "rejected")
_CHARACTERS_PER_TOKEN = 3.2
"""of German and French text in the tokenizers of multilingual models; an estimate says so"""


@dataclass(frozen=True)
class Cost:
    """Before: estimated from characters, every answer at its longest. After: counted."""

    questions: int
    input_tokens: int
    output_tokens: int
    money: float
    currency: str

    def __str__(self) -> str:
        money = f", {self.money:.2f} {self.currency}" if self.currency else ""
        tokens = self.input_tokens + self.output_tokens
        return f"{self.questions:,} questions, {tokens:,} tokens{money}"


@dataclass(frozen=True)
class Asked:
    replies: list[Reply]
    """in the order of the questions"""
    cost: Cost
    """of what was asked now; replies of earlier runs cost nothing again"""
    known: int
    """replies of earlier runs"""


class Replies:
    """The replies that are known, by what was asked and of whom."""

    def __init__(self, path: Path, by: LanguageModel, local: str) -> None:
        self.path = path
        self._who = canonical_sha256(
            {"local": local, "max_tokens": by.max_tokens}
            | (
                {
                    key: getattr(by.endpoint, key)
                    for key in ("url", "model", "structured", "request")
                }
                if by.endpoint
                else {}
            )
        )
        self.known = {
            line["key"]: Reply(line["how"], line["text"], line["in"], line["out"])
            for line in read_lines(path)
            if {"key", "how", "text", "in", "out"} <= line.keys()
        }

    def key(self, question: Question) -> str:
        return canonical_sha256([self._who, question.messages, question.schema])

    def keep(self, pairs: Sequence[tuple[str, Reply]]) -> None:
        kept = [(key, reply) for key, reply in pairs if reply.how != "unanswered"]
        append(
            self.path,
            (
                {"key": key, "how": r.how, "text": r.text, "in": r.input_tokens,
                 "out": r.output_tokens}
                for key, r in kept
            ),
        )  # fmt: skip
        self.known |= dict(kept)


def ask_all(
    questions: Sequence[Question],
    by: LanguageModel,
    chat: Callable[[], Chat],
    replies: Replies,
    progress: Callable[[str], None],
    already: float = 0.0,
) -> Asked:
    """Ask what is not known; equal questions are asked once. `already` is what this run has cost.

    Raises Refused before the first request where it may cost too much, or when it has; Failed where
    the model does not answer at all. What was answered is kept.
    """
    keys = [replies.key(question) for question in questions]
    todo = {k: q for k, q in zip(keys, questions, strict=True) if k not in replies.known}
    known = len(set(keys)) - len(todo)
    expected = estimate(list(todo.values()), by)
    progress(f"{by.role}: about {expected} to come, {known:,} replies known")
    limit = by.endpoint.max_cost if by.endpoint else None
    if limit is not None and already + expected.money > limit:
        raise Refused(
            f"the {by.role} may cost about {already + expected.money:.2f} {expected.currency}, and"
            f" max_cost is {limit:.2f}: raise it, ask fewer queries, or lower by.max_tokens"
        )
    watch = _Watch(by, already)
    fresh: dict[str, Reply] = {}
    with closing(_batches_answered(todo, by, chat, replies.keep)) as answered:
        for pairs in answered:
            replies.keep(pairs)
            fresh |= dict(pairs)
            watch.see([reply for _, reply in pairs], len(replies.known))
    found = [replies.known.get(key) or fresh[key] for key in keys]
    progress(f"{by.role}: counted {watch.cost}")
    return Asked(found, watch.cost, known)


class _Watch:
    """Counts what comes in, and ends the run where nobody answers or it has cost what it may."""

    def __init__(self, by: LanguageModel, already: float) -> None:
        self.by, self.already = by, already
        self.limit = by.endpoint.max_cost if by.endpoint else None
        self.answered = self.inputs = self.outputs = self.silent = 0

    @property
    def cost(self) -> Cost:
        return _priced(self.by, self.answered, self.inputs, self.outputs)

    def see(self, replies: Sequence[Reply], num_kept: int) -> None:
        """Raises Failed, Refused."""
        for reply in replies:
            self.answered += 1
            self.inputs += reply.input_tokens
            self.outputs += reply.output_tokens
            self.silent = self.silent + 1 if reply.how in _NO_ANSWER else 0
        if self.silent >= GIVE_UP:
            raise Failed(
                f"the {self.by.role} did not answer {GIVE_UP} questions in a row"
                f" ({replies[-1].text[:120]}): {num_kept} replies are kept, run again when it does"
            )
        spent = self.cost
        if self.limit is not None and self.already + spent.money > self.limit:
            raise Refused(
                f"the {self.by.role} has cost {self.already + spent.money:.2f} {spent.currency},"
                f" above max_cost {self.limit:.2f}: {num_kept} replies are kept"
            )


def estimate(questions: Sequence[Question], by: LanguageModel) -> Cost:
    characters = sum(
        len(message["content"]) for question in questions for message in question.messages
    )
    inputs = int(characters / _CHARACTERS_PER_TOKEN)
    return _priced(by, len(questions), inputs, len(questions) * by.max_tokens)


def _priced(by: LanguageModel, questions: int, inputs: int, outputs: int) -> Cost:
    endpoint = by.endpoint
    if endpoint is None or not (
        endpoint.price_per_million_input or endpoint.price_per_million_output
    ):
        return Cost(questions, inputs, outputs, 0.0, "")
    money = (
        inputs * endpoint.price_per_million_input + outputs * endpoint.price_per_million_output
    ) / 1e6
    return Cost(questions, inputs, outputs, money, endpoint.currency)


def _batches_answered(
    todo: dict[str, Question],
    by: LanguageModel,
    chat: Callable[[], Chat],
    keep: Callable[[Sequence[tuple[str, Reply]]], None],
) -> Generator[list[tuple[str, Reply]], None, None]:
    if not todo:
        return
    if by.local is not None:
        model = chat()
        for batch in _batches(todo, by.local.batch):
            said = model.answer([q.messages for _, q in batch], by.max_tokens)
            yield [(key, answer.as_reply()) for (key, _), answer in zip(batch, said, strict=True)]
        return
    assert by.endpoint is not None
    server = Server(by)
    try:
        yield from _as_they_come(todo, server, by.endpoint.concurrency, keep)
    finally:
        server.close()


def _as_they_come(
    todo: dict[str, Question],
    server: Server,
    concurrency: int,
    keep: Callable[[Sequence[tuple[str, Reply]]], None],
) -> Iterator[list[tuple[str, Reply]]]:
    """As many questions on their way as are allowed, whichever of them takes long, and as many
    again in line, so that no thread waits for the one that keeps the replies.

    However it ends, what is on its way then is waited for and kept: it has been paid for.
    """
    remaining = iter(todo.items())
    flying: dict[Future[Reply], str] = {}
    with ThreadPoolExecutor(concurrency) as threads:
        try:
            while True:
                for key, question in islice(remaining, 2 * concurrency - len(flying)):
                    flying[threads.submit(server.ask, question)] = key
                if not flying:
                    return
                landed, _ = wait(flying, return_when=FIRST_COMPLETED)
                asked = [(flying.pop(future), future) for future in landed]
                # What was answered is kept before the one that ends the run does so.
                yield [(key, future.result()) for key, future in asked if not future.exception()]
                for _, future in asked:
                    future.result()
        finally:
            begun = [future for future in flying if not future.cancel()]
            wait(begun)
            keep([(flying[future], future.result()) for future in begun if not future.exception()])


def _batches(todo: dict[str, Question], size: int) -> Iterator[list[tuple[str, Question]]]:
    remaining = iter(todo.items())
    while batch := list(islice(remaining, size)):
        yield batch
