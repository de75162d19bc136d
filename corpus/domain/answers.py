"""What a labeller said of a document, and what that is worth.

    labelled         one of the two answers: the only outcome with a label
    prose            anything else: an explanation, both answers, a third word
    refused          the model or its provider declined
    no probability   an answer whose probability the server keeps to itself, where one is required
    empty            nothing to judge: never sent
    unanswered       timeouts, 429 or 5xx until the last try: not kept, asked again by the next run

No label is ever made from silence: whatever is not exactly an answer has none.
"""

import math
import string
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from corpus.domain.settings import Labeller

Outcome = Literal["labelled", "prose", "refused", "no probability", "empty", "unanswered"]

_AROUND = string.whitespace + string.punctuation + "«»“”„‘’–—…▁Ġ"


@dataclass(frozen=True)
class Answer:
    outcome: Outcome
    label: bool | None = None
    """True: of the domain; None wherever the outcome is not `labelled`"""
    probability: float | None = None
    """of `label` being True, among the two answers"""
    mass: float | None = None
    """probability of the two answers together"""
    said: str = ""
    """the first words of what is no label"""
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True)
class TokenProbability:
    token: str
    log_probability: float


def judged(
    text: str, first: Iterable[TokenProbability], settings: Labeller, tokens: tuple[int, int]
) -> Answer:
    """From what was said and, where the server tells, the likeliest first tokens."""
    said = spoken(text)
    words = {settings.positive.casefold(): True, settings.negative.casefold(): False}
    weights = {True: 0.0, False: 0.0}
    total = 0.0
    for one in first:
        total += math.exp(one.log_probability)
        if (word := spoken(one.token)) in words:
            weights[words[word]] += math.exp(one.log_probability)
    mass = min(1.0, weights[True] + weights[False])
    if said not in words or (total and mass < max(settings.least_mass, 1e-6)):
        return Answer("prose", None, None, mass if total else None, text.strip()[:80], *tokens)
    if total:
        return Answer(
            "labelled", words[said], weights[True] / sum(weights.values()), mass, "", *tokens
        )
    if settings.probability == "required":
        return Answer("no probability", None, None, None, said, *tokens)
    return Answer("labelled", words[said], None, None, "", *tokens)


def spoken(text: str) -> str:
    """An answer without case, spaces and the marks around it."""
    return text.strip(_AROUND).casefold()
