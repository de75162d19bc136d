"""Failure modes: which defects the judge finds in each answer, and what changed between models.

A reply is a verdict on all modes or on none: of one that leaves a field out, nothing is believed.
Differences are paired on the queries where both models' answers have a verdict.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from evaluation.judge.answers import Answer
from evaluation.judge.pairwise import Ask
from evaluation.judge.prompts import modes_schema
from evaluation.judge.queries import Query
from evaluation.judge.rates import Change, Rate, change, rate
from evaluation.judge.settings import JudgeSettings
from evaluation.judge.verdicts import BAD, Outcome, verdict
from evaluation.language_model.prompts import render
from evaluation.language_model.replies import Question
from evaluation.statistics.families import adjust


class Examined(NamedTuple):
    """One answer."""

    model: str
    query: Query
    outcome: Outcome
    found: dict[str, bool]
    """by failure mode; empty where there is no verdict"""


class ModeRate(NamedTuple):
    model: str
    mode: str
    rate: Rate | None


class ModeChange(NamedTuple):
    earlier: str
    later: str
    mode: str
    change: Change | None
    p_adjusted: float = 1.0


def examine(
    queries: Sequence[Query],
    answers: Mapping[tuple[str, str], Answer],
    settings: JudgeSettings,
    ask: Ask,
) -> list[Examined]:
    if not settings.failure_modes:
        return []
    schema = modes_schema(settings.failure_modes)
    pairs = [(model, query) for model in settings.models for query in queries]
    questions = [
        Question(
            render(
                settings.by.modes_prompt, schema,
                query=query.text, context=query.context, response=answers[(model, query.id)].text,
            ),
            schema,
        )
        for model, query in pairs
    ]  # fmt: skip
    judged = [verdict(reply, schema) for reply in ask(questions)]
    return [
        Examined(model, query, one.outcome, one.fields)
        for (model, query), one in zip(pairs, judged, strict=True)
    ]


def mode_rates(examined: Sequence[Examined], settings: JudgeSettings) -> list[ModeRate]:
    found = []
    for model in settings.models:
        judged = [one for one in examined if one.model == model and one.outcome == "judged"]
        clusters = [one.query.cluster for one in judged]
        for mode in settings.failure_modes:
            values = [float(one.found[mode]) for one in judged]
            found.append(ModeRate(model, mode, rate(values, clusters, settings)))
    return found


def mode_changes(examined: Sequence[Examined], settings: JudgeSettings) -> list[ModeChange]:
    """p-values are adjusted over all modes of all pairs."""
    judged = {(one.model, one.query.id): one for one in examined if one.outcome == "judged"}
    found = []
    for earlier, later in settings.compared:
        both = [
            (judged[(earlier, item)], one)
            for (model, item), one in judged.items()
            if model == later and (earlier, item) in judged
        ]
        clusters = [new.query.cluster for _, new in both]
        for mode in settings.failure_modes:
            before = [float(old.found[mode]) for old, _ in both]
            after = [float(new.found[mode]) for _, new in both]
            moved = change(before, after, clusters, settings)
            found.append(ModeChange(earlier, later, mode, moved))
    sure = [n for n, one in enumerate(found) if one.change]
    p = adjust([one.change.p for one in found if one.change], settings.correction)
    for place, value in zip(sure, p.tolist(), strict=True):
        found[place] = found[place]._replace(p_adjusted=value)
    return found


def bad_replies(examined: Sequence[Examined]) -> dict[str, dict[str, int]]:
    """By model and outcome."""
    found: dict[str, Counter[str]] = {}
    for one in examined:
        if one.outcome in BAD:
            found.setdefault(one.model, Counter())[one.outcome] += 1
    return {model: dict(sorted(counts.items())) for model, counts in found.items()}
