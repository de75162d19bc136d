"""Multiple-choice questions made from documents: which words come next?

    context   the first 32 words of a document
    options   its next 16 words, and the 33rd to 48th words of other documents of the same corpus

What such a question measures: whether the model finds the true continuation likelier than passages
of other documents of the same kind. It rewards keeping topic, style and sentence going. It does not
measure knowledge, reasoning or clinical judgement, and its score cannot be set beside that of an
examination such as MedQA.

Nothing but the words gives the answer away. Every option is cut at the same two places of its own
document, so all have the same number of words and start and stop in mid-sentence alike. Longer
texts are less likely, so documents are sorted by the length of their continuation and dealt into
blocks of neighbours, and wrong options come from the block: each document of a block could be asked
about and each could be a wrong option, so no option is the odd one out (the nearest in length would
leave the true one in the middle). None occurs in the document itself, and the order comes from
hashes in which the true option is one text among others. A document gives one question at most,
because the interval of a mean assumes that answers are independent.

Draws are ranks of sha256 over the seed and the ids: the same on any machine and Python version.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from evaluation.settings import EvaluationError

CONTEXT_WORDS = 32
OPTION_WORDS = 16
BLOCK = 2
"""a block of neighbours has at least this many times the documents that one question needs"""


class Document(NamedTuple):
    id: str
    text: str


@dataclass(frozen=True)
class Question:
    document: str
    context: str
    options: tuple[str, ...]
    answer: int


class _Cut(NamedTuple):
    document: str
    text: str
    context: str
    continuation: str


def make_questions(
    documents: Iterable[Document], num_options: int, max_questions: int, seed: int
) -> list[Question]:
    """At most one question a document; what is too short or repeats another document gives none."""
    cuts = _cut(documents)
    if len(cuts) < num_options:
        needed = CONTEXT_WORDS + OPTION_WORDS
        raise EvaluationError(
            f"questions with {num_options} options need at least {num_options} different documents"
            f" of {needed} words or more, and the corpus has {len(cuts)}"
        )
    asked = sorted(cuts, key=lambda cut: _rank(seed, "question", cut.document))[:max_questions]
    chosen = {cut.document for cut in asked}
    made = [
        _question(cut, block, num_options, seed)
        for block in _blocks(cuts, num_options)
        for cut in block
        if cut.document in chosen
    ]
    return sorted(made, key=lambda question: question.document)


def _cut(documents: Iterable[Document]) -> list[_Cut]:
    cuts: dict[str, _Cut] = {}
    for document in sorted(documents):
        words = document.text.split()
        if len(words) < CONTEXT_WORDS + OPTION_WORDS:
            continue
        continuation = " ".join(words[CONTEXT_WORDS : CONTEXT_WORDS + OPTION_WORDS])
        context = " ".join(words[:CONTEXT_WORDS])
        cuts.setdefault(continuation, _Cut(document.id, " ".join(words), context, continuation))
    return list(cuts.values())


def _blocks(cuts: list[_Cut], num_options: int) -> list[list[_Cut]]:
    """Neighbours in length, in blocks of nearly equal size."""
    by_length = sorted(cuts, key=lambda cut: (len(cut.continuation.encode()), cut.continuation))
    num_blocks = max(1, len(cuts) // (BLOCK * num_options))
    edges = [len(cuts) * block // num_blocks for block in range(num_blocks + 1)]
    return [by_length[start:stop] for start, stop in pairwise(edges)]


def _question(cut: _Cut, block: list[_Cut], num_options: int, seed: int) -> Question:
    wrong = [other.continuation for other in block if other.continuation not in cut.text]
    if len(wrong) < num_options - 1:
        raise EvaluationError(
            f"document {cut.document!r} contains the continuations of other documents, so that"
            f" {num_options} different options cannot be found for it"
        )
    wrong.sort(key=lambda text: _rank(seed, "wrong", cut.document, text))
    options = [cut.continuation, *wrong[: num_options - 1]]
    options.sort(key=lambda text: _rank(seed, "place", cut.document, text))
    return Question(cut.document, cut.context, tuple(options), options.index(cut.continuation))


def _rank(seed: int, *parts: str) -> str:
    return hashlib.sha256("\x1f".join([str(seed), *parts]).encode()).hexdigest()
