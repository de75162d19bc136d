"""Labels a sample: what is asked, what it will cost, what came of it.

Answers are kept as they come (`cache`), so that a killed run goes on where it was and a second one
pays nothing. A labeller that fails document after document is not asked 260,000 times: after
`GIVE_UP` unanswered in a row the run stops, with what is answered kept.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from corpus.domain.answers import Answer
from corpus.domain.cache import Cache, content_key
from corpus.domain.endpoint import Server
from corpus.domain.local import Model
from corpus.domain.settings import DOCUMENT, Labeller
from hub.failure import Failed
from hub.licences.leaving import may_send

GIVE_UP = 32
BATCH = 64
_CHARACTERS_PER_TOKEN = 3.2
"""of German and French web text in the tokenizers of multilingual models; an estimate says so"""


class Sampled(NamedTuple):
    """A document of the sample."""

    id: str
    source: str
    language: str
    text: str


@dataclass(frozen=True)
class Cost:
    """Before: estimated from characters. After: counted by the server."""

    documents: int
    input_tokens: int
    output_tokens: int
    money: float
    currency: str

    def __str__(self) -> str:
        money = f", {self.money:.2f} {self.currency}" if self.money else ""
        return f"{self.documents:,} documents, {self.input_tokens:,} tokens{money}"


@dataclass(frozen=True)
class Labelled:
    """One answer a document, in the order of the sample."""

    answers: list[Answer]
    cost: Cost
    """of what was asked now; answers of earlier runs cost nothing again"""

    @property
    def outcomes(self) -> dict[str, int]:
        return dict(sorted(Counter(answer.outcome for answer in self.answers).items()))


def estimate(documents: Sequence[Sampled], settings: Labeller, cache: Path) -> Cost:
    """What asking would cost, without what is answered already."""
    known = Cache(cache, settings).answers
    texts = {content_key(d.text): d.text for d in documents if d.text.strip()}
    asked = [text for key, text in texts.items() if key not in known]
    prompt = len(settings.prompt) - len(DOCUMENT)
    characters = sum(prompt + min(len(text), settings.max_characters) for text in asked)
    return _cost(settings, len(asked), int(characters / _CHARACTERS_PER_TOKEN), len(asked))


def label(
    documents: Sequence[Sampled],
    settings: Labeller,
    data: Path,
    cache: Path,
    progress: Callable[[str], None],
) -> Labelled:
    """Ask about every document that is not answered yet; copies are asked about once.

    Raises Refused before the first request where a text may not go, Failed where the labeller does
    not answer at all.
    """
    if settings.endpoint:
        sources = {document.source for document in documents}
        may_send(settings.endpoint.url, settings.endpoint.send, sources)
    kept = Cache(cache, settings)
    open_texts = {content_key(d.text): d.text for d in documents if d.text.strip()}
    open_texts = {key: text for key, text in open_texts.items() if key not in kept.answers}
    progress(f"labelling, estimated: {estimate(documents, settings, cache)}")
    unanswered: dict[str, Answer] = {}
    new: list[Answer] = []
    for keys, answers in _asked(open_texts, settings, data):
        pairs = list(zip(keys, answers, strict=True))
        kept.keep(pairs)
        new += answers
        unanswered |= {key: answer for key, answer in pairs if answer.outcome == "unanswered"}
        last = new[-GIVE_UP:]
        if len(last) == GIVE_UP and all(answer.outcome == "unanswered" for answer in last):
            raise Failed(
                f"the labeller did not answer {GIVE_UP} documents in a row: {len(kept.answers)} "
                "answers are kept, run again when it does"
            )
    cost = _cost(
        settings, len(new), sum(a.input_tokens for a in new), sum(a.output_tokens for a in new)
    )
    progress(f"labelling, counted: {cost}")
    return Labelled([_answer(d, kept, unanswered) for d in documents], cost)


def _answer(document: Sampled, kept: Cache, unanswered: dict[str, Answer]) -> Answer:
    if not document.text.strip():
        return Answer("empty")
    key = content_key(document.text)
    return kept.answers.get(key) or unanswered[key]


def _asked(
    texts: dict[str, str], settings: Labeller, data: Path
) -> Iterator[tuple[list[str], list[Answer]]]:
    """Batches of keys and their answers, in the order given."""
    if not texts:
        return
    if settings.local:
        model = Model(settings, data)
        for keys in _batches(texts, BATCH):
            yield keys, model.ask([texts[key] for key in keys])
        return
    assert settings.endpoint is not None
    server = Server(settings)
    try:
        with ThreadPoolExecutor(settings.endpoint.concurrency) as threads:
            size = min(BATCH, max(GIVE_UP, settings.endpoint.concurrency))
            for keys in _batches(texts, size):
                asked = [(key, threads.submit(server.ask, texts[key])) for key in keys]
                wait([future for _, future in asked])
                # What was answered is kept before the one that ends the run does so.
                good = [(key, future) for key, future in asked if not future.exception()]
                yield [key for key, _ in good], [future.result() for _, future in good]
                for _, future in asked:
                    future.result()
    finally:
        server.close()


def _batches(keys: Iterable[str], size: int) -> Iterator[list[str]]:
    remaining = iter(keys)
    while batch := list(islice(remaining, size)):
        yield batch


def _cost(settings: Labeller, documents: int, inputs: int, outputs: int) -> Cost:
    endpoint = settings.endpoint
    if endpoint is None:
        return Cost(documents, inputs, outputs, 0.0, "")
    money = (
        inputs * endpoint.price_per_million_input + outputs * endpoint.price_per_million_output
    ) / 1e6
    return Cost(documents, inputs, outputs, money, endpoint.currency)
