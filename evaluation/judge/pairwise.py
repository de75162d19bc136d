"""Win-rates: every pair of answers is shown in both orders, and a query counts once.

    for the later model    wins   both orders name it: 1      loses: 0
                           ties, or the orders disagree (flipped): in between

A query with a bad answer in either order is in no rate; it is counted, and `if_lost` and `if_won`
say where the rate would be had all of them gone one way. Two answers of the same text are a tie
that costs nothing.

    position   how much more often the answer shown first wins: 0 for a judge that does not care,
               0.5 for one that always says A. Such a judge decides nothing, so there is no rate.
    length     the same for the longer answer; a judge may rightly prefer it, so it is shown

A judge that follows the position with probability b, and its judgement otherwise, has a position
bias of b/2 and pulls every win-rate towards 0.5 by the factor 1 − b: rates of a biased judge are
too small, not on the wrong side. Zheng et al. 2023 (arXiv 2306.05685) name both biases; asking in
both orders is theirs too.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from evaluation.judge.answers import Answer
from evaluation.judge.prompts import PAIR_SCHEMA
from evaluation.judge.queries import Query
from evaluation.judge.rates import Rate, rate
from evaluation.judge.settings import JudgeSettings
from evaluation.judge.verdicts import BAD, Outcome, Verdict, verdict
from evaluation.language_model.prompts import render
from evaluation.language_model.replies import Question, Reply
from evaluation.statistics.families import adjust

Ask = Callable[[Sequence[Question]], Sequence[Reply]]


class Shown(NamedTuple):
    """One order of one pair of answers, and what the judge made of it."""

    earlier: str
    later: str
    item: str
    later_first: bool
    """whether the later model's answer was A"""
    outcome: Outcome
    winner: str
    """A, B or 0; empty where there is no verdict"""
    reasoning: str

    @property
    def score(self) -> float:
        """Of the later model."""
        if self.winner not in ("A", "B"):
            return 0.5
        return float((self.winner == "A") == self.later_first)


class Comparison(NamedTuple):
    """One query, both orders."""

    query: Query
    orders: tuple[Shown, Shown]
    longer: int
    """1 where the later model's answer is longer, -1 where it is shorter, 0"""

    @property
    def valid(self) -> bool:
        return all(shown.outcome not in BAD for shown in self.orders)

    @property
    def asked(self) -> bool:
        return self.valid and self.orders[0].outcome != "identical"

    @property
    def score(self) -> float:
        return sum(shown.score for shown in self.orders) / 2

    @property
    def verdict(self) -> str:
        """later, earlier, tie or flipped; bad where an order has no verdict."""
        if not self.valid:
            return "bad"
        scores = [shown.score for shown in self.orders]
        if scores[0] == scores[1]:
            return {1.0: "later", 0.0: "earlier", 0.5: "tie"}[scores[0]]
        return "flipped"


class WinRate(NamedTuple):
    """Of the later model against the earlier one."""

    earlier: str
    later: str
    rate: Rate | None
    """None where nothing was decided: too few verdicts, or all followed the position"""
    p_adjusted: float
    counts: dict[str, int]
    """queries by verdict: later, earlier, tie, flipped, bad; `identical` are among the ties"""
    bad: dict[str, int]
    """orders without a verdict, by outcome"""
    if_lost: float
    if_won: float
    """the rate had every bad query been lost or won"""
    position: Rate | None
    """minus 0.5 is the bias"""
    length: Rate | None


def compare(
    queries: Sequence[Query],
    answers: Mapping[tuple[str, str], Answer],
    settings: JudgeSettings,
    ask: Ask,
) -> list[Comparison]:
    """`answers` by (model, item)."""
    pairs = [
        (query, answers[(earlier, query.id)], answers[(later, query.id)])
        for earlier, later in settings.compared
        for query in queries
    ]
    shown = [
        (query, (new, old) if later_first else (old, new))
        for query, old, new in pairs
        if old.text != new.text
        for later_first in (False, True)
    ]
    replies = iter(ask([_question(query, a.text, b.text, settings) for query, (a, b) in shown]))
    return [_comparison(query, old, new, replies) for query, old, new in pairs]


def win_rates(comparisons: Sequence[Comparison], settings: JudgeSettings) -> list[WinRate]:
    """One a pair; p-values are adjusted over all of them."""
    found = []
    for earlier, later in settings.compared:
        of_pair = [
            c for c in comparisons if (c.orders[0].earlier, c.orders[0].later) == (earlier, later)
        ]
        found.append(_win_rate(earlier, later, of_pair, settings))
    decided = [n for n, each in enumerate(found) if each.rate]
    p = adjust([each.rate.p for each in found if each.rate], settings.correction)
    for place, value in zip(decided, p.tolist(), strict=True):
        found[place] = found[place]._replace(p_adjusted=value)
    return found


def position_bias(comparisons: Sequence[Comparison], settings: JudgeSettings) -> Rate | None:
    """How often the answer shown first wins, ties as half; queries of all pairs together."""
    asked = [c for c in comparisons if c.asked]
    first = [(c.orders[1].score + 1 - c.orders[0].score) / 2 for c in asked]
    return rate(first, [c.query.cluster for c in asked], settings)


def length_bias(comparisons: Sequence[Comparison], settings: JudgeSettings) -> Rate | None:
    """How often the longer answer wins, ties as half."""
    asked = [c for c in comparisons if c.asked and c.longer]
    longer = [c.score if c.longer > 0 else 1 - c.score for c in asked]
    return rate(longer, [c.query.cluster for c in asked], settings)


def _question(query: Query, a: str, b: str, settings: JudgeSettings) -> Question:
    messages = render(
        settings.by.pair_prompt, PAIR_SCHEMA,
        query=query.text, context=query.context, response_a=a, response_b=b,
    )  # fmt: skip
    return Question(messages, PAIR_SCHEMA)


def _comparison(query: Query, old: Answer, new: Answer, replies: Iterator[Reply]) -> Comparison:
    longer = (len(new.text) > len(old.text)) - (len(new.text) < len(old.text))
    orders = []
    for later_first in (False, True):
        if old.text == new.text:
            found = Verdict("identical", {"winner": "0", "reasoning": ""})
        else:
            found = verdict(next(replies), PAIR_SCHEMA)
        orders.append(
            Shown(
                old.model, new.model, query.id, later_first, found.outcome,
                found.fields.get("winner", ""), found.fields.get("reasoning", ""),
            )
        )  # fmt: skip
    return Comparison(query, (orders[0], orders[1]), longer)


def _win_rate(
    earlier: str, later: str, comparisons: Sequence[Comparison], settings: JudgeSettings
) -> WinRate:
    valid = [c for c in comparisons if c.valid]
    counts = Counter(c.verdict for c in comparisons)
    bad = Counter(s.outcome for c in comparisons for s in c.orders if s.outcome in BAD)
    decided = len(valid) > counts["flipped"]
    total = sum(c.score for c in valid)
    return WinRate(
        earlier,
        later,
        rate([c.score for c in valid], [c.query.cluster for c in valid], settings)
        if decided
        else None,
        1.0,
        {name: counts[name] for name in ("later", "earlier", "tie", "flipped", "bad")}
        | {"identical": sum(c.orders[0].outcome == "identical" for c in comparisons)},
        dict(sorted(bad.items())),
        total / len(comparisons),
        (total + counts["bad"]) / len(comparisons),
        position_bias(comparisons, settings),
        length_bias(comparisons, settings),
    )
